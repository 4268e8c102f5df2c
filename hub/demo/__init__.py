"""A made-up company for `jobhub up --demo`: its job types, its workers and its day.

Only there to make every graph move; it uses the SDK as any program of a user would.
"""
