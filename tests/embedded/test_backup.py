"""The data directory is copied while the hub works, and another hub starts on the copy."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import httpx

from hub.config import load_settings
from hub.embedded import acquire
from hub.job_broker import JobBroker
from hub.keys import Keys
from hub.messages import SubmitRequest
from hub.redis_service import RedisService
from tests.support.processes import serving
from tests.support.waiting import wait_until


def copy_running(source: Path, copy: Path) -> bool:
    """Copy as docs/operations.md says; False when the log was rewritten meanwhile: copy again."""
    manifest = source / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    before = manifest.read_bytes()
    shutil.rmtree(copy, ignore_errors=True)
    (copy / "redis").mkdir(parents=True, mode=0o700)
    shutil.copytree(manifest.parent, copy / "redis" / "appendonlydir")
    return manifest.read_bytes() == before


def test_hub_starts_on_a_copy_that_was_made_while_jobs_came_in(tmp_path: Path) -> None:
    settings = load_settings({}, {"data_dir": str(tmp_path / "data")})
    stopping = threading.Event()
    made: list[str] = []
    with acquire(settings) as server:
        service = RedisService(server.url, Keys("jobhub"))
        broker = JobBroker(service, settings)

        def load() -> None:
            while not stopping.is_set():
                request = SubmitRequest(job_type="demo")
                made.append(broker.submit(request, submitted_by="x").job.job_id)

        loading = threading.Thread(target=load, daemon=True)
        loading.start()
        wait_until(lambda: len(made) > 20)
        service.redis.execute_command("WAITAOF", 1, 0, 5_000)
        known = list(made[:20])
        wait_until(lambda: copy_running(tmp_path / "data", tmp_path / "copy"))
        stopping.set()
        loading.join(30)
        service.close()
    environ = {"JOBHUB_DATA_DIR": str(tmp_path / "copy"), "JOBHUB_PORT": "0"}
    with serving("hub", environ=environ) as hub, httpx.Client(base_url=hub.url) as api:
        pending = api.get("/api/stats").json()["counts"]["pending"]
        assert len(known) <= pending <= len(made)
        for job_id in known:
            assert api.get(f"/api/jobs/{job_id}").json()["status"] == "pending"
        assert api.post("/api/jobs", json={"job_type": "demo"}).status_code == 201
        assert hub.stop() == 0
