"""What the Submit page asks beyond /hub/jobs: which workers would take a job, and a batch checked as a whole.

A batch with an item that the hub would not even read is refused before anything is submitted, with
the error of every such item; the hub itself would name the first one only.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from flask import Flask, Response, request
from msgspec import Meta

from dashboard.hub_client import HubApi
from dashboard.job_routes import JOBS_PATH, envelope, pass_on
from hub import limits
from hub.decoding import decode
from hub.errors import JobhubError
from hub.matching import Lane, Profile, make_lane, misfits, why_unworkable
from hub.messages import Id, Inbound, Requirements, SubmitRequest
from hub.records import Worker
from hub.submission import new_job

MATCH_PATH: Final = "/hub/match"
_WORKERS_MAX: Final = 500  # as many as a snapshot shows


class MatchRequest(Inbound, frozen=True, kw_only=True):
    """What a job would ask of a worker."""

    job_type: Id
    requirements: Requirements | None = None


class WorkerAnswer(msgspec.Struct, frozen=True):
    """Whether a worker fits; `reasons` say why not, `waits_for` what else keeps it from the job now."""

    worker_id: str
    status: str
    fits: bool
    reasons: list[str]
    waits_for: str | None


class MatchAnswer(msgspec.Struct, frozen=True):
    """Every worker, those that fit first; `unworkable` says why no connected one does."""

    unworkable: str | None
    fitting: int
    connected: int
    workers: list[WorkerAnswer]


class Batch(Inbound, frozen=True, kw_only=True):
    """Jobs, each still as it was written."""

    jobs: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=limits.BATCH_JOBS)]


class ItemError(msgspec.Struct, frozen=True):
    """Why the hub would not read an item; `index` counts from 0."""

    index: int
    code: str
    message: str
    field: str | None


def register_submit_routes(server: Flask, hub: HubApi) -> None:
    """Add the routes."""

    @server.post(MATCH_PATH)
    def match() -> Response:
        try:
            wanted: MatchRequest = decode(request.get_data(), MatchRequest)
            lane = make_lane(wanted.job_type, wanted.requirements)
            rows = hub.get("/api/workers", {"limit": _WORKERS_MAX})["workers"]
        except JobhubError as error:
            return _problem(error)
        workers = msgspec.convert(rows, list[Worker])
        return _answer(200, compare(lane, workers))

    @server.post(f"{JOBS_PATH}/batch")
    def batch() -> Response:
        try:
            errors = check_items(_read_batch().jobs)
        except JobhubError as error:
            return _problem(error)
        if not errors:
            return pass_on(hub, "/api/jobs/batch")
        detail = f"{len(errors)} of the jobs cannot be taken, so none was submitted"
        return _answer(422, {"code": "invalid_items", "detail": detail, "items": errors})


def compare(lane: Lane, workers: list[Worker]) -> MatchAnswer:
    """Say for every worker whether it would take the jobs of `lane`."""
    answers = [_compare(lane, worker) for worker in workers]
    connected = {
        worker.worker_id: Profile(worker.job_types, worker.capabilities)
        for worker in workers
        if worker.status != "offline"
    }
    fitting = sum(answer.fits and answer.status != "offline" for answer in answers)
    ordered = sorted(answers, key=lambda answer: (not answer.fits, answer.status == "offline"))
    return MatchAnswer(why_unworkable(lane, connected), fitting, len(connected), ordered)


def check_items(items: list[msgspec.Raw]) -> list[ItemError]:
    """Name what is wrong with each item that the hub would refuse to read."""
    errors = []
    for index, item in enumerate(items):
        try:
            new_job(decode(bytes(item), SubmitRequest), submitted_by="")
        except JobhubError as error:
            errors.append(ItemError(index, error.code, error.message, error.field))
    return errors


def _read_batch() -> Batch:
    batch: Batch = decode(request.get_data(), Batch)
    return batch


def _compare(lane: Lane, worker: Worker) -> WorkerAnswer:
    reasons = misfits(lane, Profile(worker.job_types, worker.capabilities))
    waits_for = None
    if worker.status in ("offline", "draining"):
        waits_for = f"the worker is {worker.status}"
    elif len(worker.job_ids) >= worker.slots:
        waits_for = "the worker has no free slot"
    return WorkerAnswer(worker.worker_id, worker.status, not reasons, reasons, waits_for)


def _problem(error: JobhubError) -> Response:
    body = {"code": error.code, "detail": error.message, "field": error.field}
    return _answer(error.status, body)


def _answer(status: int, body: Any) -> Response:
    return Response(envelope(status, msgspec.json.encode(body)), mimetype="application/json")
