"""The systems that are compared: how each one's workers are started."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PACKAGES: Final = (
    "dramatiq>=2.2,<3",
    "huey>=3.5,<4",
    "celery>=5.7,<6",
    "packaging>=24",  # kombu imports it and does not say so
    "saq>=0.26,<1",
    "taskiq>=0.13,<1",
    "taskiq-redis>=1.2,<2",
    "redis>=8,<9",
    "hiredis>=3.2,<4",
    "orjson>=3.11,<4",
    "uvloop>=0.22,<1",
)
_PEERS: Final = "bench.throughput.peers"


@dataclass(frozen=True)
class Peer:
    """A queue with the commands of its workers; a command's first word is looked up in the peers' bin."""

    name: str
    system: str  # MODULE:CLASS, for the driver
    workers: tuple[tuple[str, ...], ...]
    environ: Mapping[str, str] = field(default_factory=dict)


def _celery(*flags: str) -> tuple[tuple[str, ...], ...]:
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")
    return tuple(
        (
            "celery",
            "-A",
            f"{_PEERS}.celery_peer",
            "worker",
            "-P",
            "solo",
            "-n",
            f"w{n}",
            *quiet,
            *flags,
        )
        for n in (1, 2)
    )


PEERS: Final = (
    Peer(
        "Dramatiq",
        f"{_PEERS}.dramatiq_peer:Dramatiq",
        (("dramatiq", f"{_PEERS}.dramatiq_peer", "-p", "2", "-t", "4"),),
        {"dramatiq_queue_prefetch": "200", "dramatiq_worker_timeout": "10"},
    ),
    Peer(
        "Huey",
        f"{_PEERS}.huey_peer:Huey",
        (("huey_consumer", f"{_PEERS}.huey_peer.huey", "-k", "process", "-w", "2", "-n"),),
    ),
    Peer("Celery", f"{_PEERS}.celery_peer:Celery", _celery()),
    Peer("Celery with events", f"{_PEERS}.celery_peer:Celery", _celery("-E")),
    Peer(
        "SAQ",
        f"{_PEERS}.saq_peer:Saq",
        (("saq", f"{_PEERS}.saq_peer.settings", "--workers", "2"),),
    ),
    Peer(
        "taskiq",
        f"{_PEERS}.taskiq_peer:Taskiq",
        (("taskiq", "worker", "-w", "2", f"{_PEERS}.taskiq_peer:broker"),),
    ),
)
JOBHUB_SYSTEM: Final = "bench.throughput.jobhub_system:Jobhub"
PYTHON: Final = sys.executable
