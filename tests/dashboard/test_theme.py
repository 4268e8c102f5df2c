"""The palette: both themes complete, every text readable (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from dashboard.assets import ASSETS
from dashboard.components.pill import TONES
from dashboard.theme import ThemeName, palette

THEMES: tuple[ThemeName, ...] = ("light", "dark")
TEXTS = ("text", "muted", "faint", "accent-strong")
SURFACES = ("page", "surface", "sunken", "hover")
SERIES = ("series-blue", "series-rose", "series-teal", "series-brown", "series-violet")


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_readable_when_it_stands_on_a_surface(
    theme: ThemeName, text: str, surface: str
) -> None:
    colours = palette(theme)
    assert contrast(colours[text], colours[surface]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tone", sorted({tone for _, tone in TONES.values()}))
def test_pill_is_readable_when_it_has_a_tone(theme: ThemeName, tone: str) -> None:
    colours = palette(theme)
    assert contrast(colours[f"tone-{tone}"], colours[f"tone-{tone}-fill"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("series", SERIES)
def test_line_is_visible_when_it_stands_in_a_chart(theme: ThemeName, series: str) -> None:
    colours = palette(theme)
    assert contrast(colours[series], colours["surface"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_button_is_readable_when_it_is_the_primary_one(theme: ThemeName) -> None:
    colours = palette(theme)
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5


def test_themes_define_the_same_colours_when_read() -> None:
    assert palette("light").keys() == palette("dark").keys()


def test_no_colour_is_written_when_it_is_not_a_token() -> None:
    """A colour outside the tokens would not follow the theme."""
    written = re.compile(r"#[0-9a-fA-F]{3,8}\b(?!\")")
    allowed = {"30_controls.css": {"#fff", "#22060c"}}  # the text of the danger button
    for path in sorted((ASSETS / "css").glob("*.css")):
        if path.name == "00_tokens.css":
            continue
        found = set(written.findall(path.read_text(encoding="utf-8")))
        assert found <= allowed.get(path.name, set()), path.name


def test_page_styles_nothing_of_all_pages_when_it_brings_its_own() -> None:
    """A class of everybody that a page styles again changes everybody else's page as well."""
    shared: set[str] = set()
    for path in sorted((ASSETS / "css").glob("*.css")):
        rules = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        rules = re.sub(
            r"@media print \{(?:[^{}]|\{[^{}]*\})*\}", "", rules
        )  # paper is another place
        heads = re.findall(r"(?:^|\})\s*([^{}@]+)\{", rules)
        first = {
            re.split(r"[\s>+~:\[]", part.strip())[0] for head in heads for part in head.split(",")
        }
        own = {name for name in first if name.count(".") == 1 and name.startswith(".")}
        if int(path.name[:2]) < 60:
            shared |= own
        else:
            assert not own & shared, path.name
