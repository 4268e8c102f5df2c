"""What a group of monitors has seen of the log and not sent yet: chosen, and folded when it is much.

The queue reads every event once, in order. It keeps what the subscription wants and holds back progress
that comes too soon. Its tracker mirrors the lists as the last frame left them, so that under load a
job can be left out that is on no screen: not before the frame, and not after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.event_log import Event, LoggedEvent
from hub.list_tracker import ListTracker, list_of
from hub.progress_folder import ProgressFolder
from hub.snapshot import LISTS
from hub.subscription import Subscription, fold

_FOLD_OVER: Final = 200  # events in one frame that are worth folding
_WAITING_LISTS: Final = frozenset(
    {"pending", "scheduled"}
)  # the lists that are far longer than a window


class GroupQueue:
    """Takes events, gives frames' worth of them.

    seen: the seq of the last event taken. unknown: lists whose rows nobody told yet. unsure: lists in
    which somebody may show more rows than the mirror has.
    """

    def __init__(self, subscription: Subscription, seen: int) -> None:
        self.subscription = subscription
        self.seen = seen
        self.tracker = ListTracker()
        self.unknown: set[str] = set(LISTS) if subscription.shows_jobs else set()
        self.unsure: set[str] = set()
        self.progress = ProgressFolder()
        self._waiting: list[LoggedEvent] = []

    def take(self, events: Sequence[LoggedEvent], now: float) -> None:
        """Look at the next events of the log."""
        wants = self.subscription.wants
        for logged in events:
            event = logged.event
            if not wants(event):
                continue
            if event.type == "job_progress":
                if not self.progress.take(logged, now):
                    continue
            elif event.job is not None:
                self.progress.supersede(event)
            self._waiting.append(logged)
        if events:
            self.seen = events[-1].seq

    def release(self, now: float, *, held: bool) -> list[LoggedEvent]:
        """Give what waits, with progress that is due. `held`: it waited for the traffic budget."""
        released = self.progress.due(now)
        events, self._waiting = self._waiting + released, []
        if released:
            events.sort(key=lambda logged: logged.seq)
        if held or len(events) > _FOLD_OVER:
            return self._fold(events)
        self.mirror(self.tracker, events)
        return events

    def mirror(self, tracker: ListTracker, events: Sequence[LoggedEvent]) -> None:
        """Move jobs in `tracker` as a monitor does that is sent `events`."""
        if not self.subscription.shows_jobs:
            return
        record_filter = self.subscription.filter
        for logged in events:
            event = logged.event
            if event.job is not None:
                tracker.apply(event, matches=record_filter.all or record_filter.job(event.after))

    def _fold(self, events: list[LoggedEvent]) -> list[LoggedEvent]:
        """Keep the latest of every record that is on a screen now, or will be."""
        shown: dict[str, bool] = {}
        for logged in events:
            event = logged.event
            if event.job is not None and event.job_id is not None and event.job_id not in shown:
                shown[event.job_id] = self._may_show(event.job_id, event.old_status)
        folded = fold(events)
        self.mirror(self.tracker, folded)
        return [logged for logged in folded if self._visible(logged.event, shown)]

    def _may_show(self, job_id: str, status: str | None) -> bool:
        """Whether a screen may show the job. Only the waiting lists are worth a look."""
        if status is None:
            return False
        if status not in _WAITING_LISTS or status in self.unknown or status in self.unsure:
            return True
        return self.tracker.shows(job_id)

    def _visible(self, event: Event, shown: dict[str, bool]) -> bool:
        if event.job is None or event.job_id is None or not self.subscription.shows_jobs:
            return True
        if shown[event.job_id] or self.tracker.shows(event.job_id):
            return True
        list_name = list_of(event.new_status or "")
        return list_name in self.unknown or list_name in self.unsure
