"""The routes of figures: columns, totals, errors, marks and promises over HTTP."""

from __future__ import annotations

import csv
import io
import time

import httpx

from hub.redis_service import RedisService
from tests.support.processes import Server
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until


def run_job(hub: Server, api: httpx.Client) -> None:
    with open_worker(hub.url) as worker:
        api.post("/api/jobs", json={"job_type": "demo"})
        given = worker.receive_type("assign")["jobs"][0]
        grant = {"job_id": given["job_id"], "fence": given["fence"]}
        worker.ask("job_started", **grant)
        error = {"type": "ValueError", "message": "row 7 is bad", "retryable": False}
        worker.ask("job_failed", **grant, error=error)


def test_figures_of_a_job_can_be_read_by_group(hub: Server, api: httpx.Client) -> None:
    run_job(hub, api)

    def failed() -> bool:
        rows = api.get("/api/metrics/summary", params={"group_by": "job_type"}).json()["rows"]
        return [(row["group"], row["failed"]) for row in rows] == [("type:demo", 1)]

    wait_until(failed)
    series = api.get("/api/metrics/series", params={"group_by": "worker"}).json()
    assert series["groups"]["worker:w1"]["failed"] == [1]
    assert series["groups"]["worker:w1"]["run_n"] == [1]
    kinds = api.get("/api/errors").json()["errors"]
    assert [(kind["message"], kind["count"]) for kind in kinds] == [("row <n> is bad", 1)]
    text = api.get("/api/export/metrics.csv", params={"group_by": "job_type"}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["group"], row["failed"]) for row in rows] == [("type:demo", "1")]


def rows_of(api: httpx.Client, name: str, **query: str | int) -> list[dict[str, str]]:
    """The rows of a CSV file of the hub."""
    answer = api.get(f"/api/export/{name}.csv", params=query)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_every_table_can_be_saved_as_csv(hub: Server, api: httpx.Client) -> None:
    api.put("/api/slo", json={"job_type": "demo", "target_s": 0.001, "objective": 0.9})
    api.post("/api/marks", json={"label": "=v2", "kind": "deploy"})
    run_job(hub, api)

    def due() -> bool:
        (promise,) = rows_of(api, "promises")
        return promise["slo_missed"] == "1" or promise["slo_met"] == "1"

    wait_until(due, what="the promise is told")
    (promise,) = rows_of(api, "promises")
    assert promise["target_ms"] == "1"
    assert float(promise["attainment"]) == int(promise["slo_met"])
    (kind,) = rows_of(api, "errors", job_type="demo")
    assert (kind["error_type"], kind["message"], kind["count"]) == (
        "ValueError",
        "row <n> is bad",
        "1",
    )
    assert kind["first_at"].endswith("Z")
    assert rows_of(api, "errors", job_type="other") == []
    (mark,) = rows_of(api, "marks")
    assert (mark["kind"], mark["label"]) == ("deploy", "'=v2")
    (row,) = rows_of(api, "summary", group="type:demo")
    (told,) = api.get("/api/metrics/summary", params={"group": "type:demo"}).json()["rows"]
    for name, value in told.items():
        assert row[name] == ("" if value is None else str(value)), name


def test_marks_are_listed_when_they_were_set(api: httpx.Client) -> None:
    now = time.time_ns() // 1_000_000
    made = api.post("/api/marks", json={"label": "v1.2", "kind": "deploy", "at": now - 5_000})
    assert made.status_code == 201
    assert api.get("/api/marks").json()["marks"] == [made.json()]


def test_promise_is_listed_when_it_was_put(api: httpx.Client) -> None:
    put = api.put("/api/slo", json={"job_type": "demo", "target_s": 2.5, "objective": 0.9})
    promise = {"job_type": "demo", "target_ms": 2500, "objective": 0.9}
    assert put.json() == {"job_type": "demo", "promise": promise}
    assert api.get("/api/slo").json() == {"slo": [promise]}
    assert api.put("/api/slo", json={"job_type": "demo"}).json()["promise"] is None
    assert api.get("/api/slo").json() == {"slo": []}


