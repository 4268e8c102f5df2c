"""Test programs that use Jobhub: a handler without servers, or everything with a real hub.

    from hub.testing import run_job, running_hub, working

    run = run_job(worker, "resize", {"sizes": [64, 128]})
    assert run.result == {"files": 2}

    with running_hub() as hub, working(worker, hub):
        assert hub.client.submit("resize", {"sizes": [64]}).result(timeout_s=30) == {"files": 1}

With pytest, `pytest_plugins = ["hub.testing.fixtures"]` gives the fixture `jobhub`.
"""

from __future__ import annotations

from hub.testing.embedded_hub import EmbeddedHub, HubDidNotStart, running_hub, working
from hub.testing.run import Run, run_job

__all__ = ["EmbeddedHub", "HubDidNotStart", "Run", "run_job", "running_hub", "working"]
