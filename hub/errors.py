"""The error tree of the hub: every failure that a caller may see, with its stable code.

    JobhubError
    ├── InvalidInput          400/422  the request is wrong; `field` names where
    ├── NotFound              404      no such job, worker, queue
    ├── Conflict              409      the state forbids the move
    │   └── IdempotencyConflict 422    the key was used with another body
    ├── TooLarge              413      over a size limit
    ├── UnsupportedMediaType  415      the body is not JSON by its own words
    ├── LimitReached          429      over a count or rate limit
    ├── AccessDenied          401/403  who you are, or what you may
    ├── StaleFence            409      the grant named is not the live one
    └── Unavailable           503      Redis cannot be reached or refuses writes

Raise where the fact is known; `hub.http.problems` and `hub.ws` turn them into answers.
"""

from __future__ import annotations


class JobhubError(Exception):
    """A failure with a stable `code`, a sentence for people and, where one is to blame, the field."""

    code = "error"
    status = 500

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class InvalidInput(JobhubError):
    """Well-formed or not, the input breaks a rule; nothing was changed."""

    code = "invalid"
    status = 422


class MalformedInput(InvalidInput):
    """The input is not even JSON (or not the JSON that is allowed: NaN, lone surrogates, too deep)."""

    code = "malformed"
    status = 400


class NotFound(JobhubError):
    """Nothing has that id."""

    code = "not_found"
    status = 404


class Conflict(JobhubError):
    """The record's state forbids the move; nothing was changed."""

    code = "conflict"
    status = 409


class IdempotencyConflict(Conflict):
    """The idempotency key was used before with another body."""

    code = "idempotency_conflict"
    status = 422


class TooLarge(JobhubError):
    """A body, payload or result is over its size limit."""

    code = "too_large"
    status = 413


class UnsupportedMediaType(JobhubError):
    """The Content-Type of a body is not JSON."""

    code = "unsupported_media_type"
    status = 415


class LimitReached(JobhubError):
    """A count limit (lanes, connections, rate) is reached; trying again later may help."""

    code = "limit_reached"
    status = 429


class AccessDenied(JobhubError):
    """The caller is unknown (401) or may not do this (403)."""

    code = "unauthenticated"
    status = 401


class Forbidden(AccessDenied):
    """The caller is known and may not do this."""

    code = "forbidden"
    status = 403


class StaleFence(Conflict):
    """The grant that the caller names is not the live one; nothing was written."""

    code = "stale"


class Unavailable(JobhubError):
    """Redis cannot be reached or cannot write; the move may or may not have happened."""

    code = "unavailable"
    status = 503
