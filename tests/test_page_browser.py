"""The page in a real browser, on a tiny region: every view, and what one does with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.page_tools import FLAGS, PATIENCE, ROOT, Server, Tab, missing, serving, tiny

#: A short history, so that a run to the end is seconds.
MONTHS = 40
#: Runs until the memory of a new server stands still.
WARM_RUNS = 12
#: Minutes of Play of the endurance test: ten in ``make soak``.
SOAK_MINUTES = float(os.environ.get("RURALFLOW_SOAK_MINUTES", "1"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if why := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the page was not tested: {why}")
        pytest.skip(why)
    with serving(tiny(tmp_path_factory.mktemp("page"), MONTHS)) as served:
        yield served


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(server: Server, browser: Any) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield Tab(context.new_page(), server.address, stacks=server.stacks).watch()
    context.close()


def open_village(tab: Tab) -> None:
    """Click on the middle of the left map."""
    box = tab.page.locator(".rf-box canvas").first.bounding_box()
    tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.page.wait_for_selector(".rf-tip", state="visible")
    tab.page.mouse.down()
    tab.page.mouse.up()
    tab.page.wait_for_selector(".rf-households", timeout=PATIENCE * 1000)


def test_every_view_opens_without_the_internet_and_without_complaint(tab: Tab) -> None:
    page = tab.page
    tab.step_to(14)
    for layer in range(1, 9):
        page.keyboard.press(str(layer))
        page.keyboard.press("d")
        page.wait_for_timeout(80)
    page.keyboard.press("8")
    page.wait_for_timeout(200)
    assert tab.colours(0) >= 5 and tab.colours(1) >= 5
    for kind in ("Money", "People", "Land", "Goods"):
        tab.press(".rf-kind", kind)
        for view in ("A", "B", "B −"):
            tab.press(".rf-which", view)
    tab.press(".rf-tabs", "Who gains")
    page.wait_for_selector("h4:has-text('By age in 2003')")
    tab.press(".rf-tabs", "Village")
    page.wait_for_selector("text=Click on a map")
    tab.press(".rf-tabs", "Take away")
    page.wait_for_selector("text=Run it again")
    page.click(".rf-edit")
    page.wait_for_selector("text=What differs")
    page.click(".rf-close")
    tab.press(".rf-lines", "B −")
    tab.press(".rf-view", "Results")
    page.wait_for_selector("text=Open a folder that a command wrote")
    tab.press(".rf-view", "Explore")
    page.wait_for_selector(".rf-cards", state="visible")
    page.wait_for_timeout(10_000)  # a late request to somewhere else would come by now
    assert tab.is_clean()


#: Figures of a prefecture after twenty years: they take more room than a tiny region's.
WIDE = (
    ("2.31", "3.36", "+1.05 (+45.3%)"),
    ("3.48", "4.51", "+1.03 (+29.6%)"),
    ("34.7", "22.3", "−12.4 (−35.7%)"),
    ("15,300", "10,247", "−5,053 (−33.0%)"),
    ("189,143", "0", "−189,143 (−100.0%)"),
)


@pytest.mark.parametrize("size", [(1920, 1080), (1600, 900), (1440, 900), (1366, 768), (1280, 720)])
def test_all_of_it_is_seen_without_scrolling(
    server: Server, browser: Any, size: tuple[int, int]
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    tab = Tab(context.new_page(), server.address).watch()
    tab.step_to(3)
    for part in (".rf-reset", ".rf-card >> nth=4", ".rf-series", ".rf-side", ".rf-foot"):
        box = tab.page.locator(part).bounding_box()
        assert box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1], part
    card = tab.page.evaluate(
        """(wide) => [...document.querySelectorAll('.rf-card')].map((card, k) => {
             card.querySelectorAll('span').forEach((s, i) => s.lastChild.textContent = wide[k][i]);
             return [card.scrollWidth - card.clientWidth, card.getBoundingClientRect().right];
           })""",
        WIDE,
    )
    assert all(over <= 0 and right <= size[0] for over, right in card), card
    extent = tab.page.evaluate("[document.documentElement.scrollWidth, "
                               "document.documentElement.scrollHeight]")  # fmt: skip
    assert extent == list(size)
    assert tab.is_clean()
    context.close()


def test_layers_with_nothing_say_so_and_a_cell_is_told_in_both_arms(tab: Tab) -> None:
    page = tab.page
    assert page.locator(".rf-note").first.inner_text() == ""  # land is sown from the first month
    page.click(".rf-radios button:text-is('Shops')")
    page.wait_for_selector(".rf-note:has-text('no shops in this arm')")
    assert "online shops per 100 households" in page.inner_text(".rf-legend")
    box = page.locator(".rf-box canvas").last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".rf-tip", state="visible")
    tip = page.inner_text(".rf-tip")
    assert "County 1" in tip or "County 2" in tip
    assert all(word in tip for word in ("Land use", "Shops", "Travel time", "A", "B", "B −"))
    page.locator(".rf-box canvas").first.focus()
    for key in ("ArrowDown", "ArrowRight"):  # the same by the keyboard
        page.keyboard.press(key)
    page.wait_for_selector(".rf-tip", state="visible")
    assert tab.is_clean()


def test_both_arms_are_equal_when_nothing_differs(tab: Tab) -> None:
    page = tab.page
    page.click(".rf-controls .v-select >> nth=0")
    page.click(".v-menu__content .v-list-item:has-text('No difference')")
    tab.says("making the world")
    tab.ready()
    page.click(".rf-run")
    tab.says("finished")
    assert tab.months() == MONTHS
    tab.until("Run is disabled", lambda: page.locator(".rf-run[disabled]").count() == 1)
    gaps = page.locator(".rf-d")
    tab.until("all the same", lambda: ["same" in g for g in gaps.all_inner_texts()] == [True] * 5)
    tab.until("maps are equal", lambda: tab.pixels(0) == tab.pixels(1))
    page.keyboard.press("d")
    page.wait_for_selector(".rf-note:has-text('no difference between the arms')")
    tab.press(".rf-which", "B −")
    page.wait_for_selector("text=the arms do not differ")
    assert tab.is_clean()


def test_a_pause_is_served_while_running_and_the_past_can_be_looked_at(tab: Tab) -> None:
    page = tab.page
    tab.pace("12 months a second")  # at full speed the run may be over before the pause
    page.click(".rf-run")
    tab.wait(5)
    assert page.locator(".rf-wait").count() == 0, "nothing lies over the maps of a run"
    asked = time.monotonic()
    page.click(".rf-run")
    tab.says("paused")
    # 0.4 s is the aim on a quiet machine; the months left would take seconds more
    assert time.monotonic() - asked < 2.5
    stopped = tab.months()
    assert stopped < MONTHS
    page.keyboard.press("8")
    page.click(".rf-radios button:text-is('People gone')")
    page.wait_for_timeout(300)
    now = tab.pixels(0)
    tab.scrub(1)
    page.wait_for_selector(".rf-month:has-text('2003-01')")
    tab.says("looking back")
    page.wait_for_timeout(300)
    assert tab.pixels(0) != now, "people have moved since"
    tab.scrub(stopped)
    page.wait_for_selector(".rf-state:not(:has-text('looking back'))")
    page.wait_for_timeout(300)
    assert tab.pixels(0) == now and tab.months() == stopped
    page.click(".rf-step")
    tab.wait(stopped + 1)
    page.click(".rf-reset")
    tab.says("ready · 0 of")
    assert tab.is_clean()


def test_a_parameter_changed_in_mid_run_says_when_it_takes_effect(tab: Tab) -> None:
    page = tab.page
    tab.step_to(4)
    done = tab.months()
    page.click(".rf-edit")
    search = page.locator(".rf-key-field input[type=text]")
    search.fill("migration.kappa")
    page.click(".v-menu__content .v-list-item:has-text('migration.kappa')")
    page.wait_for_selector(".rf-about:has-text('utility per log point')")
    value = page.locator(".rf-value-B input")
    value.fill("many")
    page.click(".rf-apply")
    page.wait_for_selector(".rf-value-B:has-text('a number')")
    value.fill("3.0")
    page.click(".rf-when-field")
    page.click(".v-menu__content .v-list-item:has-text('from next month')")
    page.click(".rf-apply")
    month = f"{2003 + done // 12}-{done % 12 + 1:02d}"
    page.wait_for_selector(f".rf-foot:has-text('takes effect in {month}')")
    tab.says("paused")
    assert tab.months() == done
    assert month in page.locator(".rf-ticks i.B").get_attribute("title")
    tab.press(".rf-tabs", "Take away")
    page.wait_for_selector("text=ruralflow run arm_b.toml --seed 1")
    tab.step_to(done + 13)  # past the next March, in which people reconsider
    assert "same" not in page.locator(".rf-d").first.inner_text()
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
    tab.says("ready · 0 of")
    assert "a whole number" not in page.inner_text(".rf-seed")
    assert tab.is_clean()


def test_enter_counts_however_soon_it_comes_after_the_last_letter(tab: Tab) -> None:
    """While runs draw the page all the time, no event may meet what an older drawing knew."""
    page = tab.page
    typed = """(text) => {
      const field = document.querySelector('.rf-seed input');
      field.value = text;
      field.dispatchEvent(new Event('input', {bubbles: true}));
      field.dispatchEvent(new KeyboardEvent('keyup', {key: 'Enter', keyCode: 13, bubbles: true}));
    }"""
    page.click(".rf-run")
    for pause in range(12):
        page.wait_for_timeout(30 * pause)
        page.evaluate(typed, "many")
        page.wait_for_selector(".rf-seed:has-text('a whole number from 0')")
        page.evaluate(typed, "1")
        page.wait_for_selector(".rf-seed:has-text('Seed')")
    assert tab.is_clean()


def test_a_village_opens_and_a_household_tells_its_story(tab: Tab) -> None:
    page = tab.page
    tab.step_to(4)
    open_village(tab)
    assert "registered members" in page.inner_text(".rf-village")
    page.locator(".rf-households button").first.click()
    page.wait_for_selector(".rf-terms", timeout=PATIENCE * 1000)
    told = page.inner_text(".rf-side")
    for words in ("Who lives where", "own farm", "coast", "kappa times V", "Its land", "Its shop"):
        assert words in told
    page.locator(".rf-members button").last.click()
    tab.press(".rf-arm", "A")
    page.click(".rf-back")
    page.wait_for_selector(".rf-households")
    assert tab.is_clean()


def test_data_figures_and_scenarios_can_be_taken_away(tab: Tab, tmp_path: Path) -> None:
    page = tab.page
    tab.step_to(4)
    tab.press(".rf-tabs", "Take away")

    def take(label: str) -> Path:
        with page.expect_download(timeout=PATIENCE * 1000) as waited:
            tab.press(".rf-side", label)
        path = tmp_path / waited.value.suggested_filename
        waited.value.save_as(path)
        return path

    scenario = tomllib.loads(take("Scenario A").read_text())
    assert scenario["set"] == {"access": {"enabled": False}}
    assert set(zipfile.ZipFile(take("Data (CSV")).namelist()) == {
        "months.csv", "flows.csv", "villages.csv", "provenance.json",
    }  # fmt: skip
    assert "months.parquet" in zipfile.ZipFile(take("Data (Parquet")).namelist()
    figures = zipfile.ZipFile(take("Figures"))
    assert {"maps.svg", "maps.png", "series.svg", "series.png"} <= set(figures.namelist())
    assert tab.is_clean()


def test_a_folder_of_results_opens(tab: Tab, server: Server) -> None:
    folder = server.scenario.parent / "results" / "run-tiny-1"
    words = ["run", str(server.scenario), "--months", "3", "--out", str(folder), "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "ruralflow", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=PATIENCE,
        capture_output=True,
    )  # fmt: skip
    assert json.loads((folder / "run.json").read_text())["seed"] == 1
    page = tab.page
    tab.press(".rf-view", "Results")
    field = page.locator(".rf-folder input[type=text]")
    field.fill("nowhere")
    page.click(".rf-open")
    page.wait_for_selector(".rf-wrong:has-text('a folder that a command wrote')")
    field.fill(str(folder))
    page.click(".rf-open")
    page.wait_for_selector(".rf-pictures img")
    assert page.locator(".rf-pictures img").count() == 4
    assert "people_home" in page.inner_text(".rf-results pre")
    assert tab.is_clean()


def test_two_people_have_runs_of_their_own_that_end_with_their_tabs(
    tab: Tab, server: Server, browser: Any
) -> None:
    context = browser.new_context()
    other = Tab(context.new_page(), tab.address).watch()
    other.page.click(".rf-step")
    other.wait(1)
    assert tab.months() == 0, "what one does, the other does not see"
    before = server.ended()
    other.page.click(".rf-run")
    other.page.close(run_before_unload=True)
    until = time.monotonic() + 20
    while server.ended() == before:
        assert time.monotonic() < until, "a closed tab keeps its runs"
        time.sleep(0.1)
    context.close()
    assert tab.is_clean()


def test_playing_on_and_on_neither_fails_nor_takes_more_memory(tab: Tab, server: Server) -> None:
    """Run to the end and begin anew, again and again; measure once the server is warm.

    Its memory rises for the first ten runs, as allocator and caches fill, and then stands still
    (507 MB from the tenth run to the 36th): a model kept by each run would show in as many again.
    """
    length, began = SOAK_MINUTES * 60, time.monotonic()
    early, runs = 0.0, 0
    while runs < 2 * WARM_RUNS or time.monotonic() - began < length:
        tab.page.click(".rf-run")
        tab.says("finished")
        runs += 1
        if runs >= WARM_RUNS and not early and time.monotonic() - began >= length / 10:
            early = server.memory_mb()
        tab.page.click(".rf-reset")
        tab.says("ready · 0 of")
    late = server.memory_mb()
    print(f"{runs} runs, {early:.0f} MB early, {late:.0f} MB late")
    assert late <= 1.10 * early
    assert tab.is_clean()
