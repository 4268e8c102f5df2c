"""`jobhub jobs`: listing and looking at jobs."""

from __future__ import annotations

import json

import httpx

from tests.cli.conftest import Jobhub
from tests.support.processes import Server
from tests.support.sockets import open_worker


def _submit(api: httpx.Client, **fields: object) -> str:
    return str(api.post("/api/jobs", json={"job_type": "resize", **fields}).json()["job_id"])


def test_jobs_are_listed_when_they_pass_every_filter(jobhub: Jobhub, api: httpx.Client) -> None:
    wanted = _submit(api, customer_id="acme", priority=80)
    _submit(api, customer_id="acme", priority=10)
    _submit(api, customer_id="other", priority=80)
    ended = jobhub(
        "jobs", "list", "--customer-id", "acme", "--priority-min", "50",
        "--submitted-from", "1h", "--status", "pending", "--status", "failed", "--json",
    )  # fmt: skip
    assert [job["job_id"] for job in json.loads(ended.output)] == [wanted]


def test_rows_end_at_the_limit_when_there_are_more(jobhub: Jobhub, api: httpx.Client) -> None:
    for _ in range(3):
        _submit(api)
    assert len(json.loads(jobhub("jobs", "list", "--limit", "2", "--json").output)) == 2
    assert jobhub("jobs", "list").output.count("● pending") == 3


def test_job_is_shown_whole_with_its_moves(jobhub: Jobhub, api: httpx.Client) -> None:
    job_id = _submit(api, payload={"sizes": [64]}, workflow_id="w1", step_number=2, total_steps=3)
    shown = jobhub("jobs", "show", job_id).output
    assert "w1, step 2 of 3" in shown
    assert '"sizes"' in shown
    record = json.loads(jobhub("jobs", "show", job_id, "--json").output)
    assert record["job"]["payload"] == {"sizes": [64]}
    assert [move["new_status"] for move in record["history"]] == ["pending"]


def test_form_is_told_when_a_time_cannot_be_read(jobhub: Jobhub) -> None:
    ended = jobhub("jobs", "list", "--submitted-from", "soon")
    assert ended.status == 2
    assert "--submitted-from" in ended.errors


def test_jobs_are_cancelled_retried_and_purged_when_they_are_named(
    jobhub: Jobhub, api: httpx.Client
) -> None:
    first, second = _submit(api), _submit(api)
    assert jobhub("jobs", "cancel", first, second).output == "2 jobs cancelled\n"
    assert jobhub("jobs", "retry", first).output == "1 job retried\n"
    assert api.get(f"/api/jobs/{first}").json()["run"] == 2
    assert jobhub("jobs", "purge", second).output == "1 job purged\n"
    assert api.get(f"/api/jobs/{second}").status_code == 404


def test_status_is_1_when_some_job_was_left_alone(jobhub: Jobhub, api: httpx.Client) -> None:
    job_id = _submit(api)
    ended = jobhub("jobs", "cancel", job_id, "nope")
    assert ended.status == 1
    assert ended.output == "1 job cancelled\n"
    assert ended.errors.startswith("nope: ")
    assert ended.errors.endswith("jobhub: 1 job was left alone\n")


def test_only_what_passes_the_filters_is_cancelled(jobhub: Jobhub, api: httpx.Client) -> None:
    for customer in ("acme", "acme", "other"):
        _submit(api, customer_id=customer)
    chosen = ("jobs", "cancel", "--customer-id", "acme")
    assert jobhub(*chosen, "--dry-run").output == "2 jobs would be cancelled\n"
    asked = jobhub(*chosen)
    assert asked.status == 2
    assert "--yes is needed" in asked.errors
    assert api.get("/api/stats").json()["counts"]["pending"] == 3
    assert json.loads(jobhub(*chosen, "--yes", "--json").output)["changed"] == 2
    assert (
        api.get("/api/stats").json()["counts"] | {"cancelled": 2, "pending": 1}
        == (api.get("/api/stats").json()["counts"])
    )


