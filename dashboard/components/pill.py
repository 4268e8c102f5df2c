"""A state as a pill: dot, word and colour, so that it never rests on colour alone.

The words and tones are written here once; assets/js reads them from the page (`jobhub.words`).
"""

from __future__ import annotations

from typing import Final

from dash import html
from dash.development.base_component import Component

TONES: Final[dict[str, tuple[str, str]]] = {
    "scheduled": ("Scheduled", "violet"),
    "pending": ("Pending", "grey"),
    "assigned": ("Assigned", "blue"),
    "in_progress": ("Running", "blue"),
    "completed": ("Completed", "green"),
    "failed": ("Failed", "rose"),
    "cancelled": ("Cancelled", "amber"),
    "idle": ("Idle", "grey"),
    "busy": ("Busy", "green"),
    "draining": ("Draining", "amber"),
    "offline": ("Offline", "rose"),
}


def pill(status: str) -> Component:
    """Build the pill of a job's or worker's status."""
    word, tone = TONES[status]
    return html.Span(word, className=f"pill tone-{tone}")
