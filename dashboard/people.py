"""Who looks at a page: found before each request, and what the hub is asked in whose name.

    open       no user exists and only this machine reaches the dashboard: everybody is an operator
    signed in  by a session cookie, or by the header of a proxy that knows its people (SSO)

The hub keeps the users; they are read at most every five seconds, so a removal or a change of role
acts on sessions that are there. Until they could be read once, nothing is asked of the hub for anybody.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import gevent
import msgspec
from werkzeug.datastructures import Headers

from dashboard.config import DashboardConfig
from dashboard.hub_client import HubApi, HubRefused, HubUnreachable, segment
from dashboard.person import OPEN, Person, Role
from hub.errors import Forbidden, InvalidInput
from hub.passwords import password_matches

_KNOWN_S: Final = 5.0
_AGAIN_S: Final = 1.0
_ANSWER_S: Final = 3.0
_HUB_WITHIN_S: Final = 10.0  # a hub that starts at the same time
_ASK_EVERY_S: Final = 1.0
_NAME: Final = re.compile(r"[A-Za-z0-9_.:@/+-]{1,100}")


class User(msgspec.Struct, frozen=True):
    """A user as the hub lists them."""

    name: str
    role: Role
    changed_at: int


class People:
    """The users of the hub, and who of them a request is from."""

    def __init__(self, config: DashboardConfig) -> None:
        self._hub = HubApi(config.hub_url, config.token)
        self._header = config.trusted_user_header
        self._public = config.public
        self._lock = threading.Lock()
        self._users: dict[str, User] | None = None
        self._failure = HubUnreachable("the hub was not asked yet")
        self._until = 0.0

    def users(self) -> dict[str, User]:
        """Read the users by name, as of the last five seconds or of when the hub was last reached.

        Raises: HubUnreachable: they were never known.
        """
        with self._lock:
            if time.monotonic() >= self._until:
                self._refresh()
            if self._users is None:
                raise self._failure
            return self._users

    def identify(self, session: Mapping[str, Any], headers: Headers) -> Person | None:
        """Tell who asks; None when they have to sign in.

        Raises: Forbidden: the proxy names nobody.
        """
        try:
            users = self.users()
        except HubUnreachable as error:
            return Person(None, "viewer", error.message)
        if self._header is not None:
            return self._named_by_proxy(headers.get(self._header, ""), users)
        if not users and not self._public:
            return OPEN
        user = users.get(str(session.get("name")))
        if user is None or user.changed_at != session.get("changed_at"):
            return None
        return Person(user.name, user.role)

    def check_password(self, name: str, password: str) -> User | None:
        """Find the user whose password it is; takes as long when there is no such user.

        Raises: HubUnreachable, HubRefused.
        """
        stored = None
        if _NAME.fullmatch(name):
            try:
                stored = self._hub.get(f"/api/users/{segment(name)}")
            except HubRefused as error:
                if error.status != 404:
                    raise
        digest = stored["password_hash"] if stored else None
        # A third of a second of a core: in a thread of its own, or nobody else would be served meanwhile.
        if not gevent.get_hub().threadpool.apply(password_matches, (password, digest)):
            return None
        with self._lock:
            self._until = 0.0  # who was just added or changed is known to the next request
        return msgspec.convert(stored, User)

    def _refresh(self) -> None:
        try:
            self._users = self._read()
            self._until = time.monotonic() + _KNOWN_S
        except HubUnreachable as error:
            self._failure = error
            self._until = (
                time.monotonic() + _AGAIN_S
            )  # a hub that hangs holds up one request a second

    def _read(self) -> dict[str, User]:
        try:
            listed = self._hub.get("/api/users", timeout_s=_ANSWER_S)["users"]
        except HubRefused as error:
            if error.status != 403:
                raise HubUnreachable(error.message) from error
            listed = []  # the dashboard's own token is a viewer's: then nobody can do harm
        return {user.name: user for user in msgspec.convert(listed, list[User])}

    def _named_by_proxy(self, name: str, users: dict[str, User]) -> Person:
        if not _NAME.fullmatch(name):
            raise Forbidden(f"the proxy names nobody in {self._header}")
        known = users.get(name)
        return Person(name, known.role if known else "viewer")


def require_people(config: DashboardConfig, wait_s: float = _HUB_WITHIN_S) -> None:
    """Refuse to be reached from outside while nobody could sign in.

    A hub that starts at the same time gets `wait_s`; without an answer only the sign-in page is served.

    Raises: InvalidInput.
    """
    if not config.public or config.trusted_user_header is not None:
        return
    people = People(config)
    until = time.monotonic() + wait_s
    while True:
        try:
            users = people.users()
        except HubUnreachable:
            if time.monotonic() >= until:
                return
            time.sleep(_ASK_EVERY_S)
            continue
        if not users:
            raise InvalidInput(
                "others can reach the dashboard, and no user exists: `jobhub user add NAME --role operator`, "
                "or JOBHUB_TRUSTED_USER_HEADER behind a proxy that signs people in, or keep 127.0.0.1",
                field="JOBHUB_HOST",
            )
        return
