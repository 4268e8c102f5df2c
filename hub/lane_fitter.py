"""Keeps Redis told which lanes each connected profile fits, and which lanes nobody fits.

Matching is Python (`hub.matching`), order is Redis: a profile's lanes stand there sorted by their
heads, complete for one `lanes_version`. When a lane is made, the next claim is told to refresh
instead of taking a job that may not be the most urgent; the fit is then written for the version
it was computed from, or computed again.
"""

from __future__ import annotations

import msgspec

from hub.matching import Lane, Profile, fits, why_unworkable
from hub.redis_service import RedisService


class LaneBoard(msgspec.Struct, frozen=True):
    """The lanes and connected profiles of one moment, by id."""

    version: str
    lanes: dict[str, Lane]
    pending: dict[str, int]
    profiles: dict[str, Profile]
    unworkable: dict[str, bytes]


class UnworkableNote(msgspec.Struct, frozen=True):
    """Why nobody can take the jobs of a lane; `requirements` is JSON text."""

    requirements: str
    reason: str


class LaneFitter:
    """Computes fits; any hub may, and equal input gives equal output."""

    def __init__(self, service: RedisService) -> None:
        self._service = service

    def read(self) -> LaneBoard:
        """Read lanes and profiles. Redis: read_lanes.lua, one round trip, O(lanes + profiles)."""
        version, lanes, profiles, unworkable = self._service.run("read_lanes")
        return LaneBoard(
            version.decode(),
            {
                lane.decode(): msgspec.json.decode(text, type=Lane)
                for lane, text in zip(lanes[::3], lanes[1::3], strict=True)
            },
            {lane.decode(): count for lane, count in zip(lanes[::3], lanes[2::3], strict=True)},
            {
                profile.decode(): msgspec.json.decode(text, type=Profile)
                for profile, text in zip(profiles[::2], profiles[1::2], strict=True)
            },
            {
                lane.decode(): note
                for lane, note in zip(unworkable[::2], unworkable[1::2], strict=True)
            },
        )

    def refresh(self) -> bool:
        """Bring every connected profile up to the newest lanes; False when a lane was made meanwhile.

        Redis: read_lanes.lua, then fit_lanes.lua a profile.
        """
        board = self.read()
        return all(self._fit(board, profile_id) for profile_id in board.profiles)

    def _fit(self, board: LaneBoard, profile_id: str) -> bool:
        profile = board.profiles[profile_id]
        lanes = [lane_id for lane_id, lane in board.lanes.items() if fits(lane, profile)]
        reply: bytes = self._service.run(
            "fit_lanes",
            profile=profile_id,
            version=board.version,
            lanes=msgspec.json.encode(lanes),
        )
        return reply == b"fitted"

    def mark_unworkable(self) -> int:
        """Note lanes with waiting jobs that no connected worker fits, and unmark the others.

        Returns: lanes changed; each job type tells its own as one queue_changed.
        """
        board = self.read()
        notes: dict[str, dict[str, str]] = {}
        for lane_id, lane in board.lanes.items():
            reason = why_unworkable(lane, board.profiles) if board.pending[lane_id] else None
            note = _note(lane, reason)
            if note != board.unworkable.get(lane_id, b""):
                notes.setdefault(lane.job_type, {})[lane_id] = note.decode()
        return sum(
            self._service.run(
                "mark_unworkable", job_type=job_type, notes=msgspec.json.encode(changes)
            )
            for job_type, changes in notes.items()
        )


def _note(lane: Lane, reason: str | None) -> bytes:
    if reason is None:
        return b""
    requirements = msgspec.json.encode(lane.requirements or {}).decode()
    return msgspec.json.encode(UnworkableNote(requirements, reason))
