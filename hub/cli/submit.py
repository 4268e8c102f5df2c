"""`jobhub submit`: one job from the command line or a script."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from hub.cli.hub_api import HubApi, segment
from hub.cli.output import json_flag, print_json
from hub.cli.settings_flags import CLIENT, settings_flags, settings_from
from hub.errors import JobhubError
from hub.records import Job, JobError
from hub.states import FINAL_STATUSES

_WAIT_ROUND_S: Final = 30.0  # the hub answers a long poll at least this often


class Result(msgspec.Struct):
    """What became of a job."""

    job_id: str
    status: str
    result: Any = None
    error: JobError | None = None


@click.command("submit")
@click.argument("job_type")
@click.argument("payload", default="{}")
@click.option("--priority", type=int, help="0 to 100, high first; 50 where none is given.")
@click.option("--must", multiple=True, metavar="KEY=VALUE", help="What the worker must offer.")
@click.option("--must-not", multiple=True, metavar="KEY=VALUE", help="What it must not offer.")
@click.option("--customer-id", metavar="ID", help="Whose job it is.")
@click.option("--workflow-id", metavar="ID", help="The workflow that it is a step of.")
@click.option("--workflow-priority", type=int, help="Priority of the whole workflow.")
@click.option("--step-number", type=int, help="Which step of the workflow.")
@click.option("--total-steps", type=int, help="Of how many steps.")
@click.option("--idempotency-key", metavar="KEY", help="Submitting twice with it makes one job.")
@click.option("--delay-s", type=float, metavar="SECONDS", help="Run it so much later.")
@click.option("--run-at", type=int, metavar="MS", help="Run it then (Unix milliseconds).")
@click.option("--max-attempts", type=int, help="How often it is tried.")
@click.option(
    "--retry",
    type=click.Choice(["exponential", "fixed", "none"]),
    help="How the wait before another attempt grows; exponential where none is given.",
)
@click.option("--retry-base-s", type=float, metavar="SECONDS", help="The first such wait (2).")
@click.option("--timeout-s", type=float, metavar="SECONDS", help="How long an attempt may take.")
@click.option("--wait", is_flag=True, help="Wait for the result; status 1 unless it completes.")
@settings_flags(CLIENT)
@json_flag
def submit_command(
    job_type: str,
    payload: str,
    must: tuple[str, ...],
    must_not: tuple[str, ...],
    retry: str | None,
    retry_base_s: float | None,
    wait: bool,
    as_json: bool,
    hub_url: str | None,
    token: str | None,
    **fields: Any,
) -> None:
    """Submit a job and print its id.

    PAYLOAD is JSON; @FILE reads it from a file, - from standard input.

    \b
    jobhub submit resize '{"sizes": [64, 128]}' --priority 80
    jobhub submit train @model.json --must gpu_memory_gb=24 --wait
    """
    body = {name: value for name, value in fields.items() if value is not None}
    body |= {"job_type": job_type, "payload": _read_payload(payload)}
    requirements = {
        "must": _conditions("--must", must),
        "must_not": _conditions("--must-not", must_not),
    }
    retrying = {"kind": retry, "base_s": retry_base_s}
    if retry is not None or retry_base_s is not None:
        body["retry"] = {name: value for name, value in retrying.items() if value is not None}
    if any(requirements.values()):
        body["requirements"] = requirements
    with HubApi(settings_from({"hub_url": hub_url, "token": token})) as api:
        job = api.post("/api/jobs", Job, body)
        if wait:
            _show_result(_wait(api, job.job_id), as_json)
        elif as_json:
            print_json(job)
        else:
            click.echo(job.job_id)


def _read_payload(text: str) -> msgspec.Raw:
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise click.UsageError(f"PAYLOAD: {text[1:]} cannot be read: {why}") from None
    try:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(text)))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise click.UsageError(f"PAYLOAD: not valid JSON: {error}") from None


def _conditions(flag: str, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Read KEY=VALUE; a value that is JSON means that, any other is a string."""
    conditions = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key:
            raise click.UsageError(f"{flag}: {pair} is not KEY=VALUE")
        try:
            conditions[key] = msgspec.json.decode(text)
        except msgspec.DecodeError:
            conditions[key] = text
    return conditions


def _wait(api: HubApi, job_id: str) -> Result:
    while True:
        path = f"/api/jobs/{segment(job_id)}/result"
        result = api.get(path, Result, wait_s=_WAIT_ROUND_S - 5)
        if result.status in FINAL_STATUSES:
            return result


def _show_result(result: Result, as_json: bool) -> None:
    if as_json:
        print_json(result)
    elif result.status == "completed":
        print_json(result.result)
    if result.status == "completed":
        return
    error = result.error
    why = f": {error.type}: {error.message}" if error else ""
    raise JobhubError(f"job {result.job_id} {result.status}{why}")
