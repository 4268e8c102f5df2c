"""A Flask application that hands slow work to Jobhub: `flask --app examples/flask_app run`.

curl -X POST localhost:5000/pictures -H 'Content-Type: application/json' -d '{"sizes": [64, 128]}'
curl localhost:5000/pictures/JOB_ID
curl -N localhost:5000/pictures/JOB_ID/events
"""

import json
from collections.abc import Iterator

from flask import Flask, Response, jsonify, request, url_for

from hub.client import HubClient
from hub.errors import JobhubError

app = Flask(__name__)
hub = HubClient()  # one a process: threads share it; it connects when it is first used


@app.post("/pictures")
def make_picture() -> tuple[Response, int]:
    """Submit and answer at once; the same Idempotency-Key makes the same job."""
    handle = hub.submit(
        "resize",
        {"sizes": request.get_json()["sizes"]},
        customer_id=request.headers.get("X-Customer"),
        idempotency_key=request.headers.get("Idempotency-Key"),
    )
    return jsonify(job_id=handle.job_id, see=url_for("picture", job_id=handle.job_id)), 202


@app.get("/pictures/<job_id>")
def picture(job_id: str) -> Response:
    """Tell how far it is."""
    job = hub.get(job_id)
    percent = job.progress.percent if job.progress else 0
    return jsonify(status=job.status, percent=percent, result=job.result)


@app.get("/pictures/<job_id>/events")
def picture_events(job_id: str) -> Response:
    """Tell each change as it happens, for a page's EventSource."""
    job = hub.handle(job_id)

    def lines() -> Iterator[str]:
        for record in job.follow():
            percent = record.progress.percent if record.progress else 0
            yield f"data: {json.dumps({'status': record.status, 'percent': percent})}\n\n"

    return Response(lines(), mimetype="text/event-stream")


@app.errorhandler(JobhubError)
def refused(error: JobhubError) -> tuple[Response, int]:
    """Answer with the hub's own code and field."""
    return jsonify(error=error.code, field=error.field, message=error.message), error.status
