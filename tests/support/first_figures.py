"""A script for pages: when the Live page's first figures are on the screen, as `window.shownAtMs`."""

from __future__ import annotations

from typing import Final

# Milliseconds since the navigation began, in the task after the frame that shows them.
FIRST_FIGURES: Final = """
    new MutationObserver((_, observer) => {
      const tile = document.querySelector("[data-tile=workers] [data-part=value]");
      if (!tile || !/\\d/.test(tile.textContent)) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => (window.shownAtMs = performance.now())));
    }).observe(document, { childList: true, subtree: true, characterData: true });
"""
