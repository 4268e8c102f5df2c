"""axe-core over a page: what it finds against WCAG 2.2 AA, one line a violation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

_SCRIPT: Final = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_NODES: Final = 4  # named a violation


def violations(page: Page) -> list[str]:
    """Look at the page as it stands; evaluated, not added as a script, which the page's policy forbids."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_SCRIPT.read_text(encoding="utf-8") + "\ntrue")
    found = page.evaluate(
        "tags => window.axe.run(document, {runOnly: tags, resultTypes: ['violations']})"
        ".then(({violations}) => violations)",
        list(_TAGS),
    )
    return [_line(violation) for violation in found]


def _line(violation: dict[str, Any]) -> str:
    nodes = [str(node["target"]) for node in violation["nodes"]]
    return f"{violation['impact']} {violation['id']}: {violation['help']} {nodes[:_NODES]}"
