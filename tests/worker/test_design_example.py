"""The example of the SDK's documentation, as it stands there."""

from __future__ import annotations

from hub.client import HubClient
from hub.worker import Worker
from tests.support.processes import Server


def test_result_comes_back_when_the_example_is_run(hub: Server) -> None:
    worker = Worker(hub.url, slots=4, capabilities={"gpu_memory_gb": 24})

    @worker.job("resize")
    def resize(job):  # type: ignore[no-untyped-def]
        sizes = job.payload["sizes"]
        for step, size in enumerate(sizes, 1):
            job.progress(step, of=len(sizes), message=f"{size}px")
        return {"files": len(sizes)}

    worker.start()
    try:
        with HubClient(hub.url) as client:
            handle = client.submit("resize", {"sizes": [64, 128]}, priority=80)
            assert handle.result(timeout_s=30) == {"files": 2}
            job = handle.refresh()
    finally:
        worker.stop()
    assert job.progress is not None
    assert (job.progress.current_step, job.progress.message) == (2, "128px")