def test_range_is_narrowed_and_step_widened_when_there_is_no_more_to_show(
    api: httpx.Client,
) -> None:
    """No schema can say which two numbers go together, so none of these is refused."""
    for params, step_s in (
        ({"from": 20, "to": 10, "step": 60}, 900),
        ({"from": 0, "to": 99_999_999_999_999}, 86_400),
        ({"from": 0, "to": 10_000_000_000, "step": 1}, 900),
    ):
        answer = api.get("/api/metrics/series", params=params)
        assert answer.status_code == 200, answer.text
        assert answer.json()["step_s"] == step_s


def test_series_has_the_columns_asked_for_and_the_same_values(
    service: RedisService, hub: Server, api: httpx.Client
) -> None:
    start = (time.time_ns() // 1_000_000_000 - 86_400) // 900 * 900
    row = '{"completed":2,"run:80":2,"wait:7":2,"busy_ms":40}'
    shard = start - start % (30 * 86_400)
    service.redis.hset(service.keys.of("sealed", f"900:{shard}:all"), str(start), row)
    asked = {"from": start * 1000, "to": (start + 1) * 1000, "step": 900}
    whole = api.get("/api/metrics/series", params=asked).json()["groups"]["all"]
    for wanted in ("busy_ms,offered_ms", "run_p95_ms,completed", "wait_n", ""):
        params = {**asked, "columns": wanted}
        some = api.get("/api/metrics/series", params=params).json()["groups"]["all"]
        names = [name for name in wanted.split(",") if name]
        assert list(some) == ["at", "partial", *names]
        assert some == {name: whole[name] for name in some}


def test_old_range_is_told_in_the_steps_that_are_kept_of_it(
    service: RedisService, hub: Server, api: httpx.Client
) -> None:
    """A month ago nothing is left of minutes: an hour of it in minutes was empty."""
    now_s = time.time_ns() // 1_000_000_000
    quarter = (now_s - 30 * 86_400) // 900 * 900
    shard = quarter - quarter % (30 * 86_400)
    key = service.keys.of("sealed", f"900:{shard}:all")
    service.redis.hset(key, str(quarter), '{"completed":7}')
    hour = {"from": quarter * 1000, "to": (quarter + 3_600) * 1000, "step": 60}
    series = api.get("/api/metrics/series", params=hour).json()
    assert (series["step_s"], series["groups"]["all"]["completed"]) == (900, [7])
    assert [row["completed"] for row in rows_of(api, "metrics", **hour)] == ["7"]
    minutes = {"from": (now_s - 3_600) * 1000, "step": 1}
    assert api.get("/api/metrics/series", params=minutes).json()["step_s"] == 1


def test_answer_stays_small_when_many_groups_are_asked_for_by_the_second(
    service: RedisService, hub: Server, api: httpx.Client
) -> None:
    now_s = time.time_ns() // 1_000_000_000
    names = {f"t{number}": now_s for number in range(1_000)}
    service.redis.zadd(service.keys.of("groups", "type"), names)
    day = {"from": (now_s - 86_400) * 1000, "to": now_s * 1000, "group_by": "job_type"}
    assert api.get("/api/metrics/series", params={**day, "step": 1}).json()["step_s"] == 4_320
    year = {**day, "from": (now_s - 399 * 86_400) * 1000}
    assert api.get("/api/metrics/series", params=year).json()["step_s"] == 86_400


def test_figures_are_refused_with_the_field_when_it_makes_no_sense(api: httpx.Client) -> None:
    for params, field in (
        ({"step": 7}, "step"),
        ({"step": 0}, "step"),
        ({"group_by": "moon"}, "group_by"),
        ({"columns": "completed,moon"}, "columns"),
    ):
        refused = api.get("/api/metrics/series", params=params)
        assert (refused.status_code, refused.json()["field"]) == (422, field)
