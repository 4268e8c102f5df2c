"""A CSV file as LibreOffice opens it: each cell as it stands in the sheet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

SOFFICE: Final = shutil.which("soffice")
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CSV_FILTER: Final = "CSV:44,34,76,1"  # comma, double quote, UTF-8, from the first line

Cell = str | float


def opened_in_libreoffice(file: Path, columns: int) -> list[list[Cell]]:
    """Open a CSV file and read its rows, numbers as numbers.

    Raises: AssertionError: LibreOffice cannot open it, or took a cell for a formula.
    """
    assert SOFFICE is not None
    done = subprocess.run(
        [
            SOFFICE,
            "--headless",
            f"-env:UserInstallation={(file.parent / 'profile').as_uri()}",
            *("--convert-to", "fods", "--outdir", str(file.parent), f"--infilter={_CSV_FILTER}"),
            str(file),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    sheet = file.with_suffix(".fods")
    assert sheet.exists(), done.stdout + done.stderr
    rows = ElementTree.parse(sheet).iter(f"{_TABLE}table-row")
    read = [_cells(row)[:columns] for row in rows]
    return [row + [""] * (columns - len(row)) for row in read if any(row)]


def _cells(row: ElementTree.Element) -> list[Cell]:
    cells: list[Cell] = []
    for cell in row.findall(f"{_TABLE}table-cell"):
        assert cell.get(f"{_TABLE}formula") is None, ElementTree.tostring(cell)
        times = min(100, int(cell.get(f"{_TABLE}number-columns-repeated", "1")))
        cells += [_value(cell)] * times
    return cells


def _value(cell: ElementTree.Element) -> Cell:
    if cell.get(f"{_OFFICE}value-type") == "float":
        return float(cell.get(f"{_OFFICE}value", "nan"))
    return "\n".join("".join(line.itertext()) for line in cell.findall(f"{_TEXT}p"))
