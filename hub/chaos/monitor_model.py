"""A reference monitor: checks the chain, folds every frame, and says where it differs from a snapshot.

The rules are those of docs/protocol.md, written as plainly as they can be: it is compared with Redis at
its seq, so a rule that is wrong here or in the hub shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from hub.chaos.compact_reader import progress_events, whole_event

LISTS: Final = ("pending", "scheduled", "active", "completed", "failed", "cancelled")
WINDOWS: Final = {"active": 500}
WINDOW: Final = 100
_LIST_OF: Final = {"assigned": "active", "in_progress": "active"}
_FULL: Final = 0.9  # of the rows: a hub may leave out the rest for long
_FINAL: Final = ("completed", "failed", "cancelled")

Record = dict[str, Any]


class BrokenChain(Exception):
    """A frame does not continue where the one before ended."""


class MonitorModel:
    """What a monitor shows. `filters` as in `subscribe`."""

    def __init__(self, filters: Mapping[str, Any] | None = None) -> None:
        self.filters = dict(filters or {})
        self.epoch = ""
        self.seq = -1
        self.rows: dict[str, list[Record]] = {name: [] for name in LISTS}
        self.truncated: dict[str, bool] = dict.fromkeys(LISTS, False)
        self.filled = dict.fromkeys(LISTS, 0)  # rows that each list had when it was last full
        self.workers: dict[str, Record] = {}
        self.queues: dict[str, Record] = {}
        self.counts: dict[str, int] = {}
        self.counts_seq = -1
        self.heard: Counter[str] = Counter()

    def fold(self, message: Mapping[str, Any]) -> None:
        """Take one message of the hub.

        Raises: BrokenChain: something is missing; nothing was changed.
                UnknownRecord: a change of what is not shown; only a snapshot puts that right.
        """
        self.heard[message["type"]] += 1
        match message["type"]:
            case "full_state_snapshot":
                self._begin(message)
            case "resumed":
                self._check(message["epoch"], message["seq"])
            case "events":
                self._check(message.get("epoch", self.epoch), message["prev"])
                self._follow(message)
            case "window":
                self._check(message["epoch"], message["prev"])
                self._replace(message["list"], message["rows"], message["truncated"])
                self.seq = message["seq"]
            case _:
                pass

    @property
    def place(self) -> dict[str, Any]:
        """Where it goes on from, as in `resume` and `resync_request`."""
        short = [
            name
            for name, rows in self.rows.items()
            if self.truncated[name] and len(rows) < WINDOWS.get(name, WINDOW)
        ]
        return {"epoch": self.epoch, "seq": self.seq, "short": short}

    @property
    def hollow(self) -> bool:
        """Whether a truncated list lost so many rows that a hub should send them again within seconds."""
        return any(
            self.truncated[name] and len(rows) < _FULL * self.filled[name]
            for name, rows in self.rows.items()
        )

    def differences(self, snapshot: Mapping[str, Any], *, settled: bool = False) -> list[str]:
        """Say where this differs from the hub's snapshot at the same seq.

        Args: settled: nothing has happened for a while, so no progress is late and no list has a hole.
        """
        data = snapshot["data"]
        found = []
        if (self.epoch, self.seq) != (snapshot["epoch"], snapshot["seq"]):
            return [f"at {self.epoch}/{self.seq}, not {snapshot['epoch']}/{snapshot['seq']}"]
        for name in LISTS:
            found += self._compare_list(name, data["jobs"][name], settled)
        if self.counts != data["counts"]:
            found.append(f"counts {self.counts}, not {data['counts']}")
        for worker in data["workers"]:
            if self._shows_worker(worker["worker_id"]):
                known = self.workers.get(worker["worker_id"])
                if _steady(known) != _steady(worker):
                    found.append(f"worker {known}, not {worker}")
        for queue in data["queues"]:
            known = self.queues.get(queue["job_type"])
            if known is not None and known["paused"] != queue["paused"]:
                found.append(f"queue {known}, not {queue}")
        return found

    def _compare_list(self, name: str, true: Mapping[str, Any], settled: bool) -> list[str]:
        """A list is a head of the true one; without `truncated` it is the whole."""
        wanted = [row for row in true["rows"] if self._matches(row)]
        shown = self.rows[name]
        heads = wanted[: len(shown)]
        known_all = not true["truncated"]
        if len(shown) > len(wanted) and not known_all:
            shown = shown[: len(wanted)]  # what is behind the snapshot's window cannot be compared
        found = [
            f"{name}[{place}] {row}, not {right}"
            for place, (row, right) in enumerate(zip(shown, heads, strict=False))
            if (row != right if settled else _steady(row) != _steady(right))
        ]
        if settled and len(shown) < min(len(wanted), WINDOWS.get(name, WINDOW)):
            found.append(f"{name} has a hole: {len(shown)} rows of {len(wanted)}")
        if len(shown) > len(wanted):
            found.append(f"{name} shows {len(shown)} rows of {len(wanted)}")
        if not self.truncated[name] and len(shown) < len(wanted):
            found.append(f"{name} shows {len(shown)} rows of {len(wanted)} and calls it all")
        return found[:3]

    # --- Folding ------------------------------------------------------------------------------

    def _follow(self, message: Mapping[str, Any]) -> None:
        self.seq = message["seq"]
        for event in message.get("events", ()):
            whole = whole_event(event, self._find, self.workers)
            if whole is not None:
                self._move(whole)
        for event in progress_events(message):
            self._progress(event)
        lists = message.get("lists", {})
        for name in lists:  # a job may have gone from one of them to another
            self._replace(name, [], True)
        for name, rows in lists.items():
            self._replace(name, rows["rows"], rows["truncated"])
        if "counts" in message:
            known = {} if "epoch" in message else self.counts  # the compact form: what changed
            self.counts, self.counts_seq = {**known, **message["counts"]}, self.seq

    def _find(self, job_id: str) -> Record | None:
        for rows in self.rows.values():
            for row in rows:
                if row["job_id"] == job_id:
                    return row
        return None

    def _check(self, epoch: str, prev: int) -> None:
        if (epoch, prev) != (self.epoch, self.seq):
            raise BrokenChain(f"{epoch}/{prev} after {self.epoch}/{self.seq}")

    def _begin(self, message: Mapping[str, Any]) -> None:
        data = message["data"]
        self.epoch, self.seq = message["epoch"], message["seq"]
        for name in LISTS:
            self._replace(name, data["jobs"][name]["rows"], data["jobs"][name]["truncated"])
        self.workers = {row["worker_id"]: row for row in data["workers"]}
        self.queues = {row["job_type"]: row for row in data["queues"]}
        self.counts, self.counts_seq = data["counts"], self.seq

    def _replace(self, name: str, rows: list[Record], truncated: bool) -> None:
        new = {row["job_id"] for row in rows}
        for other in LISTS:
            self.rows[other] = [row for row in self.rows[other] if row["job_id"] not in new]
        self.rows[name] = sorted(rows, key=lambda row: sort_key(name, row))
        self.truncated[name], self.filled[name] = truncated, len(rows)

    def _move(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "job_progress":
            self._progress(event)
        elif "job" in event:
            self._put(event["job"], event["new_status"])
        elif "worker" in event:
            if self._shows_worker(event["worker_id"]):
                self.workers[event["worker_id"]] = event["worker"]
        elif event["type"] == "system_stats" and event["seq"] > self.seq:
            self.counts = {**dict.fromkeys(self.counts, 0), **event["counts"]}
        elif event["type"] == "queue_changed":
            self.queues[event["job_type"]] = dict(event)

    def _progress(self, event: Mapping[str, Any]) -> None:
        for row in self.rows["active"]:
            if row["job_id"] == event["job_id"] and row["rev"] < event["rev"]:
                row["rev"] = event["rev"]
                row["progress"] = {"percent": event["percent"], "updated_at": event["timestamp"]}

    def _put(self, job: Record, status: str | None) -> None:
        for name in LISTS:
            kept = [row for row in self.rows[name] if row["job_id"] != job["job_id"]]
            if len(kept) < len(self.rows[name]):
                self.rows[name] = kept
        if status is None or not self._matches(job):
            return
        name = _LIST_OF.get(status, status)
        rows, key = self.rows[name], sort_key(name, job)
        place = sum(1 for row in rows if sort_key(name, row) < key)
        if self.truncated[name] and place == len(rows):
            return
        rows.insert(place, job)
        if len(rows) > WINDOWS.get(name, WINDOW):
            rows.pop()
            self.truncated[name], self.filled[name] = True, len(rows)

    def _matches(self, job: Record) -> bool:
        types, workers = self.filters.get("job_types"), self.filters.get("worker_ids")
        low, high = self.filters.get("priority_range") or (0, 100)
        return (
            (types is None or job["job_type"] in types)
            and (workers is None or job.get("worker_id") in workers)
            and low <= job["priority"] <= high
        )

    def _shows_worker(self, worker_id: str) -> bool:
        workers = self.filters.get("worker_ids")
        return workers is None or worker_id in workers


def sort_key(name: str, job: Record) -> tuple[Any, ...]:
    """Where a job stands in a list: the order of Redis."""
    if name == "pending":
        return (-job["priority"], job["order_key"], job["job_id"])
    if name in _FINAL:
        return (-job["finished_at"], tuple(-ord(letter) for letter in job["job_id"]))
    return (job["run_at"] if name == "scheduled" else job["assigned_at"], job["job_id"])


def _steady(record: Record | None) -> Record | None:
    """The record without what may be late (progress) or changes without an event (heartbeats)."""
    if record is None:
        return None
    running = record.get("status") == "in_progress"
    late = ("progress", "rev") if running else ()
    return {
        name: value
        for name, value in record.items()
        if name not in late and name != "last_heartbeat_at"
    }
