"""Python and JavaScript name the same things: ids, widgets, figures, columns, cells."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import msgspec
import pytest
from flask import Flask

from dashboard import ids
from dashboard.actions import _PATHS
from dashboard.assets import ASSETS
from dashboard.components.job_grid import _COLUMNS, GRID_OPTIONS, LISTS, job_grid
from dashboard.components.pill import TONES
from dashboard.hub_client import HubApi
from dashboard.pages import PAGES, Page, job, jobs, live, submit, workers
from hub.answers import Action
from hub.job_filter import JobFilter, Sort
from hub.snapshot import LISTS as HUB_LISTS
from hub.states import JOB_STATUSES, WORKER_STATUSES

SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in (ASSETS / "js").glob("*.js")}
ALL = "\n".join(SCRIPTS.values())


def written(component: Any) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda item: item.to_plotly_json())


def test_scripts_name_the_same_ids_when_they_reach_for_dash() -> None:
    for name in (ids.ACTION, ids.ACTION_RESULT, ids.NAVIGATION, ids.FAILURE):
        assert f'"{name}"' in ALL or f"#{name}" in ALL, name


@pytest.mark.parametrize("page", [live, jobs, job, workers, submit], ids=lambda page: page.NAME)
def test_every_widget_has_its_code_when_a_page_places_it(page: Page) -> None:
    kinds = set(re.findall(r'jobhub\.widget\("(\w+)"', ALL))
    placed = set(re.findall(r'"kind": "(\w+)"', written(page.layout(HubApi("http://127.0.0.1:1")))))
    assert placed
    assert placed <= kinds


def test_every_action_is_known_to_both_sides_when_it_is_offered() -> None:
    words = SCRIPTS["57_actions.js"].partition("const WORDS = {")[2].partition("\n  };")[0]
    assert set(re.findall(r"^    (\w+): \{", words, re.M)) == set(_PATHS)


def test_every_function_exists_when_a_column_names_it() -> None:
    functions = set(re.findall(r"functions\.(\w+) =", SCRIPTS["67_grid_cells.js"]))
    named = set(re.findall(r"'function': '(\w+)\(params\)'", str([_COLUMNS, GRID_OPTIONS])))
    assert {"jobhubJobId", "jobhubAge", "jobhubTabFromCell"} <= named <= functions


def test_jobs_are_asked_for_by_the_names_of_the_hub_when_searched() -> None:
    script = SCRIPTS["83_job_query.js"]
    [texts, times, priorities] = (
        set(re.findall(r'"(\w+)"', script.partition(f"const {name} = [")[2].partition("]")[0]))
        for name in ("TEXTS", "TIMES", "PRIORITIES")
    )
    taken = {field.encode_name for field in msgspec.structs.fields(JobFilter)}
    assert {"status", *texts, *times, *priorities} == taken
    assert set(jobs.SORTS.values()) == set(get_args(Sort))
    assert set(jobs.SORTS) <= set(jobs.COLUMNS) <= set(_COLUMNS)


def test_every_bulk_action_has_words_and_a_button_when_the_hub_takes_it() -> None:
    words = SCRIPTS["87_bulk.js"].partition("const WORDS = {")[2].partition("\n  };")[0]
    named = set(re.findall(r"^    (\w+): \{", words, re.M))
    assert named == set(get_args(Action)) == {name for name, *_ in jobs._ACTIONS}


def test_every_tile_has_its_figure_when_it_is_shown() -> None:
    figures = SCRIPTS["61_figures.js"]
    for name, *_ in live._TILES:
        assert re.search(rf"^      {name}: ", figures, re.M), name


def test_tables_show_every_list_when_the_hub_sends_it() -> None:
    assert set(LISTS) == set(HUB_LISTS)
    for name in LISTS:
        assert "getRowId" in written(job_grid(name))


def test_every_status_has_a_word_and_a_tone_when_shown() -> None:
    assert set(TONES) == {*JOB_STATUSES, *WORKER_STATUSES}


def test_pages_have_what_a_page_has_when_registered() -> None:
    hub = HubApi("http://127.0.0.1:1")
    for page in PAGES:
        assert page.PATH.startswith("/")
        assert page.NAME
        with Flask("test").test_request_context():  # a page may read cookies
            assert page.layout(hub, unknown="query") is not None
    assert len({page.PATH for page in PAGES}) == len(PAGES)


def test_location_is_the_one_of_dash_pages_when_navigating() -> None:
    from dash import dash as dash_module

    assert dash_module._ID_LOCATION == ids.LOCATION
