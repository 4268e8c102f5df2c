"""Reads the compact form of docs/protocol.md back into whole events, as plainly as it can be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Record = dict[str, Any]

_SAID_EACH_TIME: Final = ("progress",)


class UnknownRecord(Exception):
    """A change of a job that the monitor does not show."""


def whole_event(
    event: Mapping[str, Any], job: Callable[[str], Record | None], workers: Mapping[str, Record]
) -> Mapping[str, Any] | None:
    """Give an event its record back; None for a worker that is not shown.

    Raises: UnknownRecord.
    """
    if "change" not in event:
        return event
    if "job_id" in event:
        known = job(event["job_id"])
        if known is None:
            raise UnknownRecord(event["job_id"])
        return {**event, "job": changed(known, event), "old_status": known["status"]}
    worker = workers.get(event["worker_id"])
    if worker is None:
        return None
    return {**event, "worker": changed(worker, event), "old_status": worker["status"]}


def changed(known: Record, event: Mapping[str, Any]) -> Record:
    """The record after the event's change."""
    change = event["change"]
    record = {name: value for name, value in known.items() if name not in _SAID_EACH_TIME}
    record |= {"status": event["new_status"], **change}
    ids = change.get("job_ids")
    if isinstance(ids, dict):
        kept = [job_id for job_id in known["job_ids"] if job_id not in ids.get("gone", ())]
        record["job_ids"] = kept + ids.get("come", [])
    return {name: value for name, value in record.items() if value is not None}


def progress_events(message: Mapping[str, Any]) -> Iterator[Record]:
    """The rows of progress as events."""
    for job_id, rev, percent, age_ms, *more in message.get("progress", ()):
        event = {"type": "job_progress", "job_id": job_id, "rev": rev, "percent": percent}
        event["timestamp"] = message["at"] - age_ms
        for extra in more:
            event |= extra
        yield event
