"""What the Live page's charts read when a person splits them by job type or worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.dashboard.test_job_routes import browser_of
from tests.support.processes import Server
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until

FINISHED = {"mail": 3, "resize": 2, "import": 1, "report": 1, "score": 1, "train": 1}


@pytest.fixture
def browser(hub: Server) -> Iterator[FlaskClient]:
    with browser_of(hub.url) as browser:
        yield browser


@pytest.fixture
def finished(hub: Server, browser: FlaskClient) -> None:
    """Jobs of six types that one worker completed, all in closed seconds."""
    with open_worker(hub.url, "w1", tuple(FINISHED), slots=9) as worker:
        for job_type, count in FINISHED.items():
            body = {"job_type": job_type}
            for _ in range(count):
                browser.post("/hub/jobs", json=body, headers={"Origin": "http://localhost"})
        done = 0
        while done < sum(FINISHED.values()):
            for given in worker.receive_type("assign", timeout_s=30)["jobs"]:
                job_id, fence = given["job"]["job_id"], given["fence"]
                worker.send("job_completed", job_id=job_id, fence=fence, result=None)
                done += 1
    wait_until(lambda: total(split(browser, "worker")) == sum(FINISHED.values()), timeout_s=30)


def split(browser: FlaskClient, by: str, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = browser.get(f"/live/split?by={by}&step=20{query}").json
    return answer


def names(answer: dict[str, Any]) -> list[str]:
    return [group["name"] for group in answer["groups"]]


def total(answer: dict[str, Any]) -> int:
    return sum(sum(columns["completed"]) for columns in answer["groups"])


@pytest.mark.usefixtures("finished")
def test_the_groups_that_finished_most_are_told_and_that_there_are_more(
    browser: FlaskClient,
) -> None:
    answer = split(browser, "job_type")
    mail = answer["groups"][0]
    assert names(answer)[:2] == ["mail", "resize"]
    assert len(answer["groups"]) == 5
    assert answer["others"] is True
    assert sum(mail["completed"]) == 3
    lengths = {len(column) for name, column in mail.items() if name != "name"}
    assert lengths == {len(mail["at"])}


@pytest.mark.usefixtures("finished")
def test_the_same_groups_are_told_again_when_they_are_named(browser: FlaskClient) -> None:
    answer = split(browser, "job_type", "&name=train&name=never")
    assert names(answer) == ["train", "never"]
    assert [sum(group["completed"]) for group in answer["groups"]] == [1, 0]
    assert answer["closed_until"] % 1000 == 0


def test_split_is_refused_when_it_is_by_something_else(browser: FlaskClient) -> None:
    answer = browser.get("/live/split?by=customer")
    assert answer.status_code == 422
    assert "job_type or worker" in answer.json["detail"]


def test_nothing_is_told_but_the_time_when_nothing_ever_finished(browser: FlaskClient) -> None:
    answer = split(browser, "worker")
    assert (answer["groups"], answer["others"]) == ([], False)
    assert answer["closed_until"] > 0
