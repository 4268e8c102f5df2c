"""How fast and how cheaply events reach monitors: `python -m bench.delivery latency`."""
