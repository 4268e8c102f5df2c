"""What docs/sdk.md and docs/quickstart.md show is there, and does what they say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hub.client import AsyncHubClient, AsyncJobHandle, HubClient, JobHandle
from hub.client.options import SubmitOptions
from hub.worker import Job, Worker
from tests.support.processes import Server

DOCS = [Path("docs/sdk.md"), Path("docs/quickstart.md"), Path("docs/web-apps.md")]
SDK = Path("docs/sdk.md").read_text()


def blocks(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(), re.S)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_every_python_block_is_python(path: Path) -> None:
    for block in blocks(path):
        ast.parse(block)


def test_result_is_printed_when_the_quickstart_is_pasted(
    hub: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOBHUB_HUB_URL", hub.url)
    worker_code, client_code = blocks(Path("docs/quickstart.md"))
    namespace: dict[str, object] = {"__name__": "my_worker"}
    exec(worker_code, namespace)
    worker = namespace["worker"]
    assert isinstance(worker, Worker)
    worker.start(wait_s=30)
    try:
        exec(client_code, {})
    finally:
        worker.stop(timeout_s=10)
    assert capsys.readouterr().out == "{'files': 2}\n"


@pytest.mark.parametrize("name", sorted(n for n in vars(Job) if not n.startswith("_")))
def test_every_member_of_a_job_is_documented(name: str) -> None:
    if name != "cancel":  # the SDK's own
        assert name in SDK


def test_every_option_of_submit_is_documented() -> None:
    shown = ["priority", "requirements", "delay_s", "run_at", "max_attempts", "retry", "timeout_s"]
    shown += ["idempotency_key", "customer_id", "workflow_id", "step_number"]
    rest = {"workflow_priority", "workflow_submitted_at", "total_steps"}  # under "..."
    assert set(shown) | rest == set(SubmitOptions.__annotations__)
    assert all(f"`{name}`" in SDK for name in shown)


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_asyncio_client_has_what_the_other_has() -> None:
    assert public(HubClient) == public(AsyncHubClient)
    assert public(JobHandle) == public(AsyncJobHandle)


@pytest.mark.parametrize("name", sorted(public(HubClient) | public(JobHandle)))
def test_every_method_of_a_client_is_documented(name: str) -> None:
    assert f"`{name}" in SDK or name in ("perform", "close", "job_id")  # the SDK's own, and plain
