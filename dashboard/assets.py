"""Where the assets are: beside the packages in a checkout, inside this one in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final


def _find() -> Path:
    package = Path(__file__).resolve().parent
    packed = package / "assets"
    return packed if packed.is_dir() else package.parent / "assets"


ASSETS: Final = _find()
