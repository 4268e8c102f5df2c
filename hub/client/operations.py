"""What operators ask of a client, threaded or asyncio: many jobs at once, workers, queues, figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hub.answers import Action, BulkAnswer, Mark, MarkKind, Promise, Queue, Stats
from hub.client import fleet_calls
from hub.client.calls import Call
from hub.client.fleet_calls import Bulk
from hub.client.options import JobFilter
from hub.records import Worker

T = TypeVar("T")


class Operations:
    """The part of `HubClient` that people who run a hub need."""

    def perform(self, call: Call[T]) -> T:
        """Send a request, again where that is harmless, and read its answer."""
        raise NotImplementedError

    def bulk(
        self,
        action: Action,
        *,
        ids: Sequence[str] | None = None,
        filter: JobFilter | None = None,
        priority: int | None = None,
        dry_run: bool = False,
    ) -> BulkAnswer:
        """Cancel, retry, reprioritise or purge the jobs of `ids`, or all that pass `filter`.

        Any number of jobs, 1,000 a request. A job that is refused stands in the answer's `errors`; the
        others are done. With `dry_run` nothing changes, and the answer says what would.
        """
        work = Bulk(action, ids=ids, filter=filter, priority=priority, dry_run=dry_run)
        for call in work:
            work.add(self.perform(call))
        return work.total

    def workers(self) -> list[Worker]:
        """List the workers that are connected or remembered: connected ones first, at most 1,000."""
        return self.perform(fleet_calls.workers())

    def worker(self, worker_id: str) -> Worker:
        """Read one worker."""
        return self.perform(fleet_calls.worker(worker_id))

    def drain_worker(self, worker_id: str) -> Worker:
        """Let a worker finish what it has and take nothing new. Raises: Conflict: it is offline."""
        return self.perform(fleet_calls.drain_worker(worker_id, True))

    def resume_worker(self, worker_id: str) -> Worker:
        """Let a draining worker take jobs again."""
        return self.perform(fleet_calls.drain_worker(worker_id, False))

    def queues(self) -> list[Queue]:
        """List the job types with what waits for each."""
        return self.perform(fleet_calls.queues())

    def queue(self, job_type: str) -> Queue:
        """Read what waits of one job type."""
        return self.perform(fleet_calls.queue(job_type))

    def pause_queue(self, job_type: str) -> Queue:
        """Stop handing out jobs of a type; those that run go on."""
        return self.perform(fleet_calls.pause_queue(job_type, True))

    def resume_queue(self, job_type: str) -> Queue:
        """Hand out jobs of a type again."""
        return self.perform(fleet_calls.pause_queue(job_type, False))

    def stats(self) -> Stats:
        """Read the counts of jobs and workers by state, exact at the `seq` that comes with them."""
        return self.perform(fleet_calls.stats())

    def mark(self, label: str, kind: MarkKind = "note", *, at: int | None = None) -> Mark:
        """Set a mark on the time line of every chart, at `at` (Unix ms) or now: a deploy, say."""
        return self.perform(fleet_calls.mark(label, kind, at))

    def promises(self) -> list[Promise]:
        """List the promises to customers."""
        return self.perform(fleet_calls.promises())

    def set_promise(
        self, job_type: str, target_s: float | None, *, objective: float = 0.95
    ) -> Promise | None:
        """Promise that a share of `objective` of the jobs start within `target_s`; None ends it."""
        return self.perform(fleet_calls.set_promise(job_type, target_s, objective))


class AsyncOperations:
    """The part of `AsyncHubClient` that people who run a hub need."""

    async def perform(self, call: Call[T]) -> T:
        """Send a request, again where that is harmless, and read its answer."""
        raise NotImplementedError

    async def bulk(
        self,
        action: Action,
        *,
        ids: Sequence[str] | None = None,
        filter: JobFilter | None = None,
        priority: int | None = None,
        dry_run: bool = False,
    ) -> BulkAnswer:
        """Cancel, retry, reprioritise or purge the jobs of `ids`, or all that pass `filter`.

        Any number of jobs, 1,000 a request. A job that is refused stands in the answer's `errors`; the
        others are done. With `dry_run` nothing changes, and the answer says what would.
        """
        work = Bulk(action, ids=ids, filter=filter, priority=priority, dry_run=dry_run)
        for call in work:
            work.add(await self.perform(call))
        return work.total

    async def workers(self) -> list[Worker]:
        """List the workers that are connected or remembered: connected ones first, at most 1,000."""
        return await self.perform(fleet_calls.workers())

    async def worker(self, worker_id: str) -> Worker:
        """Read one worker."""
        return await self.perform(fleet_calls.worker(worker_id))

    async def drain_worker(self, worker_id: str) -> Worker:
        """Let a worker finish what it has and take nothing new. Raises: Conflict: it is offline."""
        return await self.perform(fleet_calls.drain_worker(worker_id, True))

    async def resume_worker(self, worker_id: str) -> Worker:
        """Let a draining worker take jobs again."""
        return await self.perform(fleet_calls.drain_worker(worker_id, False))

    async def queues(self) -> list[Queue]:
        """List the job types with what waits for each."""
        return await self.perform(fleet_calls.queues())

    async def queue(self, job_type: str) -> Queue:
        """Read what waits of one job type."""
        return await self.perform(fleet_calls.queue(job_type))

    async def pause_queue(self, job_type: str) -> Queue:
        """Stop handing out jobs of a type; those that run go on."""
        return await self.perform(fleet_calls.pause_queue(job_type, True))

    async def resume_queue(self, job_type: str) -> Queue:
        """Hand out jobs of a type again."""
        return await self.perform(fleet_calls.pause_queue(job_type, False))

    async def stats(self) -> Stats:
        """Read the counts of jobs and workers by state."""
        return await self.perform(fleet_calls.stats())

    async def mark(self, label: str, kind: MarkKind = "note", *, at: int | None = None) -> Mark:
        """Set a mark on the time line of every chart, at `at` (Unix ms) or now: a deploy, say."""
        return await self.perform(fleet_calls.mark(label, kind, at))

    async def promises(self) -> list[Promise]:
        """List the promises to customers."""
        return await self.perform(fleet_calls.promises())

    async def set_promise(
        self, job_type: str, target_s: float | None, *, objective: float = 0.95
    ) -> Promise | None:
        """Promise that a share of `objective` of the jobs start within `target_s`; None ends it."""
        return await self.perform(fleet_calls.set_promise(job_type, target_s, objective))
