"""The page in a real browser, on a tiny region; and the run behind it without one."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import InputError
from model.indicators import COLUMN, VILLAGE
from model.scenario import Scenario, load_scenario
from model.synthetic import tiny_region
from viz.layers import (
    HALF_IDLE,
    LAYERS,
    OUTSIDE,
    POSITION,
    TAKEN,
    TWO_CROPS,
    layer_values,
    outlines,
)
from viz.layers import _nearest as nearest_place
from viz.session import CLOSED, DONE, FAILED, READY, Session

ROOT = Path(__file__).resolve().parents[1]
TINY = """\
name = "tiny"
sentence = "A region for tests."
parent = "shaoyang"
months = {months}
sample = 0.1

[region.synthetic]
width = 12
height = 12
counties = 2
mean_slope = 8.0

[set.access]
start = "2003-01"
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Seconds that anything on the page may take; compiling for the first time takes most of it.
PATIENCE = 300.0


def tiny(folder: Path, months: int) -> Path:
    path = folder / "tiny.toml"
    path.write_text(TINY.format(months=months), encoding="utf-8")
    return path


# --- the map's values --------------------------------------------------------------------------


def places(**columns: list[float]) -> np.ndarray:
    """Two places with the given indicators, all others zero."""
    table = np.zeros((2, len(VILLAGE)))
    for name, values in columns.items():
        table[:, COLUMN[name]] = values
    return table


def test_layers_show_shares_of_what_each_place_has() -> None:
    now = places(
        registered=[200, 0], people_home=[150, 0], households=[50, 0], shops=[5, 0],
        mu_cultivated=[60, 10], mu_idle=[20, 0], mu_trees=[20, 0], mu_seasons=[120, 10],
        mu_requisitioned=[0, 90],
    )  # fmt: skip
    year = places(income_farm=[600_000, 0])
    values = layer_values(now, year, months=6)
    shown = {layer.key: values[POSITION[layer.key]] for layer in LAYERS}
    assert shown["gone"][0] == 25.0
    assert shown["shops"][0] == 10.0
    assert shown["idle"][0] == 40.0
    # half a year's income counts twice: 600,000 * 12 / 6 over 150 residents
    assert shown["income"][0] == pytest.approx(8.0)
    # a place without people or households shows nothing, not zero
    assert np.isnan([shown[key][1] for key in ("gone", "shops", "income")]).all()
    assert shown["land"][1] == TAKEN


def test_the_more_drastic_use_of_land_has_the_last_word() -> None:
    def land(idle: float) -> float:
        now = places(mu_cultivated=[100 - idle, 1], mu_idle=[idle, 0], mu_seasons=[200, 2])
        return float(layer_values(now, now, 1)[POSITION["land"], 0])

    assert (land(0), land(49), land(51)) == (TWO_CROPS, TWO_CROPS + 2, HALF_IDLE)


def test_land_shows_nothing_before_the_first_spring() -> None:
    now = places(mu_idle=[100, 100], registered=[1, 1], people_home=[1, 1])
    assert np.isnan(layer_values(now, now, 1)[[POSITION["land"], POSITION["idle"]]]).all()


def test_cells_look_like_the_nearest_place_of_their_own_county() -> None:
    county = np.array([[0, 0, 1, 1, -1]], dtype=np.int16)
    owner = nearest_place(county, np.array([0, 0]), np.array([0, 3]))
    # column 2 lies as near to place 0 as column 1 does to place 1, but for the border
    assert owner.tolist() == [[0, 0, 1, 1, OUTSIDE]]


def test_borders_of_a_region_without_outlines_follow_its_raster() -> None:
    class World:
        region = tiny_region()

    lines = outlines(World, [])
    # the rim of 12 x 12 cells and one straight border between two halves
    assert len(lines) == 4 * 12 + 12


# --- the run behind the page -------------------------------------------------------------------


