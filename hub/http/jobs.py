"""/api/jobs: submit, read, wait for, cancel and retry jobs."""

from __future__ import annotations

import threading
import time
from typing import Annotated

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from hub import limits
from hub.errors import JobhubError
from hub.http.problems import answer
from hub.http.queries import read_query
from hub.job_broker import JobBroker
from hub.job_reader import JobReader
from hub.job_waiter import JobWaiter
from hub.messages import Inbound, SubmitRequest, decode
from hub.records import Job
from hub.states import FINAL_STATUSES, JobStatus
from hub.ws.client import batch_item

SUBMITTER = "anonymous"  # every caller, until tokens have names


class ListQuery(Inbound, frozen=True):
    """Which page of which state."""

    status: JobStatus | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    cursor: Annotated[str, Meta(max_length=400)] | None = None


class WaitQuery(Inbound, frozen=True):
    """How long to wait for a result."""

    wait_s: Annotated[float, Meta(ge=0, le=60)] = 0.0


class BatchRequest(Inbound, frozen=True):
    """Several jobs; each succeeds or fails by itself."""

    jobs: Annotated[list[SubmitRequest], Meta(min_length=1, max_length=limits.BATCH_JOBS)]


class NoBody(Inbound, frozen=True):
    """A body that says nothing."""


def jobs_blueprint(broker: JobBroker, reader: JobReader, waiter: JobWaiter) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("jobs", __name__, url_prefix="/api/jobs")

    @routes.post("")
    def submit() -> Response:
        made = broker.submit(decode(request.get_data(), SubmitRequest), submitted_by=SUBMITTER)
        return answer(made.job, 201 if made.created else 200)

    @routes.post("/batch")
    def submit_batch() -> Response:
        body: BatchRequest = decode(request.get_data(), BatchRequest)
        results = broker.submit_batch(body.jobs, submitted_by=SUBMITTER)
        refused = sum(isinstance(item, JobhubError) for item in results)
        return answer({"refused": refused, "results": [batch_item(item) for item in results]})

    @routes.get("")
    def list_jobs() -> Response:
        query = read_query(ListQuery)
        page = reader.list_page(query.status, limit=query.limit, cursor=query.cursor)
        rows = [msgspec.Raw(row) for row in page.rows]
        return answer({"jobs": rows, "cursor": page.cursor})

    @routes.get("/<path:job_id>/history")
    def history(job_id: str) -> Response:
        return answer({"job_id": job_id, "history": reader.history(job_id)})

    @routes.get("/<path:job_id>/log")
    def log(job_id: str) -> Response:
        return answer({"job_id": job_id, "lines": reader.log(job_id)})

    @routes.get("/<path:job_id>/position")
    def position(job_id: str) -> Response:
        return answer({"job_id": job_id, "position": reader.position(job_id)})

    @routes.get("/<path:job_id>/result")
    def result(job_id: str) -> Response:
        job = _wait(broker, waiter, job_id, read_query(WaitQuery).wait_s)
        outcome = {"job_id": job_id, "status": job.status, "run": job.run}
        if job.status not in FINAL_STATUSES:
            return answer(outcome, 202)
        return answer({**outcome, "result": job.result, "error": job.error})

    @routes.post("/<path:job_id>/cancel")
    def cancel(job_id: str) -> Response:
        _read_no_body()
        return answer(broker.cancel(job_id, actor=SUBMITTER))

    @routes.post("/<path:job_id>/retry")
    def retry(job_id: str) -> Response:
        _read_no_body()
        return answer(broker.retry(job_id, actor=SUBMITTER))

    @routes.get("/<path:job_id>")
    def get(job_id: str) -> Response:
        return answer(broker.get(job_id))

    return routes


def _read_no_body() -> None:
    body = request.get_data()
    if body:
        decode(body, NoBody)


def _wait(broker: JobBroker, waiter: JobWaiter, job_id: str, wait_s: float) -> Job:
    """Read the job, at once or as soon as its run is over, at most `wait_s` later."""
    over = threading.Event()
    until = time.monotonic() + wait_s
    with waiter.hearing(
        job_id, lambda logged: over.set() if logged.event.new_status in FINAL_STATUSES else None
    ):
        while True:
            job = broker.get(job_id)
            left_s = until - time.monotonic()
            if job.status in FINAL_STATUSES or left_s <= 0:
                return job
            over.wait(left_s)
            over.clear()
