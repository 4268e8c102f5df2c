"""Proof of delivery under failures: monitors, a load and a saboteur; `jobhub chaos` and a test run it."""
