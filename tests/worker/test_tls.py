"""Workers and clients of a hub behind TLS."""

from __future__ import annotations

import pytest

from hub.client import HubClient, HubUnreachable
from hub.worker import Job, Worker
from tests.support.processes import Server
from tests.support.tls_proxy import CERTIFICATE, tls_proxy


def test_jobs_pass_both_ways_at_once_when_the_hub_is_behind_tls(
    hub: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with tls_proxy(hub.url) as url:
        worker = Worker(url, slots=4, prefetch=20)

        @worker.job("echo")
        def echo(job: Job) -> str:
            for step in range(20):
                job.progress(step, of=20)
            return str(job.payload["text"])

        worker.start(wait_s=30)
        try:
            with HubClient(url) as client:
                text = "x" * 50_000
                jobs = client.submit_batch(
                    {"job_type": "echo", "payload": {"text": f"{n}{text}"}} for n in range(100)
                )
                for number, job in enumerate(jobs):
                    assert job.result(timeout_s=60) == f"{number}{text}"
        finally:
            worker.stop(timeout_s=10)


def test_certificate_that_nobody_vouches_for_is_refused(hub: Server) -> None:
    with (
        tls_proxy(hub.url) as url,
        HubClient(url) as client,
        pytest.raises(HubUnreachable, match="certificate"),
    ):
        client.submit("echo")
