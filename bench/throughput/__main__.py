"""Compare every system on one Redis server and print a markdown table; or vary Jobhub alone.

python -m bench.throughput [--only Huey,Jobhub] [--jobs 10000] [--rounds 3]
python -m bench.throughput --series
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from bench.throughput.report import (
    print_comparison,
    print_series,
    print_surroundings,
    table_row,
)
from bench.throughput.runs import Options, Results, Runner
from bench.throughput.series import run_series
from bench.throughput.surroundings import ensure_peers, program_version, redis_server
from bench.throughput.systems import PEERS

_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run the systems that were chosen, or the series, one after another."""
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # what was started is ended on the way out
    options, chosen, series = _read_options()
    print_surroundings(program_version())
    if series:
        print_series({name: _shown(name, result) for name, result in run_series(options, _ROOT)})
    else:
        print_comparison(_compare(options, chosen))


def _compare(options: Options, chosen: set[str]) -> dict[str, Results]:
    peers_bin = ensure_peers(options.venv) if chosen - {"Jobhub"} else options.venv
    results: dict[str, Results] = {}
    with redis_server(options.fsync) as server:
        runner = Runner(options, server, peers_bin, _ROOT)
        for peer in PEERS:
            if peer.name in chosen:
                results[peer.name] = _shown(peer.name, runner.run_peer(peer))
        if "Jobhub" in chosen:
            results["Jobhub"] = _shown("Jobhub", runner.run_jobhub())
    return results


def _shown(name: str, result: Results) -> Results:
    """Show a system's row at once: the whole takes minutes, and may be cut short."""
    print(table_row(name, result), file=sys.stderr)
    return result


def _read_options() -> tuple[Options, set[str], bool]:
    names = [peer.name for peer in PEERS] + ["Jobhub"]
    parser = argparse.ArgumentParser(prog="python -m bench.throughput", description=__doc__)
    parser.add_argument("--only", default=",".join(names), help="names, with commas between")
    parser.add_argument("--jobs", type=int, default=10_000, help="of a backlog")
    parser.add_argument("--rounds", type=int, default=3, help="backlogs; medians are shown")
    parser.add_argument("--payload-bytes", type=int, default=10)
    parser.add_argument("--stamps", type=int, default=500, help="jobs for pick-up; 0 leaves it out")
    parser.add_argument("--hubs", type=int, default=1, help="hub processes of Jobhub")
    parser.add_argument(
        "--fsync", choices=("no", "everysec", "always"), default="no", help="of Redis' log"
    )
    parser.add_argument(
        "--series",
        action="store_true",
        help="Jobhub alone: payloads, two hubs, an append-only file",
    )
    parser.add_argument(
        "--venv", type=Path, default=_ROOT / ".venv-peers", help="where the peers are installed"
    )
    given = parser.parse_args()
    chosen = set(given.only.split(","))
    if unknown := chosen - set(names):
        parser.error(f"no system {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return (
        Options(
            jobs=given.jobs,
            rounds=given.rounds,
            payload_bytes=given.payload_bytes,
            stamps=given.stamps,
            hubs=given.hubs,
            fsync=given.fsync,
            venv=given.venv,
        ),
        chosen,
        given.series,
    )


if __name__ == "__main__":
    main()
