"""What a group of monitors has seen of the log and not sent yet: chosen, and folded when it is much.

The queue reads every event once, in order. It keeps what the subscription wants and holds back progress
that comes too soon. Its tracker mirrors the lists as the last frame left them, so that under load a
job can be left out that is on no screen: not before the frame, and not after it. For the compact form
its book knows the records on those screens, so that events shrink to what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hub.event_log import Event, LoggedEvent
from hub.list_tracker import ListTracker, list_of, may_be_cut
from hub.progress_folder import ProgressFolder
from hub.record_book import RecordBook
from hub.refresh import SHORT_ROWS, Refresh, lists_moved
from hub.snapshot import LISTS, Rows
from hub.subscription import Subscription, fold

_FOLD_OVER: Final = 200  # events in one frame that are worth folding
_PROGRESSES_A_S: Final = {"plain": 10, "compact": 20}
_WAITING_MAX: Final = 50_000  # events; a group that has more begins anew with snapshots
_WAITING_LISTS: Final = frozenset(
    {"pending", "scheduled"}
)  # the lists that are far longer than a window


class GroupQueue:
    """Takes events, gives frames' worth of them.

    seen: the seq of the last event taken. unknown: lists whose rows nobody told yet. unsure: lists in
    which somebody may show more or fewer rows than the mirror has. suspect: those of them that are to
    be sent again. urgent: more than progress and figures waits.
    """

    def __init__(self, subscription: Subscription, seen: int) -> None:
        self.subscription = subscription
        self.seen = seen
        self.tracker = ListTracker()
        self.unknown: set[str] = set(LISTS) if subscription.shows_jobs else set()
        self.unsure: set[str] = set()
        self.suspect: set[str] = set()
        self.progress = ProgressFolder(_PROGRESSES_A_S[subscription.form])
        self.urgent = False
        self._book = RecordBook() if subscription.form == "compact" else None
        self._waiting: list[LoggedEvent] = []

    def take(self, events: Sequence[LoggedEvent], now: float) -> None:
        """Look at the next events of the log."""
        wants = self.subscription.wants
        for logged in events:
            event = logged.event
            if not wants(event):
                continue
            if self.unknown:
                self._suspect_hole(logged)
            if event.type == "job_progress":
                if not self.progress.take(logged, now):
                    continue
            elif event.type != "system_stats":
                self.urgent = True
                if event.job is not None:
                    self.progress.supersede(event)
            self._waiting.append(logged)
        if events:
            self.seen = events[-1].seq

    def _suspect_hole(self, logged: LoggedEvent) -> None:
        """Note what leaves a list that no mirror follows yet: a screen may lack a row of it now."""
        status = logged.event.old_status
        if logged.event.job is None or status is None:
            return
        name = list_of(status)
        if name in self.unknown and may_be_cut(name, logged.counts):
            self.suspect.add(name)
            self.unsure.add(name)

    @property
    def overfull(self) -> bool:
        """Whether more waits than may: nobody is to be sent any of it."""
        return len(self._waiting) > _WAITING_MAX

    # --- What goes out ------------------------------------------------------------------------

    def release(self, now: float, *, held: bool) -> list[LoggedEvent]:
        """Give what waits, with progress that is due. `held`: it waited for the traffic budget."""
        released = self.progress.due(now)
        events, self._waiting, self.urgent = self._waiting + released, [], False
        if released:
            events.sort(key=lambda logged: logged.seq)
        if held or len(events) > _FOLD_OVER:
            return self._fold(events)
        if self._book is None:
            self.mirror(self.tracker, events)
            return events
        return self._shorten(events, self._book)

    def release_stats(self) -> list[LoggedEvent]:
        """Give the figures of closed seconds that wait, and nothing else."""
        stats = [item for item in self._waiting if item.event.type == "system_stats"]
        if stats:
            self._waiting = [item for item in self._waiting if item.event.type != "system_stats"]
        return stats

    def owes_more_than(self, size_bytes: float) -> bool:
        """Whether the latest event of every record on a screen, now or then, is more than `size_bytes`."""
        if sum(len(logged.raw) for logged in self._waiting) <= size_bytes:
            return False
        shown = self._shown_before(self._waiting)
        told = [
            logged
            for logged in fold(self._waiting)
            if logged.event.job is None
            or shown[logged.event.job_id or ""]
            or self.tracker.would_show(logged.event)
        ]
        return sum(len(logged.raw) for logged in told) > size_bytes

    def release_for(self, refresh: Refresh, now: float) -> tuple[list[LoggedEvent], list[str]]:
        """Give what waits beside the lists that `refresh` shows whole, and name those lists."""
        moved = lists_moved(self._waiting)
        if "active" in moved:
            self.progress.shown(refresh.seq)
        events = [
            logged
            for logged in fold(self._waiting + self.progress.due(now))
            if logged.event.job is None
            and not (logged.event.type == "job_progress" and "active" in moved)
        ]
        if self._book is not None:
            self._book.forget(self._waiting)
            events = [self._book.shorten(logged, shown=False) for logged in events]
        self._waiting, self.urgent = [], False
        for name in moved:  # a job may have gone from one of them to another
            self.tracker.fill(name, Rows([], True), now)
        for name in moved:
            self.fill(name, refresh.lists[name], now, short=name in SHORT_ROWS)
        return events, sorted(moved)

    # --- What is on the screens ---------------------------------------------------------------

    def fill(self, list_name: str, rows: Rows, now: float, *, short: bool = False) -> None:
        """Learn the rows of a list that every monitor was sent. `short`: fewer on purpose, for now."""
        self.tracker.fill(list_name, rows, now, short=short)
        self.unknown.discard(list_name)
        if not short:
            self.unsure.discard(list_name)
            self.suspect.discard(list_name)
        if self._book is not None:
            self._book.fill(rows.rows)

    def learn(self, lists: Iterable[Rows], since: Sequence[LoggedEvent]) -> None:
        """Note the records of a snapshot that a monitor began with, and of the events after it."""
        if self._book is not None:
            for rows in lists:
                self._book.fill(rows.rows, known_better=True)
            self._book.note(since)

    def mirror(self, tracker: ListTracker, events: Sequence[LoggedEvent]) -> None:
        """Move jobs in `tracker` as a monitor does that is sent `events`."""
        if not self.subscription.shows_jobs:
            return
        record_filter = self.subscription.filter
        for logged in events:
            event = logged.event
            if event.job is not None:
                tracker.apply(event, matches=record_filter.all or record_filter.job(event.after))

    def _shorten(self, events: Sequence[LoggedEvent], book: RecordBook) -> list[LoggedEvent]:
        told = []
        for logged in events:
            told.append(book.shorten(logged, shown=self._shown_by_all(logged.event.job_id)))
            self.mirror(self.tracker, (logged,))
        book.keep(self.tracker.shown)
        return told

    def _shown_by_all(self, job_id: str | None) -> bool:
        name = None if job_id is None else self.tracker.shown_by_all(job_id)
        return name is not None and name not in self.unknown and name not in self.unsure

    def _fold(self, events: list[LoggedEvent]) -> list[LoggedEvent]:
        """Keep the latest of every record that is on a screen now, or will be."""
        shown = self._shown_before(events)
        folded = fold(events)
        everywhere = set()  # seqs: a move before may have pushed the job out of its window
        for logged in folded:
            if self._shown_by_all(logged.event.job_id):
                everywhere.add(logged.seq)
            self.mirror(self.tracker, (logged,))
        visible = [logged for logged in folded if self._visible(logged.event, shown)]
        if self._book is None:
            return visible
        told = {logged.seq for logged in visible}
        self._book.forget(logged for logged in folded if logged.seq not in told)
        return [self._book.shorten(logged, shown=logged.seq in everywhere) for logged in visible]

    def _shown_before(self, events: Iterable[LoggedEvent]) -> dict[str, bool]:
        """Whether a screen may show each job that `events` move, before they do."""
        shown: dict[str, bool] = {}
        for logged in events:
            event = logged.event
            if event.job is not None and event.job_id is not None and event.job_id not in shown:
                shown[event.job_id] = self._may_show(event.job_id, event.old_status)
        return shown

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