def test_nothing_is_changed_when_neither_ids_nor_filters_are_given(jobhub: Jobhub) -> None:
    assert jobhub("jobs", "purge").status == 2
    assert jobhub("jobs", "purge", "some-id", "--status", "failed").status == 2


def test_waiting_jobs_get_another_priority_when_they_pass_the_filters(
    jobhub: Jobhub, api: httpx.Client
) -> None:
    job_id = _submit(api, customer_id="acme")
    over = _submit(api, customer_id="acme")
    api.post(f"/api/jobs/{over}/cancel")
    ended = jobhub("jobs", "priority", "90", "--customer-id", "acme", "--yes")
    assert ended.status == 1
    assert ended.output == "1 job given another priority\n"
    assert ended.errors.endswith("jobhub: 1 job was left alone\n")
    assert api.get(f"/api/jobs/{job_id}").json()["priority"] == 90
    assert jobhub("jobs", "priority", "101", job_id).status == 2


def test_first_refusals_are_told_when_there_are_many(jobhub: Jobhub) -> None:
    ended = jobhub("jobs", "cancel", *(f"nope{n}" for n in range(25)))
    assert ended.errors.count("no job nope") == 20
    assert "… and 5 more\n" in ended.errors


def test_reasons_are_told_when_a_job_waits(jobhub: Jobhub, hub: Server, api: httpx.Client) -> None:
    _submit(api, priority=90)
    job_id = _submit(api, requirements={"must": {"gpu": 2}})
    with open_worker(hub.url, "small", ("other",)):
        told = jobhub("jobs", "why", job_id)
        assert "2 of 2 in line" in told.output
        assert "nobody can do it" in told.output
        assert "small" in told.output
        report = json.loads(jobhub("jobs", "why", job_id, "--json").output)
        assert report["position"]["position"] == 2
        assert [worker["fits"] for worker in report["match"]["workers"]] == [False]


def test_lines_of_a_job_are_printed_as_they_were_logged(
    jobhub: Jobhub, hub: Server, api: httpx.Client
) -> None:
    job_id = _submit(api)
    with open_worker(hub.url, job_types=("resize",)) as worker:
        given = worker.receive_type("assign")["jobs"][0]
        grant = {"job_id": given["job_id"], "fence": given["fence"]}
        assert worker.ask("job_log", **grant, lines=["[red]one[/]", "two"])["type"] == "ack"
    assert jobhub("jobs", "log", job_id).output == "[red]one[/]\ntwo\n"
    assert json.loads(jobhub("jobs", "log", job_id, "--json").output)["lines"][1] == "two"


def test_terminal_is_not_steered_by_what_a_worker_says(
    hub: Server, jobhub: Jobhub, api: httpx.Client
) -> None:
    """Escape sequences rename windows, hide lines and worse."""
    escape = "\x1b]0;owned\x07\x1b[2J\x9b31m"
    job_id = _submit(api, max_attempts=1, payload={"text": escape})
    with open_worker(hub.url, job_types=("resize",)) as worker:
        (given,) = worker.receive_type("assign")["jobs"]
        about = {"job_id": job_id, "fence": given["fence"]}
        worker.send("job_log", **about, lines=[f"said {escape}"])
        error = {"type": "X", "message": f"broke {escape}", "traceback": escape, "retryable": False}
        worker.send("job_failed", **about, error=error)
        worker.receive_type("ack")
        while worker.receive_type("ack")["of"] != "job_failed":
            pass
    for words in (("jobs", "show", job_id), ("jobs", "log", job_id), ("jobs", "list")):
        printed = jobhub(*words).output
        assert not set("\x1b\x07\x9b") & set(printed), words
    assert r"said \x1b]0;owned\x07" in jobhub("jobs", "log", job_id).output
