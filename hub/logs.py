"""How servers log: to standard error, a line an entry, as text for people or as JSON for programs.

What comes from outside may be in any message, so a line feed or escape sequence in it is written as an
escape: nobody forges a line or recolours a terminal. `request_id` is that of the request at hand.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

LogFormat = Literal["text", "json"]
LogLevel = Literal["warning", "info"]

REQUEST_ID_HEADER: Final = "X-Request-ID"
request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)

_GIVEN: Final = re.compile(r"[A-Za-z0-9_.:/=+-]{1,64}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FIELDS: Final = "fields"  # of a record: what else is known, by name


def take_request_id(given: str | None) -> str:
    """Use the id that a proxy or caller gave, if it is one; else make one."""
    if given is not None and _GIVEN.fullmatch(given):
        return given
    return secrets.token_hex(8)


def with_fields(**fields: Any) -> dict[str, Any]:
    """Make the `extra` of a log call: members of the JSON line; the text has its message only."""
    return {_FIELDS: fields}


def configure_logs(log_format: LogFormat, level: LogLevel) -> None:
    """Send every log of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if log_format == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("hub", "dashboard"):  # what libraries say below a warning is not for operators
        logging.getLogger(name).setLevel(level.upper())


class _TextLines(logging.Formatter):
    """`2026-11-24 23:10:01.123Z WARNING hub.app: message [request 4f…]`, a trace below it."""

    def format(self, record: logging.LogRecord) -> str:
        asked = request_id.get()
        line = f"{_time(record, ' ')} {record.levelname} {record.name}: {_one_line(record)}"
        if asked is not None:
            line += f" [request {asked}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class _JsonLines(logging.Formatter):
    """An object a line: at, level, logger, message, and where there is one request_id, fields and trace."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": _time(record, "T"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _one_line(record),
        }
        asked = request_id.get()
        if asked is not None:
            line["request_id"] = asked
        line |= getattr(record, _FIELDS, {})
        if record.exc_info:
            line["trace"] = _encodable(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


def _time(record: logging.LogRecord, between: str) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.strftime(f"%Y-%m-%d{between}%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _one_line(record: logging.LogRecord) -> str:
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], _encodable(record.getMessage()))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