@dataclass
class Watched:
    """A session that notes its frames and notices."""

    scenario: Scenario
    frames: list[int] = field(default_factory=list)
    notices: int = 0
    slow: float = 0.0

    def open(self) -> Session:
        def show(values: np.ndarray, month: int) -> None:
            time.sleep(self.slow)
            self.frames.append(month)

        def notice() -> None:
            self.notices += 1

        self.session = Session(self.scenario, 1, show, notice, lambda model, places: None)
        self.wait_for(READY, self.session.start())
        return self.session

    def wait_for(self, state: str, session: Session) -> None:
        until = time.monotonic() + PATIENCE
        while session.state != state and time.monotonic() < until:
            assert session.state != FAILED, session.problem
            time.sleep(0.005)
        assert session.state == state


def test_a_session_runs_to_the_end_and_frees_its_model_when_closed(tmp_path: Path) -> None:
    watched = Watched(load_scenario(tiny(tmp_path, 3)))
    session = watched.open()
    assert session.month == -1 and watched.frames == [-1]
    session.step()
    while session.month < 0 or session.state != READY:
        time.sleep(0.005)
    assert session.month == 0, "a step is one month"
    session.run()
    watched.wait_for(DONE, session)
    assert [session.month, len(session.history), watched.frames[-1]] == [2, 3, 2]
    model = weakref.ref(session.model)
    session.close(wait=10)
    gc.collect()
    assert session.state == CLOSED and model() is None


def test_a_session_pauses_though_the_browser_draws_slowly(tmp_path: Path) -> None:
    watched = Watched(load_scenario(tiny(tmp_path, 252)), slow=0.1)
    session = watched.open()
    session.run()
    while session.month < 2:
        time.sleep(0.005)
    asked = time.monotonic()
    session.pause()
    watched.wait_for(READY, session)
    # two frames of 0.1 s and a month are far below 3 s even on a busy machine; the 250 months left
    # take 25 s
    assert time.monotonic() - asked < 3.0
    month = session.month
    assert month < 251 and watched.frames[-1] == month, "what is shown is where it stopped"
    time.sleep(0.3)
    assert session.month == month
    session.close(wait=10)


def test_a_taken_port_is_refused_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("solara")
    from viz.page import serve

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(InputError, match="--port .* a free port"):
            serve(other.getsockname()[1])


# --- the page in a browser ---------------------------------------------------------------------


