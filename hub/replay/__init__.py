"""Replays a recorded workload: the jobs of a trace, submitted and done as fast as they really came.

    trace (file → rows) ─▶ player (submits, cancels) ─▶ hub ─▶ worker processes (run for the recorded time)
                               └────── tally (how each job ended, by the hub's events) ◀──────┘

Everything goes through the SDK, as any program of a user would.
"""
