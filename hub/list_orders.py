"""Lists that a group asked Redis for, until they come: windows of one list, and refreshes of all.

While a list is being read the group stands still for a moment: what comes must not be older than what the
group has seen.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hub.refresh import Refresh
from hub.snapshot import ListWindow

_FREEZE_S: Final = 0.1  # how long a group stands still for a list that is being read
_REFRESH_S: Final = 1.0  # how long it stands still for all lists: it has been waiting already


class ListOrders:
    """What was asked for in one epoch, and what came: at most one window a list, and one refresh."""

    def __init__(self, epoch: str) -> None:
        self._epoch = epoch
        self._asked: dict[str, float] = {}
        self._refresh_asked_at: float | None = None
        self.windows: list[tuple[str, ListWindow]] = []
        self.refresh: Refresh | None = None

    def offer(self, list_name: str, window: ListWindow | None) -> None:
        """Bring the rows of a list; None when it could not be read."""
        self._asked.pop(list_name, None)
        if window is not None and window.epoch == self._epoch:
            self.windows.append((list_name, window))

    def offer_refresh(self, refresh: Refresh) -> None:
        """Bring all lists."""
        self._refresh_asked_at = None
        if refresh.epoch == self._epoch:
            self.refresh = refresh

    def frozen(self, now: float) -> bool:
        """Whether to stand still."""
        asked_at = self._refresh_asked_at
        if asked_at is not None and now - asked_at < _REFRESH_S:
            return True
        return any(now - asked_at < _FREEZE_S for asked_at in self._asked.values())

    def ask(self, list_name: str, now: float) -> bool:
        """Note that a list is being read; False when it is already."""
        if list_name in self._asked:
            return False
        self._asked[list_name] = now
        return True

    def ask_refresh(self, now: float) -> bool:
        """Note that all lists are being read; False, once, when they did not come in time."""
        asked_at, self._refresh_asked_at = self._refresh_asked_at, None
        if asked_at is not None and now - asked_at >= _REFRESH_S:
            return False
        self._refresh_asked_at = now
        return True

    def take_windows(self, seq: int) -> list[tuple[str, ListWindow]]:
        """Hand over the windows up to `seq`, the oldest first."""
        ripe = [item for item in self.windows if item[1].seq <= seq]
        self.windows = [item for item in self.windows if item[1].seq > seq]
        return sorted(ripe, key=lambda item: item[1].seq)

    def drop_windows(self, list_names: Collection[str]) -> None:
        """Forget windows of lists that were sent since."""
        self.windows = [item for item in self.windows if item[0] not in list_names]
