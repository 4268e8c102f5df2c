"""`python -m bench.delivery QUESTION`: each prints a markdown table. It starts its own Redis."""

from __future__ import annotations

import argparse
import platform
import tempfile
import time

from bench.delivery.latency import measure
from hub.config import load_settings
from hub.embedded import acquire


def main() -> None:
    """Answer one question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question", choices=("latency",))
    parser.add_argument("--monitors", type=int, nargs="+", default=[1, 50, 200, 1_000])
    parser.add_argument("--rates", type=int, nargs="+", default=[100, 1_000])
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    print(f"{platform.node()}, {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        acquire(load_settings({}, {"data_dir": directory})) as server,
    ):
        print(measure(server.url, given.monitors, given.rates, given.seconds))


if __name__ == "__main__":
    main()
