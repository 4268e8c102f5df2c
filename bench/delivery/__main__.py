"""`python -m bench.delivery QUESTION`: each prints a markdown table. It starts its own Redis.

latency: commit in Redis → monitor. submit: HTTP submit → monitor. traffic: bytes a minute, beside polling.
storm: a thousand monitors that come back at once.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time

from bench.delivery import latency, storm, submit, traffic
from hub.config import load_settings
from hub.embedded import acquire


def main() -> None:
    """Answer one question."""
    given = _parser().parse_args()
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{platform.node()}, {os.cpu_count()} cores, Python {platform.python_version()}", end=", "
    )
    print(f"{time.strftime('%Y-%m-%d')}, load before {load}\n", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        acquire(load_settings({}, {"data_dir": directory})) as server,
    ):
        print("\n" + _answer(given, server.url))


def _answer(given: argparse.Namespace, redis_url: str) -> str:
    match given.question:
        case "latency":
            return latency.measure(
                redis_url, given.monitors, given.rates, given.seconds, given.servers
            )
        case "submit":
            return submit.measure(redis_url, given.monitors, given.rate, given.seconds)
        case "traffic":
            return traffic.measure(redis_url, given.loads, given.seconds, given.rate)
        case _:
            return storm.measure(redis_url, given.monitors)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    questions = parser.add_subparsers(dest="question", required=True)
    asked = questions.add_parser("latency", help="commit in Redis → monitor, beside references")
    asked.add_argument("--monitors", type=int, nargs="+", default=[1, 50])
    asked.add_argument("--rates", type=int, nargs="+", default=[100, 1_000])
    asked.add_argument("--seconds", type=float, default=2.0)
    servers = latency.SERVERS
    asked.add_argument("--servers", nargs="+", choices=servers, default=list(servers))
    asked = questions.add_parser("submit", help="HTTP submit → monitor")
    asked.add_argument("--monitors", type=int, default=10)
    asked.add_argument("--rate", type=int, default=100)
    asked.add_argument("--seconds", type=float, default=10.0)
    asked = questions.add_parser("traffic", help="bytes a minute of a monitor, beside polling")
    asked.add_argument("--loads", nargs="+", choices=list(traffic.BARS), default=list(traffic.BARS))
    asked.add_argument("--seconds", type=float, default=15.0, help="a load")
    asked.add_argument("--rate", type=int, default=500, help="jobs/s of the heavy load")
    asked = questions.add_parser("storm", help="many monitors reconnect at once")
    asked.add_argument("--monitors", type=int, default=1_000)
    return parser


if __name__ == "__main__":
    main()
