"""/api/jobs/{job_id}: read, wait for, cancel and retry one job; POST /api/jobs submits."""

from __future__ import annotations

import threading
import time

from flask import Blueprint, Response, request

from hub.answers import MatchReport, QueuePlace
from hub.errors import InvalidInput, JobhubError
from hub.event_log import LoggedEvent
from hub.http.bodies import read_body, read_no_body
from hub.http.callers import caller, check_own, check_visible
from hub.http.operations import operation
from hub.http.problems import answer
from hub.http.queries import read_query
from hub.http.shapes import (
    BatchAnswer,
    BatchRequest,
    ChangeRequest,
    History,
    JobLogLines,
    Result,
    WaitQuery,
)
from hub.intake import Intake
from hub.job_broker import JobBroker
from hub.job_reader import JobReader
from hub.job_waiter import JobWaiter
from hub.match_report import MatchReader
from hub.messages import SubmitRequest
from hub.queue_place import PlaceReader
from hub.records import Job
from hub.states import FINAL_STATUSES
from hub.ws.client import batch_item


def jobs_blueprint(
    broker: JobBroker,
    intake: Intake,
    reader: JobReader,
    waiter: JobWaiter,
    places: PlaceReader,
    matches: MatchReader,
) -> Blueprint:
    """Build the routes."""
    routes = Blueprint("jobs", __name__, url_prefix="/api/jobs")
    _add_submit(routes, intake)
    _add_reads(routes, broker, reader)
    _add_outlook(routes, broker, places, matches)
    _add_result(routes, broker, waiter)
    _add_change(routes, broker)
    _add_moves(routes, broker)
    return routes


def _add_submit(routes: Blueprint, intake: Intake) -> None:
    @routes.post("")
    @operation(
        summary="Submit a job",
        tag="Jobs",
        body=SubmitRequest,
        answers={201: Job, 200: Job},
        errors=(422, 429),
        detail="200 and the job that is there already when its idempotency key was used with the same body.",
    )
    def submit() -> Response:
        made = intake.submit(read_body(SubmitRequest), submitted_by=caller().name)
        response = answer(made.job, 201 if made.created else 200)
        response.headers["Location"] = f"{request.path}/{made.job.job_id}"
        return response

    @routes.post("/batch")
    @operation(
        summary="Submit up to 1,000 jobs",
        tag="Jobs",
        body=BatchRequest,
        answers={200: BatchAnswer},
        detail="Each job succeeds or fails by itself; `results` are in the order of `jobs`.",
    )
    def submit_batch() -> Response:
        results = intake.submit_batch(read_body(BatchRequest).jobs, submitted_by=caller().name)
        refused = sum(isinstance(item, JobhubError) for item in results)
        return answer({"refused": refused, "results": [batch_item(item) for item in results]})


def _add_reads(routes: Blueprint, broker: JobBroker, reader: JobReader) -> None:
    @routes.get("/<job_id:job_id>")
    @operation(summary="Read a job", tag="Jobs", answers={200: Job}, errors=(404,))
    def get(job_id: str) -> Response:
        job = broker.get(job_id)
        check_visible(job_id, job.submitted_by)
        return answer(job)

    @routes.get("/<job_id:job_id>/history")
    @operation(
        summary="Read every move of a job", tag="Jobs", answers={200: History}, errors=(404,)
    )
    def history(job_id: str) -> Response:
        check_own(broker, job_id)
        return answer({"job_id": job_id, "history": reader.history(job_id)})

    @routes.get("/<job_id:job_id>/log")
    @operation(
        summary="Read a job's log lines", tag="Jobs", answers={200: JobLogLines}, errors=(404,)
    )
    def log(job_id: str) -> Response:
        check_own(broker, job_id)
        return answer(JobLogLines(job_id, reader.log(job_id)))


def _add_outlook(
    routes: Blueprint, broker: JobBroker, places: PlaceReader, matches: MatchReader
) -> None:
    @routes.get("/<job_id:job_id>/position")
    @operation(
        summary="Find a job's place in line and about when it starts",
        tag="Jobs",
        answers={200: QueuePlace},
        errors=(404,),
    )
    def position(job_id: str) -> Response:
        check_own(broker, job_id)
        return answer(places.place(job_id))

    @routes.get("/<job_id:job_id>/match")
    @operation(
        summary="Say for every worker whether it fits a job, and why not",
        tag="Jobs",
        answers={200: MatchReport},
        errors=(404,),
    )
    def match(job_id: str) -> Response:
        return answer(matches.match(job_id))


def _add_result(routes: Blueprint, broker: JobBroker, waiter: JobWaiter) -> None:
    @routes.get("/<job_id:job_id>/result")
    @operation(
        summary="Wait for a job's result",
        tag="Jobs",
        query=WaitQuery,
        answers={200: Result, 202: Result},
        errors=(404, 422),
        detail="200 when the run is over, 202 when it is not within `wait_s` (60 s at most): ask again.",
    )
    def result(job_id: str) -> Response:
        check_own(broker, job_id)
        job = _wait(broker, waiter, job_id, read_query(WaitQuery).wait_s)
        over = job.status in FINAL_STATUSES
        outcome = Result(
            job_id, job.status, job.run, job.result if over else None, job.error if over else None
        )
        return answer(outcome, 200 if over else 202)


def _add_change(routes: Blueprint, broker: JobBroker) -> None:
    @routes.patch("/<job_id:job_id>")
    @operation(
        summary="Change the priority or time of a job that waits",
        tag="Jobs",
        body=ChangeRequest,
        answers={200: Job},
        errors=(404, 409),
        detail="409 once it was given out, and for a priority that its workflow fixes.",
    )
    def change(job_id: str) -> Response:
        wanted = read_body(ChangeRequest)
        if wanted.priority is None and wanted.run_at is None:
            raise InvalidInput("give priority, run_at or both", field="priority")
        return answer(
            broker.update(
                job_id, actor=caller().actor, priority=wanted.priority, run_at=wanted.run_at
            )
        )


def _add_moves(routes: Blueprint, broker: JobBroker) -> None:
    @routes.post("/<job_id:job_id>/cancel")
    @operation(
        summary="Cancel a job",
        tag="Jobs",
        answers={200: Job},
        errors=(404, 409),
        detail="Final at once for everybody who looks; a worker that runs it is told.",
    )
    def cancel(job_id: str) -> Response:
        read_no_body()
        check_own(broker, job_id)
        return answer(broker.cancel(job_id, actor=caller().actor))

    @routes.post("/<job_id:job_id>/retry")
    @operation(
        summary="Start a new run of a finished job",
        tag="Jobs",
        answers={200: Job},
        errors=(404, 409),
    )
    def retry(job_id: str) -> Response:
        read_no_body()
        return answer(broker.retry(job_id, actor=caller().actor))


def _wait(broker: JobBroker, waiter: JobWaiter, job_id: str, wait_s: float) -> Job:
    """Read the job, at once or as soon as its run is over or the hub ends, at most `wait_s` later."""
    over = threading.Event()
    until = time.monotonic() + wait_s

    def hear(logged: LoggedEvent | None) -> None:
        if logged is None or logged.event.new_status in FINAL_STATUSES:
            over.set()

    with waiter.hearing(job_id, hear):
        while True:
            job = broker.get(job_id)
            left_s = until - time.monotonic()
            if job.status in FINAL_STATUSES or left_s <= 0 or waiter.ended:
                return job
            over.wait(left_s)
            over.clear()
