"""The job routes over HTTP: what they answer, and how they refuse."""

from __future__ import annotations

import threading

import httpx

from tests.support.processes import Server
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until


def submit(api: httpx.Client, **fields: object) -> str:
    answer = api.post("/api/jobs", json={"job_type": "demo", **fields})
    assert answer.status_code == 201, answer.text
    job_id: str = answer.json()["job_id"]
    assert answer.headers["Location"] == f"/api/jobs/{job_id}"
    return job_id


def test_listing_filters_sorts_and_pages_when_asked_over_http(api: httpx.Client) -> None:
    low, high = submit(api, priority=1), submit(api, priority=99)
    api.post(f"/api/jobs/{low}/cancel")
    page = api.get("/api/jobs", params={"sort": "priority", "limit": 1}).json()
    assert [job["job_id"] for job in page["jobs"]] == [high]
    rest = api.get(
        "/api/jobs", params={"sort": "priority", "limit": 1, "cursor": page["cursor"]}
    ).json()
    assert [job["job_id"] for job in rest["jobs"]] == [low]
    assert rest["cursor"] is None
    listed = api.get("/api/jobs", params={"status": "pending,cancelled", "priority_max": 5}).json()
    assert [job["job_id"] for job in listed["jobs"]] == [low]
    export = api.get("/api/export/jobs.csv", params={"status": "cancelled"})
    header, row, end = export.text.split("\r\n")
    assert header.startswith("job_id,job_type,status,run,priority")
    assert row.startswith(f"{low},demo,cancelled,1,1,")
    assert (end, export.headers["Content-Type"]) == ("", "text/csv; charset=utf-8")


def test_bulk_answers_what_was_done_and_what_was_refused(api: httpx.Client) -> None:
    first, second = submit(api), submit(api)
    api.post(f"/api/jobs/{second}/cancel")
    body = {"action": "cancel", "ids": [first, second, first], "dry_run": True}
    rehearsed = api.post("/api/jobs/bulk", json=body).json()
    assert api.get(f"/api/jobs/{first}").json()["status"] == "pending"
    done = api.post("/api/jobs/bulk", json={**body, "dry_run": False}).json()
    assert done == {**rehearsed, "dry_run": False}
    assert (done["matched"], done["changed"], done["cursor"]) == (2, 1, None)
    assert [(item["job_id"], item["code"]) for item in done["errors"]] == [(second, "job_final")]
    filtered = {"action": "purge", "filter": {"status": ["cancelled"]}}
    assert api.post("/api/jobs/bulk", json=filtered).json()["changed"] == 2
    assert api.get(f"/api/jobs/{first}").status_code == 404


def test_bulk_is_refused_when_it_contradicts_itself(api: httpx.Client) -> None:
    for body, field in [
        ({"action": "cancel"}, "ids"),
        ({"action": "cancel", "ids": ["a"], "filter": {}}, "ids"),
        ({"action": "priority", "ids": ["a"]}, "priority"),
        ({"action": "cancel", "ids": ["a"], "priority": 1}, "priority"),
        ({"action": "cancel", "ids": ["a"], "cursor": "x"}, "cursor"),
        ({"action": "cancel", "filter": {"state": "x"}}, "filter.state"),
    ]:
        answer = api.post("/api/jobs/bulk", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), body


def test_waiting_job_is_changed_and_one_given_out_is_not(hub: Server, api: httpx.Client) -> None:
    job_id = submit(api)
    changed = api.patch(f"/api/jobs/{job_id}", json={"priority": 80}).json()
    assert changed["priority"] == 80
    later = changed["created_at"] + 3_600_000
    assert api.patch(f"/api/jobs/{job_id}", json={"run_at": later}).json()["status"] == "scheduled"
    assert api.patch(f"/api/jobs/{job_id}", json={"run_at": "now"}).json()["status"] == "pending"
    assert api.patch(f"/api/jobs/{job_id}", json={}).json()["field"] == "priority"
    with open_worker(hub.url) as worker:
        assert worker.receive_type("assign")["jobs"][0]["job_id"] == job_id
        refused = api.patch(f"/api/jobs/{job_id}", json={"priority": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "job_not_waiting")


def test_place_and_match_tell_when_and_where_a_job_may_run(hub: Server, api: httpx.Client) -> None:
    first, second = submit(api), submit(api, requirements={"must": {"gpu": 2}})
    assert api.get(f"/api/jobs/{second}/position").json() == {
        "job_id": second,
        "status": "pending",
        "position": 2,
        "pending": 2,
        "starts_per_s": 0.0,
        "estimated_start_at": None,
    }
    with open_worker(hub.url, capabilities={"gpu": 1}) as worker:
        grant = worker.receive_type("assign")["jobs"][0]
        worker.ask("job_started", job_id=grant["job_id"], fence=grant["fence"])
        started = api.get(f"/api/jobs/{first}/position").json()
        assert started["position"] is None
        assert started["estimated_start_at"] is not None
        report = api.get(f"/api/jobs/{second}/match").json()
        assert [(item["worker_id"], item["fits"]) for item in report["workers"]] == [("w1", False)]
        assert report["workers"][0]["reasons"] == ["must.gpu: wants 2, has 1"]
        third = submit(api)
        estimated = wait_until(
            lambda: api.get(f"/api/jobs/{third}/position").json()["estimated_start_at"]
        )
        assert estimated > started["estimated_start_at"]
        wait_until(
            lambda: api.get(f"/api/jobs/{second}/position").json()["estimated_start_at"] is None,
            what="nobody fits it, so nobody knows when it starts",
        )


def test_result_comes_at_once_when_it_is_waited_for(hub: Server, api: httpx.Client) -> None:
    job_id = submit(api)
    early = api.get(f"/api/jobs/{job_id}/result")
    assert (early.status_code, early.json()["result"]) == (202, None)
    answers: list[httpx.Response] = []
    waiting = threading.Thread(
        target=lambda: answers.append(
            httpx.get(f"{hub.url}/api/jobs/{job_id}/result?wait_s=30", timeout=40)
        )
    )
    waiting.start()
    with open_worker(hub.url) as worker:
        grant = worker.receive_type("assign")["jobs"][0]
        worker.send("job_log", job_id=job_id, fence=grant["fence"], lines=["one", "two"])
        worker.send("job_completed", job_id=job_id, fence=grant["fence"], result=[1, {"a": None}])
        waiting.join(20)
    assert answers[0].status_code == 200
    assert answers[0].json()["result"] == [1, {"a": None}]
    assert api.get(f"/api/jobs/{job_id}/log").json()["lines"] == ["one", "two"]
    moves = api.get(f"/api/jobs/{job_id}/history").json()["history"]
    assert [move["new_status"] for move in moves] == ["pending", "assigned", "completed"]


def test_audit_names_the_action_when_an_operator_acted(api: httpx.Client) -> None:
    job_id = submit(api)
    api.post(f"/api/jobs/{job_id}/cancel")
    api.post("/api/queues/demo/pause")
    newest, older = api.get("/api/audit").json()["entries"]
    assert (older["action"], older["job_ids"]) == ("cancel", [job_id])
    assert newest["job_type"] == "demo"
    page = api.get("/api/audit", params={"limit": 1}).json()
    assert page["entries"] == [newest]
    rest = api.get("/api/audit", params={"limit": 1, "cursor": page["cursor"]}).json()
    assert rest["entries"] == [older]
