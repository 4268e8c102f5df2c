"""Every default limit of the hub in one place, with its unit."""

from __future__ import annotations

from typing import Final

BODY_BYTES: Final = 1_000_000
PAYLOAD_BYTES: Final = 64_000
RESULT_BYTES: Final = 256_000
JSON_DEPTH: Final = 32
NAME_CHARS: Final = 200
ERROR_MESSAGE_CHARS: Final = 4_000
TRACEBACK_LINES: Final = 50
TRACEBACK_CHARS: Final = 16_000
PROGRESS_MESSAGE_CHARS: Final = 500
BATCH_JOBS: Final = 1_000
LANES: Final = 1_000
LOG_LINES_A_MESSAGE: Final = 100
LOG_LINE_CHARS: Final = 2_000
LOG_LINES_KEPT: Final = 1_000
HISTORY_ENTRIES_KEPT: Final = 200
SLOTS: Final = 1_000
MESSAGES_PER_S: Final = 2_000  # of one socket; an array of messages is one
JOB_TYPES_A_WORKER: Final = 200
HELD_A_WORKER: Final = 2_000
OFFLINE_WORKERS: Final = 1_000  # remembered; the longest gone is forgotten first
CAPABILITIES_BYTES: Final = 16_000
REQUIREMENTS_BYTES: Final = 4_000
TIME_MAX_MS: Final = 99_999_999_999_999  # year 5138: the 14 digits that Redis' cjson writes exactly
FIGURE_GROUPS: Final = 500  # job types, and workers, whose figures are kept apart
SCRAPED_JOB_TYPES: Final = 100  # job types that /metrics tells apart
IDEMPOTENCY_MS: Final = 86_400_000  # a key lives as long as its job, and at least this long

SNAPSHOT_BYTES: Final = 1_048_576
SNAPSHOT_WINDOW: Final = 100  # rows of pending, scheduled, completed, failed, cancelled
SNAPSHOT_ACTIVE: Final = 500  # rows of active jobs, and of workers
FILTER_SCAN: Final = 2_000  # rows of a list that are looked through for those that pass a filter
WINDOW_BYTES: Final = 262_144  # a list sent again
SUBSCRIPTIONS: Final = (
    256  # different topics and filters a hub; monitors that ask for the same share one
)
