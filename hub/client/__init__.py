"""The SDK for programs that submit jobs: `HubClient`, and `AsyncHubClient` for asyncio."""

from __future__ import annotations

from hub.answers import BulkAnswer, Mark, MatchReport, Promise, Queue, QueuePlace, Stats, Transition
from hub.client.async_hub_client import AsyncHubClient, AsyncJobHandle
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
    "AsyncHubClient",
    "AsyncJobHandle",
    "BatchRefused",
    "BulkAnswer",
    "HubClient",
    "HubUnreachable",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobHandle",
    "JobNotCompleted",
    "Mark",
    "MatchReport",
    "Promise",
    "Queue",
    "QueuePlace",
    "ResultTimeout",
    "Stats",
    "Transition",
]
