"""The SDK for programs that submit jobs: `HubClient`."""

from __future__ import annotations

from hub.client.hub_client import HubClient, JobHandle
from hub.client.job import Job
from hub.client.outcomes import (
    BatchRefused,
    HubUnreachable,
    JobCancelled,
    JobFailed,
    JobNotCompleted,
    ResultTimeout,
)

__all__ = [
    "BatchRefused",
    "HubClient",
    "HubUnreachable",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobHandle",
    "JobNotCompleted",
    "ResultTimeout",
]
