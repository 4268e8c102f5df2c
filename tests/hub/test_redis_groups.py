"""A hub on Sentinel and on a Cluster: it finds the server, and finds it again when it is another one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.config import describe_settings
from hub.errors import InvalidInput
from hub.keys import Keys
from hub.redis_routes import read_redis_url
from hub.redis_service import RedisService
from tests.support.processes import Server, hub_environ, serving
from tests.support.redis_groups import Cluster, Watched, redis_cluster, watched_redis
from tests.support.sockets import open_worker
from tests.support.waiting import wait_until


def run_a_job(hub_url: str, worker_id: str = "w1") -> None:
    """Submit a job and do it: every kind of script and the dispatch of events."""
    with (
        httpx.Client(base_url=hub_url, timeout=30) as api,
        open_worker(hub_url, worker_id) as worker,
    ):
        job_id = api.post("/api/jobs", json={"job_type": "demo"}).json()["job_id"]
        (given,) = worker.receive_type("assign")["jobs"]
        about = {"job_id": given["job"]["job_id"], "fence": given["fence"]}
        assert about["job_id"] == job_id
        worker.send("job_completed", **about, result={"n": 1})
        assert worker.receive_type("ack")["job_id"] == job_id
        assert api.get(f"/api/jobs/{job_id}/result").json()["result"] == {"n": 1}


def is_ready(hub: Server) -> bool:
    return httpx.get(f"{hub.url}/readyz", timeout=30).status_code == 200


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with watched_redis(tmp_path / "redis") as group:
        yield group


def test_hub_follows_the_primary_when_sentinels_name_another(
    watched: Watched, namespace: str, tmp_path: Path
) -> None:
    environ = hub_environ(watched.url, namespace, tmp_path)
    with serving("hub", environ=environ) as hub, httpx.Client(base_url=hub.url, timeout=30) as api:
        run_a_job(hub.url)
        epoch = api.get("/api/stats").json()["epoch"]
        kept = api.post("/api/jobs", json={"job_type": "other"}).json()["job_id"]
        watched.primary.ask("WAIT", 1, 5_000)
        watched.primary.process.send_signal(
            signal.SIGSTOP
        )  # harder than a kill: nothing is refused
        wait_until(lambda: b"role:master" in _role(watched), timeout_s=40)
        wait_until(lambda: is_ready(hub), timeout_s=40)
        assert api.get(f"/api/jobs/{kept}").json()["status"] == "pending"
        assert api.get("/api/stats").json()["epoch"] != epoch
        run_a_job(hub.url)
        assert "Traceback" not in hub.output


def _role(watched: Watched) -> bytes:
    info: dict[str, Any] = watched.replica.client().info("replication")
    return f"role:{info['role']}".encode()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with redis_cluster(tmp_path / "redis") as group:
        yield group


def test_namespaces_are_hubs_on_different_nodes_of_a_cluster(
    cluster: Cluster, tmp_path: Path
) -> None:
    names = {cluster.owner(f"team{number}"): f"team{number}" for number in range(20)}
    first, second = sorted(names)[:2]
    for owner in (first, second):
        environ = hub_environ(cluster.url, names[owner], tmp_path)
        with serving("hub", environ=environ) as hub:
            run_a_job(hub.url)
    sizes = [node.ask("DBSIZE") > 0 for node in cluster.nodes]
    assert [place for place, used in enumerate(sizes) if used] == [first, second]


def test_hub_follows_its_slot_when_it_moves_to_another_node(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    source = cluster.owner(namespace)
    with serving("hub", environ=hub_environ(cluster.url, namespace, tmp_path)) as hub:
        run_a_job(hub.url)
        with httpx.Client(base_url=hub.url, timeout=30) as api:
            kept = api.post("/api/jobs", json={"job_type": "other"}).json()["job_id"]
            cluster.move(namespace, source, (source + 1) % 3)
            wait_until(lambda: is_ready(hub))
            assert api.get(f"/api/jobs/{kept}").json()["status"] == "pending"
        run_a_job(hub.url)
        assert cluster.nodes[source].ask("DBSIZE") == 0
        assert "Traceback" not in hub.output


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1",
        "redis+other://127.0.0.1",
        "redis+sentinel://127.0.0.1:26379",
        "redis+cluster://",
        "redis+cluster://a:x",
        "redis://127.0.0.1:port",
    ],
)
def test_url_is_refused_when_it_leads_nowhere(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        RedisService(url, Keys("t"))
    assert refused.value.field == "REDIS_URL"


def test_sentinels_have_a_password_of_their_own_and_no_password_is_shown() -> None:
    url = "rediss+sentinel://u:p%40@h1:1,h2/jobs/3?sentinel_password=s&ssl_ca_certs=/x"
    options = read_redis_url(url, "t")
    assert (options["username"], options["password"], options["db"]) == ("u", "p@", 3)
    assert options["ssl_ca_certs"] == "/x"
    assert "sentinel_password" not in options
    shown = {item.name: item.value for item in describe_settings({"REDIS_URL": url})}
    assert shown["REDIS_URL"] == (
        "rediss+sentinel://****@h1:1,h2/jobs/3?sentinel_password=****&ssl_ca_certs=/x"
    )
