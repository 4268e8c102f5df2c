"""The SDK for programs that do jobs: `Worker`, and what its handlers use."""

from __future__ import annotations

from hub.worker.job import Job, JobCancelled, NotRetryable
from hub.worker.session import WorkerRefused
from hub.worker.worker import Worker

__all__ = ["Job", "JobCancelled", "NotRetryable", "Worker", "WorkerRefused"]
