"""Figures for managers: a range of time, what the hub says of it, and how it is drawn."""