def missing() -> str:
    """Return why there can be no browser test here, or ""."""
    if not shutil.which("chromium"):
        return "chromium is not on the path"
    for package in ("playwright", "solara"):
        try:
            __import__(package)
        except ModuleNotFoundError:
            return f"{package} is not installed"
    return ""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Serve the page on a tiny region; return its address and what it prints."""
    if why := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the page was not tested: {why}")
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("page")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f"from viz.page import serve; serve({port}, {str(tiny(folder, 252))!r})"
    log = folder / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{address}/readyz", timeout=1).read()
                    break
                assert process.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield address, log
        finally:
            process.terminate()
            process.wait(10)
    assert "Traceback" not in log.read_text(), log.read_text()


@dataclass
class Tab:
    """A page in the browser, and what it asked for and complained of."""

    page: Any
    address: str
    outside: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> Tab:
        ours = (self.address, self.address.replace("http", "ws"), "data:", "blob:")
        self.page.on("request", lambda r: r.url.startswith(ours) or self.outside.append(r.url))
        self.page.on("requestfailed", lambda r: self.failed.append(f"{r.url} {r.failure}"))
        self.page.on(
            "response", lambda r: r.status < 400 or self.failed.append(f"{r.url} {r.status}")
        )
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(self.address)
        ready, wrong = ".rf-run:not([disabled])", ".rf-wait.bad"
        self.page.wait_for_selector(f"{ready}, {wrong}", timeout=PATIENCE * 1000)
        assert not self.page.locator(wrong).count(), self.page.inner_text(wrong)
        return self

    def months(self) -> int:
        return int(self.page.inner_text(".rf-state").split("·")[1].split()[0])

    def wait(self, months: int) -> None:
        until = time.monotonic() + PATIENCE
        while self.months() < months:
            assert time.monotonic() < until
            self.page.wait_for_timeout(50)

    def colours(self) -> int:
        """Return how many colours cover at least 0.1% of the canvas each."""
        return self.page.evaluate(
            """() => {
              const c = document.querySelector('.rf-map canvas');
              const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, n = {};
              for (let i = 0; i < d.length; i += 4) {
                const key = [d[i], d[i + 1], d[i + 2], d[i + 3]]; n[key] = (n[key] || 0) + 1;
              }
              return Object.values(n).filter(v => v >= d.length / 4000).length;
            }"""
        )

    def is_clean(self) -> bool:
        assert (self.outside, self.failed, self.errors) == ([], [], [])
        return True


@pytest.fixture(scope="module")
def browser(server: tuple[str, Path]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(server: tuple[str, Path], browser: Any) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield Tab(context.new_page(), server[0]).watch()
    context.close()


def test_the_page_runs_pauses_and_resets_without_the_internet(tab: Tab) -> None:
    page = tab.page
    page.click(".rf-run")
    tab.wait(13)
    page.click(".rf-run")
    page.wait_for_selector(".rf-state:has-text('paused')", timeout=5000)
    stopped = tab.months()
    assert 13 <= stopped < 252
    page.wait_for_timeout(400)
    assert tab.months() == stopped
    page.click(".rf-step")
    tab.wait(stopped + 1)
    cards = page.inner_text(".rf-cards")
    assert all(name in cards for name in ("Workers at home", "Land farmed", "Village product"))
    assert "–" not in cards, "after a year each figure has a value"
    assert page.locator(".rf-plot canvas").count() == 4
    page.click(".rf-layers button:text-is('Travel time')")
    page.wait_for_timeout(200)
    assert tab.colours() >= 5
    page.click(".rf-reset")
    page.wait_for_selector(".rf-state:has-text('ready · 0 of')", timeout=PATIENCE * 1000)
    page.wait_for_timeout(10_000)  # a late request to somewhere else would come by now
    assert tab.is_clean()


def test_all_of_it_is_seen_without_scrolling(tab: Tab) -> None:
    box = tab.page.locator(".rf-charts .rf-panel").last.bounding_box()
    assert box["y"] + box["height"] <= 768 and box["x"] + box["width"] <= 1366
    assert tab.page.evaluate("document.documentElement.scrollHeight") <= 768


def test_layers_with_nothing_say_so_and_cells_say_what_they_are(tab: Tab) -> None:
    page = tab.page
    assert "nothing sown yet" in page.inner_text(".rf-note")
    page.click(".rf-layers button:text-is('Shops')")
    page.wait_for_selector(".rf-note:has-text('no shops yet')")
    assert "online shops per 100 households" in page.inner_text(".rf-legend")
    box = page.locator(".rf-map canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    page.wait_for_selector(".rf-tip", state="visible")
    tip = page.inner_text(".rf-tip")
    assert "County 1" in tip or "County 2" in tip
    assert all(layer.name in tip for layer in LAYERS)
    assert tab.is_clean()


def test_a_wrong_seed_is_refused_beside_the_field_and_a_right_one_begins_anew(tab: Tab) -> None:
    page, seed = tab.page, tab.page.locator(".rf-seed input")
    page.click(".rf-step")
    tab.wait(1)
    seed.fill("many")
    seed.press("Enter")
    page.wait_for_selector(".rf-seed:has-text('a whole number from 0')")
    assert tab.months() == 1, "the run goes on as it was"
    seed.fill("7")
    seed.press("Enter")
    page.wait_for_selector(".rf-state:has-text('ready · 0 of')", timeout=PATIENCE * 1000)
    assert "a whole number" not in page.inner_text(".rf-seed")
    assert tab.is_clean()


def test_two_tabs_have_runs_of_their_own_that_end_with_them(
    tab: Tab, server: tuple[str, Path], browser: Any
) -> None:
    log = server[1]
    context = browser.new_context()
    other = Tab(context.new_page(), tab.address).watch()
    other.page.click(".rf-step")
    other.wait(1)
    assert tab.months() == 0, "what one does, the other does not see"
    before = log.read_text().count("ended")
    other.page.click(".rf-run")
    other.page.close(run_before_unload=True)
    until = time.monotonic() + 10
    while log.read_text().count("ended") == before:
        assert time.monotonic() < until, "a closed tab keeps its run"
        time.sleep(0.1)
    context.close()
    assert tab.is_clean()
