"""Bad input gets a clear error that names the field, and changes nothing at all."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from hub.redis_service import RedisService
from tests.support.processes import Server
from tests.support.sockets import Peer, open_socket, open_worker
from tests.support.state import read_state

Unchanged = Callable[[], None]


@pytest.fixture
def job_id(api: httpx.Client) -> str:
    """A job that waits, so that there is something to change."""
    made: str = api.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
    return made


@pytest.fixture
def unchanged(service: RedisService, job_id: str) -> Unchanged:
    """Asserts that the namespace is as it was when the test began."""
    before = read_state(service)
    assert f"job:{job_id}" in before

    def check() -> None:
        assert read_state(service) == before

    return check


DEEP = "[" * 40 + "]" * 40
ABYSS = "[" * 100_000 + "]" * 100_000

BODIES = [
    ('{"job_type":"demo","colour":"red"}', 422, "invalid", "colour"),
    ('{"job_type":"demo","retry":{"kind":"fixed","often":1}}', 422, "invalid", "retry.often"),
    ("{}", 422, "invalid", "job_type"),
    ('{"job_type":7}', 422, "invalid", "job_type"),
    ('{"job_type":"with space"}', 422, "invalid", "job_type"),
    ('{"job_type":"demo\\n"}', 422, "invalid", "job_type"),
    ('{"job_type":"%s"}' % ("x" * 201), 422, "invalid", "job_type"),
    ('{"job_type":"demo","priority":101}', 422, "invalid", "priority"),
    ('{"job_type":"demo","priority":"9"}', 422, "invalid", "priority"),
    ('{"job_type":"demo","priority":1.5}', 422, "invalid", "priority"),
    ('{"job_type":"demo","priority":true}', 422, "invalid", "priority"),
    ('{"job_type":"demo","run_at":1,"delay_s":1}', 422, "invalid", "delay_s"),
    ('{"job_type":"demo","workflow_priority":1}', 422, "invalid", "workflow_priority"),
    ('{"job_type":"demo","requirements":{"must":{"a":{}}}}', 422, "invalid", "requirements.must[...]"),
    ('{"job_type":"demo","payload":"%s"}' % ("x" * 64_000), 413, "too_large", "payload"),
    ("", 400, "malformed", None),
    ("{", 400, "malformed", None),
    ('{"job_type":"demo"}}', 400, "malformed", None),
    ('{"job_type":"demo","payload":{"a":nope}}', 400, "malformed", None),
    ('{"job_type":"demo","payload":NaN}', 400, "malformed", None),
    ('{"job_type":"demo","payload":-Infinity}', 400, "malformed", None),
    ('{"job_type":"demo","payload":1e999}', 400, "malformed", None),
    ('{"job_type":"demo","payload":"\\ud800"}', 400, "malformed", None),
    ('{"job_type":"demo","job_type":"other"}', 400, "malformed", None),
    ('{"job_type":"demo","payload":{"a":1,"a":":"}}', 400, "malformed", None),
    ('{"job_type":"demo","payload":' + DEEP + "}", 400, "malformed", None),
    ('{"job_type":"demo","payload":' + ABYSS + "}", 400, "malformed", None),
    ("[]", 422, "invalid", None),
    ("null", 422, "invalid", None),
]  # fmt: skip


def test_body_is_refused_and_changes_nothing_when_it_is_wrong(
    api: httpx.Client, unchanged: Unchanged
) -> None:
    for body, status, code, field in BODIES:
        answer = api.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert (answer.status_code, problem["status"]) == (status, status), (body[:80], problem)
        assert (problem["code"], problem.get("field")) == (code, field), (body[:80], problem)
        unchanged()


def test_problem_says_what_was_expected(api: httpx.Client) -> None:
    problem = api.post("/api/jobs", json={"job_type": "demo", "priority": "high"}).json()
    assert problem["expected"] == "`int | null`"


def test_body_that_is_not_utf8_is_refused(api: httpx.Client, unchanged: Unchanged) -> None:
    body = b'{"job_type":"demo","payload":"\xff"}'
    answer = api.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    unchanged()


def test_form_is_refused_when_json_is_wanted(api: httpx.Client, unchanged: Unchanged) -> None:
    answer = api.post("/api/jobs", data={"job_type": "demo"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    unchanged()


@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_answered_413_when_they_were_sent_whole(
    hub: Server, unchanged: Unchanged, chunked: bool
) -> None:
    address = urlsplit(hub.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    piece = b"x" * 100_000
    headers = {"Content-Type": "application/json"}
    if not chunked:
        headers["Content-Length"] = "10000000"
    connection.request(
        "POST",
        "/api/jobs",
        body=(piece for _ in range(100)),
        headers=headers,
        encode_chunked=chunked,
    )
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    assert (answer.status, problem["code"], problem["field"]) == (413, "too_large", "body")
    connection.request("GET", "/healthz")  # the connection is still good
    assert connection.getresponse().status == 200
    connection.close()
    unchanged()


REQUESTS = [
    ("GET", "/api/nowhere", 404, "not_found"),
    ("GET", "/api/jobs/nosuchjob", 404, "not_found"),
    ("GET", "/api/jobs/a/b", 404, "not_found"),
    ("GET", "/api/workers/no/such", 404, "not_found"),
    ("GET", "/api/queues/never:seen", 404, "not_found"),
    ("POST", "/api/queues/never:seen/pause", 404, "not_found"),
    ("POST", "/api/jobs/nosuchjob/cancel", 404, "not_found"),
    ("POST", "/api/jobs/nosuchjob/retry", 404, "not_found"),
    ("DELETE", "/api/jobs", 405, "method_not_allowed"),
    ("GET", "/api/jobs/bulk", 405, "method_not_allowed"),
    ("GET", "/api/workers/a/b/drain", 405, "method_not_allowed"),
    ("GET", "/api/jobs?status=lost", 422, "invalid"),
    ("GET", "/api/jobs?limit=0", 422, "invalid"),
    ("GET", "/api/jobs?limit=null", 422, "invalid"),
    ("GET", "/api/jobs?limit=5&limit=6", 422, "invalid"),
    ("GET", "/api/jobs?page=2", 422, "invalid"),
    ("GET", "/api/jobs?cursor=%00", 422, "invalid"),
    ("GET", "/api/jobs/x/result?wait_s=nan", 422, "invalid"),
]


def test_request_is_refused_with_a_problem_document(
    api: httpx.Client, unchanged: Unchanged
) -> None:
    for method, path, status, code in REQUESTS:
        answer = api.request(method, path)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["code"]) == (status, code), (path, answer.text)
        assert "Traceback" not in answer.text
        assert status != 405 or answer.headers["Allow"]
    unchanged()


def test_foreign_host_and_origin_are_refused(api: httpx.Client, unchanged: Unchanged) -> None:
    for headers, code in [
        ({"Host": "evil.example"}, "host_refused"),
        ({"Origin": "https://evil.example"}, "origin_refused"),
    ]:
        answer = api.post("/api/jobs", json={"job_type": "demo"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    unchanged()


BIG = "x" * 256_001

MESSAGES = [
    ("nonsense", "malformed", None),
    ("", "malformed", None),
    ("{}", "invalid", "type"),
    ('"register"', "invalid", None),
    ("[]", "limit", None),
    ('{"type":"launch"}', "unknown_type", "type"),
    ('{"type":7}', "invalid", "type"),
    ('{"type":"heartbeat","held":[],"colour":1}', "invalid", "colour"),
    ('{"type":"heartbeat","held":7}', "invalid", "held"),
    ('{"type":"heartbeat","held":[{"job_id":"a","fence":"1"}]}', "invalid", "held[0].fence"),
    ('{"type":"status"}', "invalid", "draining"),
    ('{"type":"job_started","job_id":"a"}', "invalid", "fence"),
    ('{"type":"job_progress","job_id":"a","fence":1,"percent":1e999}', "malformed", None),
    ('{"type":"job_failed","job_id":"a","fence":1,"error":{"message":"x"}}', "invalid", "error.type"),
    ('{"type":"job_log","job_id":"a","fence":1,"lines":[]}', "invalid", "lines"),
    ('{"type":"goodbye","request_id":"%s"}' % ("r" * 201), "invalid", "request_id"),
    ('{"type":"job_completed","job_id":"a","fence":1,"result":"' + BIG + '"}', "too_large", "result"),
    ('{"type":"job_completed","job_id":"a","fence":1,"result":' + DEEP + "}", "malformed", None),
]  # fmt: skip


@pytest.fixture
def worker(hub: Server, job_id: str) -> Iterator[Peer]:
    """A worker that takes no jobs of the test."""
    with open_worker(hub.url, job_types=("other",)) as peer:
        yield peer


def test_message_is_refused_and_changes_nothing_when_it_is_wrong(
    worker: Peer, service: RedisService
) -> None:
    before = read_state(service)
    for text, code, field in MESSAGES:
        worker.connection.send(text)
        error = worker.receive()
        assert (error["type"], error["code"], error.get("field")) == ("error", code, field), text[
            :80
        ]
    assert read_state(service) == before
    assert worker.ask("heartbeat", held=[]) == {"type": "heartbeat_ack", "held": []}


def test_stale_fence_changes_nothing_but_the_note_of_it(
    hub: Server, service: RedisService, job_id: str
) -> None:
    with open_worker(hub.url) as worker:
        given = worker.receive_type("assign")["jobs"][0]
        stale = {"job_id": job_id, "fence": given["fence"] - 1}
        before = read_state(service)
        for kind, said in [
            ("job_started", {}),
            ("job_progress", {"percent": 1}),
            ("job_log", {"lines": ["x"]}),
            ("job_released", {}),
        ]:
            answer = worker.ask(kind, **stale, **said)
            assert answer == {"type": "stale", "of": kind, **stale}
            assert read_state(service) == before, kind
        assert worker.ask("job_completed", **stale, result=1)["type"] == "stale"
        after = read_state(service)
    assert after.pop("events") == [*before.pop("events"), "result_rejected"]  # type: ignore[misc]
    assert after == before


def test_registering_twice_on_a_socket_is_an_error_and_changes_nothing(
    worker: Peer, service: RedisService
) -> None:
    before = read_state(service)
    for worker_id in ("w1", "w2"):
        error = worker.ask("register", worker_id=worker_id, job_types=["other"], request_id="r")
        assert (error["code"], error["field"], error["request_id"]) == (
            "already_registered",
            "type",
            "r",
        )
    assert read_state(service) == before


def test_anything_before_register_is_refused(
    hub: Server, service: RedisService, unchanged: Unchanged
) -> None:
    with open_socket(hub.url, "/ws/worker") as stranger:
        for kind, said in [
            ("heartbeat", {"held": []}),
            ("job_started", {"job_id": "a", "fence": 1}),
            ("goodbye", {}),
            ("auth", {"token": "x"}),
        ]:
            assert stranger.ask(kind, **said)["code"] == "out_of_order"
    unchanged()


def test_client_message_is_refused_and_changes_nothing_when_it_is_wrong(
    hub: Server, unchanged: Unchanged
) -> None:
    with open_socket(hub.url, "/ws/client") as client:
        for text, code, field in [
            ('{"type":"submit","job_type":"demo","job_id":"mine"}', "invalid", "job_id"),
            ('{"type":"submit_batch","jobs":[]}', "invalid", "jobs"),
            ('{"type":"submit_batch","jobs":[{"job_type":1}]}', "invalid", "jobs[0].job_type"),
            ('{"type":"follow"}', "invalid", "job_id"),
            ('{"type":"register","worker_id":"w","job_types":["a"]}', "unknown_type", "type"),
            ('{"type":"cancel","job_id":"a b"}', "invalid", "job_id"),
        ]:
            client.connection.send(text)
            error = client.receive()
            assert (error["code"], error.get("field")) == (code, field), error
    unchanged()


def test_monitor_is_told_why_and_closed_when_its_message_is_wrong(
    hub: Server, unchanged: Unchanged
) -> None:
    with open_socket(hub.url, "/ws/monitor") as monitor:
        error: Any = monitor.ask("subscribe", topics=["weather"])
        assert (error["type"], error["field"]) == ("error", "topics[0]")
        with pytest.raises(Exception) as closed:
            monitor.receive()
    assert closed.value.rcvd.code == 4500  # type: ignore[attr-defined]
    unchanged()
