"""What /metrics tells Prometheus: counters of this hub, the state in its copy of the log, the totals.

A scrape costs the same at any load: of Redis it reads one hash of bounded size (hub.totals), of which the
last one known serves during an outage. Delivery, sockets and the log are of this hub, and their counters
start with the process. What is said of jobs and workers is the same from every hub: take one, or the maximum.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from hub.event_broadcaster import EventBroadcaster
from hub.event_log import COUNT_NAMES
from hub.maintenance import STEPS
from hub.monitor_meter import LAG_BOUNDS_S
from hub.replicator import Replicator
from hub.totals import Totals

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_QUEUES_MAX: Final = 100  # label values; longer queues first
_GAUGES: Final = ("scheduled", "pending", "assigned", "in_progress")

Sockets = Callable[[], dict[str, int]]


class _Queue(msgspec.Struct):
    job_type: str
    pending: int = 0


class _Stats(msgspec.Struct):
    """What is told each second while anything changes, as far as it is shown here."""

    timestamp: int
    workers: int = 0
    busy: float = 0.0
    offered: float = 0.0
    oldest_pending_at: int | None = None
    queues: list[_Queue] = []


class Exposition:
    """Writes the metrics of one hub.

    Args: sockets: open connections by kind. failures: of maintenance, by step.
    """

    def __init__(
        self,
        broadcaster: EventBroadcaster,
        replicator: Replicator,
        sockets: Sockets,
        totals: Totals,
        failures: Mapping[str, int],
    ) -> None:
        self._broadcaster = broadcaster
        self._replicator = replicator
        self._sockets = sockets
        self._totals = totals
        self._failures = failures
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def write(self) -> bytes:
        """Write everything in the text format of Prometheus."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Gather every metric; called by the registry."""
        yield from self._delivery()
        yield from self._log()
        yield from self._maintenance()
        yield from self._connections()
        yield from self._jobs()
        yield from self._fleet()
        yield from self._totals.families()

    def _delivery(self) -> Iterator[Metric]:
        meter = self._broadcaster.meter
        bounds = [*(str(bound) for bound in LAG_BOUNDS_S), "+Inf"]
        yield HistogramMetricFamily(
            "jobhub_delivery_lag_seconds",
            "From the commit of an event in Redis to its hand-over to the sockets of monitors.",
            buckets=list(zip(bounds, accumulate(meter.lag_counts), strict=True)),
            sum_value=meter.lag_sum_s,
        )
        for name, value, text in (
            ("snapshots", meter.snapshots, "Full states sent to monitors."),
            ("resumes", meter.resumes, "Monitors that went on from where they were."),
            ("resyncs", meter.resyncs, "Monitors begun anew because they were too far behind."),
            ("slow_closes", meter.slow_closes, "Monitors closed because they took nothing (4008)."),
        ):
            yield CounterMetricFamily(f"jobhub_monitor_{name}", text, value=value)

    def _log(self) -> Iterator[Metric]:
        replicator = self._replicator
        yield CounterMetricFamily(
            "jobhub_log_repairs", "Gaps of pub/sub filled from the stream.", replicator.repairs
        )
        yield CounterMetricFamily(
            "jobhub_log_restarts",
            "Copies of the event log begun anew: a new epoch, or a log cut too short.",
            replicator.restarts,
        )
        yield CounterMetricFamily(
            "jobhub_log_subscriptions",
            "Subscriptions to the event log: one, and one more each time it was cut.",
            replicator.subscriptions,
        )
        yield GaugeMetricFamily(
            "jobhub_log_connected",
            "Whether the event log of Redis is followed at this moment.",
            int(replicator.connected),
        )
        yield GaugeMetricFamily("jobhub_log_seq", "The last event of the epoch.", replicator.seq)

    def _maintenance(self) -> Iterator[Metric]:
        failures = CounterMetricFamily(
            "jobhub_maintenance_failures",
            "Steps of maintenance that failed; the other steps were done.",
            labels=["step"],
        )
        for step in STEPS:
            failures.add_metric([step], self._failures.get(step, 0))
        yield failures

    def _connections(self) -> Iterator[Metric]:
        sockets = GaugeMetricFamily("jobhub_open_sockets", "Open WebSockets.", labels=["kind"])
        for kind, count in self._sockets().items():
            sockets.add_metric([kind], count)
        yield sockets
        yield GaugeMetricFamily(
            "jobhub_threads",
            "Threads of this process, each a greenlet: the hub's own, and one a socket that is behind.",
            threading.active_count(),
        )
        monitors = GaugeMetricFamily(
            "jobhub_monitors", "Subscribed monitors, by how they are served.", labels=["transport"]
        )
        monitors.add_metric(["events"], self._broadcaster.monitors)
        monitors.add_metric(["polling"], len(self._broadcaster.polling))
        yield monitors

    def _jobs(self) -> Iterator[Metric]:
        counts = dict(zip(COUNT_NAMES, self._replicator.counts, strict=True))
        jobs = GaugeMetricFamily("jobhub_jobs", "Jobs that are not finished.", labels=["status"])
        for status in _GAUGES:
            jobs.add_metric([status], counts[status])
        yield jobs
        yield GaugeMetricFamily(
            "jobhub_jobs_kept", "Finished jobs that can still be read.", counts["kept"]
        )

    def _fleet(self) -> Iterator[Metric]:
        raw = self._broadcaster.meter.last_stats
        if raw is None:
            return
        stats = msgspec.json.decode(raw, type=_Stats)
        yield GaugeMetricFamily("jobhub_workers", "Connected workers.", stats.workers)
        slots = GaugeMetricFamily(
            "jobhub_worker_slots", "Slots of connected workers, mean of a second.", labels=["state"]
        )
        slots.add_metric(["busy"], stats.busy)
        slots.add_metric(["offered"], stats.offered)
        yield slots
        depth = GaugeMetricFamily("jobhub_queue_depth", "Pending jobs a type.", labels=["job_type"])
        longest = sorted(stats.queues, key=lambda queue: -queue.pending)[:_QUEUES_MAX]
        for queue in longest:
            depth.add_metric([queue.job_type], queue.pending)
        yield depth
        if stats.oldest_pending_at is not None:
            yield GaugeMetricFamily(
                "jobhub_oldest_pending_age_seconds",
                "How long the oldest pending job had waited when it was last told.",
                (stats.timestamp - stats.oldest_pending_at) / 1_000,
            )
