"""Jobhub's hub: takes jobs, hands them to workers, and tells every change as an event."""
