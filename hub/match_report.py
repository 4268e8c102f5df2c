"""Why a job waits: for every worker whether it fits, why not, and what keeps it from the job now."""

from __future__ import annotations

from typing import Final

import msgspec

from hub.answers import MatchReport, WorkerMatch
from hub.errors import NotFound
from hub.job_control import decode_record
from hub.matching import Lane, Profile, misfits, why_unworkable
from hub.redis_service import RedisService
from hub.states import WorkerStatus

WORKERS_MAX: Final = 500  # as many as a snapshot shows


class MatchReader:
    """Compares one job with the fleet."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def match(self, job_id: str) -> MatchReport:
        """Say for every worker whether it fits the job, and why not.

        Raises: NotFound. Redis: read_offers.lua, one round trip, O(workers), 500 at most.
        """
        found = self._service.run("read_offers", job_id=job_id, limit=WORKERS_MAX)
        if found is None:
            raise NotFound(f"no job {job_id}", field="job_id")
        record, paused, flat, profile_texts, total = found
        job = decode_record(record)
        lane = Lane(job.job_type, job.requirements)
        profiles = {
            profile: msgspec.json.decode(text, type=Profile)
            for profile, text in zip(profile_texts[::2], profile_texts[1::2], strict=True)
        }
        reasons = {profile: misfits(lane, offer) for profile, offer in profiles.items()}
        offers = list(zip(flat[::4], flat[1::4], flat[2::4], flat[3::4], strict=True))
        connected = {
            profile.decode(): profiles[profile]
            for _, status, profile, _ in offers
            if status != b"offline"
        }
        return MatchReport(
            job_id,
            job.status,
            bool(paused),
            why_unworkable(lane, connected),
            [
                _match(worker_id.decode(), status.decode(), reasons[profile], free)
                for worker_id, status, profile, free in offers
            ],
            total > len(offers),
        )


def _match(worker_id: str, status: WorkerStatus, reasons: list[str], free: int) -> WorkerMatch:
    waits_for = None
    if status in ("offline", "draining"):
        waits_for = f"the worker is {status}"
    elif free <= 0:
        waits_for = "the worker has no free slot"
    return WorkerMatch(worker_id, status, not reasons, reasons, waits_for)
