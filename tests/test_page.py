"""The page without a browser: the maps' values, the arms, what is remembered, a story."""

from __future__ import annotations

import gc
import json
import socket
import time
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara")

from agents.kinds import Job, Place
from agents.migrant import moves
from model import RuralUrbanModel
from model.errors import InputError
from model.indicators import COLUMN, VILLAGE, village_sums
from model.ledger import FLOWS, Sector
from model.scenario import load_scenario
from model.synthetic import tiny_region
from tests.page_tools import PATIENCE, tiny
from viz.page import story
from viz.page.arms import PRESETS, Arm, check_pair, differences, parse, preset_arms
from viz.page.charts import gap, headlines
from viz.page.flows import KINDS, VIEWS, sankey, sankey_option
from viz.page.kernels import LAND, WHERE
from viz.page.layers import (
    HALF_IDLE,
    LAYERS,
    OUTSIDE,
    POSITION,
    TAKEN,
    TWO_CROPS,
    layer_values,
    outlines,
    road_lines,
)
from viz.page.layers import _nearest as nearest_place
from viz.page.memory import GROUPS
from viz.page.replay import weighed_then
from viz.page.results import Folder
from viz.page.session import CLOSED, DONE, FAILED, READY, Session
from viz.page.takeaway import data_zip, figures_zip

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


def test_a_region_without_cropland_shows_no_land() -> None:
    now = places(registered=[1, 1], people_home=[1, 1])
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


def test_roads_join_neighbouring_cells_and_cut_no_corner_twice() -> None:
    roads = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)
    lines = sorted(road_lines(roads))
    # right, down, and one diagonal: that of (0, 0) and (1, 1) goes by (0, 1) already
    assert lines == [[0.5, 0.5, 1.5, 0.5], [1.5, 0.5, 1.5, 1.5], [1.5, 1.5, 2.5, 2.5]]


# --- arms --------------------------------------------------------------------------------------


def test_an_arm_says_how_to_run_it_again_and_its_file_is_the_same_scenario(tmp_path: Path) -> None:
    arm = Arm("shaoyang").set("access.enabled", False).set("migration.kappa", 1.5)
    words = "ruralflow run shaoyang --set access.enabled=false --set migration.kappa=1.5 --seed 7"
    assert arm.command(7, "a.toml") == words
    dated = arm.change("2012-04", "freight.cold_temperature", 4.0)
    assert dated.command(7, "a.toml") == "ruralflow run a.toml --seed 7"
    path = tmp_path / "a.toml"
    path.write_text(dated.toml("arm_a", "A."), encoding="utf-8")
    assert load_scenario(path).digest() == dated.resolve().digest()
    assert dated.drop("freight.cold_temperature").resolve().digest() == arm.resolve().digest()


def test_what_differs_is_listed_with_what_the_registry_says() -> None:
    a, b = Arm().set("access.enabled", False), Arm().change("2010-01", "pull.scale", 0.5)
    found = {d.key: d for d in differences(a.resolve(), b.resolve())}
    assert found["access.enabled"].values == ("false", "true")
    assert found["pull.scale from 2010-01"].values == ("unchanged", "0.5")
    assert "unit: share" in found["pull.scale from 2010-01"].about
    assert differences(a.resolve(), a.resolve()) == []


def test_arms_of_two_worlds_are_refused() -> None:
    with pytest.raises(InputError, match="another region"):
        check_pair((Arm("shaoyang"), Arm("yiwu")))
    with pytest.raises(InputError, match="one world"):
        check_pair((Arm(), Arm().set("world.plots_per_household", 5.0)))
    with pytest.raises(InputError, match="valid: a number"):
        parse("migration.kappa", "much")


def test_every_preset_is_a_pair() -> None:
    for preset in PRESETS:
        a, b = check_pair(preset_arms(preset, "shaoyang"))
        assert (a.digest() == b.digest()) == (preset.name == "No difference")


def test_a_difference_is_said_with_its_sign_and_share() -> None:
    assert gap(200.0, 210.0) == "+10.0 (+5.0%)"
    assert gap(200.0, 190.0) == "\N{MINUS SIGN}10.0 (\N{MINUS SIGN}5.0%)"
    assert gap(3.0, 3.0) == "same"
    assert gap(0.0, 12.0) == "+12.0"


# --- the runs behind the page ------------------------------------------------------------------

#: Length of the finished pair: long enough for villagers to buy and sell online.
MONTHS = 120


@dataclass
class Watched:
    """A session that notes its frames and notices."""

    arms: tuple[Arm, Arm]
    frames: list[int] = field(default_factory=list)
    notices: int = 0
    slow: float = 0.0

    def open(self) -> Session:
        def show(values: Any, month: int, wait: bool) -> None:
            time.sleep(self.slow if wait else 0.0)
            self.frames.append(month)

        def notice() -> None:
            self.notices += 1

        scenarios = check_pair(self.arms)
        self.session = Session(scenarios, 1, show, notice, lambda model, places: None)
        self.wait_for(READY, self.session.start())
        return self.session

    def wait_for(self, state: str, session: Session) -> None:
        until = time.monotonic() + PATIENCE
        while session.state != state and time.monotonic() < until:
            assert session.state != FAILED, session.problem
            time.sleep(0.005)
        assert session.state == state


def arms(path: Path) -> tuple[Arm, Arm]:
    return Arm(str(path)).set("access.enabled", False), Arm(str(path))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished pair of ten years: without and with access."""
    watched = Watched(arms(tiny(tmp_path_factory.mktemp("pair"), MONTHS)))
    session = watched.open()
    session.run()
    watched.wait_for(DONE, session)
    yield session
    session.close(wait=10)


def test_a_session_runs_to_the_end_and_frees_its_models_when_closed(tmp_path: Path) -> None:
    watched = Watched(arms(tiny(tmp_path, 3)))
    session = watched.open()
    assert session.month == -1 and watched.frames == [-1]
    session.step()
    while session.month < 0 or session.state != READY:
        time.sleep(0.005)
    assert session.month == 0, "a step is one month"
    session.run()
    watched.wait_for(DONE, session)
    assert [session.month, watched.frames[-1]] == [2, 2]
    with session.reading() as models:
        gone = [weakref.ref(model) for model in models]
    assert len(gone) == 2
    del models
    gc.disable()  # Python itself would wait for many more objects, and hold gigabytes by then
    try:
        session.close(wait=10)
    finally:
        gc.enable()
    assert session.state == CLOSED and [model() for model in gone] == [None, None]


def test_a_session_pauses_though_the_browser_draws_slowly(tmp_path: Path) -> None:
    watched = Watched(arms(tiny(tmp_path, 252)), slow=0.1)
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
    session.look(0)
    assert watched.frames[-1] == 0 and session.month_name == "2003-01"
    session.look(None)
    assert watched.frames[-1] == month
    session.close(wait=10)


def test_a_change_in_mid_run_keeps_the_past_and_is_the_run_of_its_scenario(tmp_path: Path) -> None:
    path = tiny(tmp_path, 30)
    watched = Watched((Arm(str(path)), Arm(str(path))))
    session = watched.open()
    session.pace = 0.0
    while session.month < 13:
        session.step()
        month = session.month
        while session.month == month or session.state != READY:
            time.sleep(0.002)
    before = session.memories[1].region[:14].copy()
    changed = Arm(str(path)).change("2004-03", "migration.kappa", 3.0)
    session.change(1, changed.resolve())
    watched.wait_for(READY, session)
    while session.memories[1].region.shape and session.scenarios[1].interventions == ():
        time.sleep(0.005)
    assert np.array_equal(session.memories[1].region[:14], before), "the past stays"
    session.run()
    watched.wait_for(DONE, session)
    a, b = (memory.series("people_home", 30) for memory in session.memories)
    assert np.array_equal(a[:14], b[:14]) and not np.array_equal(a[14:], b[14:])
    alone = RuralUrbanModel(changed.resolve(), 1).run()
    at = COLUMN["people_home"]
    expected = [month[:, at].sum() for month in alone.records.villages]
    np.testing.assert_allclose(b, expected, rtol=1e-12)  # added up by county first
    session.close(wait=10)


# --- what is remembered ------------------------------------------------------------------------


def test_what_is_remembered_is_what_the_model_says(finished: Session) -> None:
    for scenario, memory in zip(finished.scenarios, finished.memories, strict=True):
        model = RuralUrbanModel(scenario, 1).run()
        now = village_sums(model, model.records.own_place)
        year = np.sum(model.records.villages[-12:], axis=0)
        places = memory.places
        expected = layer_values(places.sums(now), places.sums(year), 12)
        # kept in single precision: 7 digits, less what a sum over villages costs
        np.testing.assert_allclose(memory.frame(MONTHS - 1), expected, rtol=1e-5)
        flows = np.array(model.records.flows)
        np.testing.assert_allclose(memory.flows[:MONTHS], flows, rtol=1e-6, atol=1e-3)
        living = model.records.villages
        for k in range(1, len(GROUPS)):
            yuan = memory.living[:MONTHS, k, :, 0].sum(axis=1)
            np.testing.assert_allclose(
                yuan, [month[:, COLUMN["living_standard"]].sum() for month in living], rtol=1e-9
            )
        v, people, households = model.villages, model.people, model.households
        lives = (people.born <= model.month) & (people.dies > model.month)
        lives &= (people.leaves > model.month) & (people.place == Place.VILLAGE)
        home = np.bincount(people.household[lives], minlength=len(households.uid))
        for row in range(len(v.uid)):  # a village is of its own size, whatever it stands for
            sampled = slice(v.first_household[row], v.end_household[row])
            found = memory.of_village("people_home", MONTHS, row)[-1]
            mean = np.average(home[sampled], weights=households.weight[sampled])
            assert found == pytest.approx(mean * v.size[row], rel=1e-5)
        model.release()


def test_moves_of_people_and_land_account_for_the_stocks(finished: Session) -> None:
    memory = finished.memories[1]
    net = memory.people.sum(axis=1) - memory.people.sum(axis=2)  # arrivals less departures
    for name, state in (("people_home", 0), ("people_coast", 3)):
        stock = memory.series(name, MONTHS)
        # single precision of the moves against stocks of thousands
        np.testing.assert_allclose(np.diff(stock), net[1:, state], atol=1e-2)
    idle = memory.series("mu_idle", MONTHS)
    land = memory.land.sum(axis=1) - memory.land.sum(axis=2)
    spring = slice(3, MONTHS)  # from the first spring on, in which all is sown
    np.testing.assert_allclose(
        np.diff(idle)[spring].sum(), land[4:MONTHS, LAND.index("idle")].sum(), atol=1.0
    )
    assert memory.people[:, WHERE.index("village"), WHERE.index("coast")].sum() > 0


def test_the_money_drawn_is_the_money_of_the_ledger(finished: Session) -> None:
    found = sankey(finished.memories, "money", "B", 0, MONTHS - 1)
    yuan = finished.memories[1].flows.sum(axis=(0, 2), dtype=float) / 1e9
    inward = [
        v for f, v in zip(FLOWS, yuan, strict=True)
        if f.payee == Sector.RURAL != f.payer
    ]  # fmt: skip
    drawn = sum(link.value for link in found.links if link.target == "rural households")
    # flows under 0.4% of the largest are not drawn
    assert drawn == pytest.approx(sum(inward), rel=0.03)


def test_every_sankey_can_be_drawn_and_a_difference_has_a_sign(finished: Session) -> None:
    for kind in KINDS:
        for view in VIEWS:
            option = sankey_option(sankey(finished.memories, kind, view, 0, MONTHS - 1))
            names = [node["name"] for node in option["series"][0]["data"]]
            assert len(set(names)) == len(names)
            for link in option["series"][0]["links"]:
                assert link["source"] != link["target"] and link["value"] > 0
    gap_ = sankey(finished.memories, "money", VIEWS[2], 0, MONTHS - 1)
    parcels = [link for link in gap_.links if "parcels" in link.target]
    assert parcels and parcels[0].value > 0, "only B buys online"


def test_headlines_wait_for_what_there_is_not_yet(finished: Session) -> None:
    first = {h.name: h for h in headlines(finished.memories, 0)}
    assert first["Land farmed"].gap == "same"  # sown from the first month on
    assert first["Village product"].a == "–" and first["Village product"].gap == "after 12 months"
    last = {h.name: h for h in headlines(finished.memories, MONTHS - 1)}
    assert "–" not in [h.a for h in last.values()]
    assert last["Online shops"].a == "0"


# --- a story -----------------------------------------------------------------------------------


def test_the_terms_of_a_choice_add_up_to_the_utility_that_the_rule_compares(
    finished: Session,
) -> None:
    with finished.reading() as models:
        m = models[1]
        adults = [
            person.row
            for h in range(0, len(m.households.uid), 7)
            for person in story.members(m, h)
            if person.adult
        ]
        assert len(adults) > 30
        for i in adults:
            _compare(m, i)


def _compare(m: Any, i: int) -> None:
    age = (m.clock - int(m.people.born[i])) / 12.0
    options = story.choice(m, i)
    others, hands = moves.labour_of_others(m.people, m.households, i, m.month, m.clock, m.rules)
    days = moves.days_of(age, int(Job.FARM), m.params["land"])
    best, _, _ = moves.best_at_home(
        m.people, m.households, m.plots, i, days, others, hands, age, m.terms, m.key, m.life_key,
        m.rules,
    )  # fmt: skip
    home = [o for o in options if o.name in ("own farm", "local work") or "commute" in o.name]
    assert max(o.utility for o in home) == pytest.approx(best, rel=1e-12)
    children = moves.children_of(m.people, m.households, i, m.month, m.clock)
    away, _ = moves.best_away(
        m.people, m.households, i, age, children, m.adults, m.terms, moves.LOST, m.key,
        m.life_key, m.rules,
    )  # fmt: skip
    rest = [o for o in options if o not in home]
    assert max(o.utility for o in rest) == pytest.approx(away, rel=1e-12)
    for option in options:  # the rows shown add up to V
        assert np.nansum(option.terms[2:10]) == pytest.approx(option.terms[10], rel=1e-9)


def test_who_left_is_asked_in_the_month_of_leaving_and_had_reason_to(finished: Session) -> None:
    with finished.reading() as models:
        m = models[1]
        left = {
            person.row: person
            for h in range(len(m.households.uid))
            for person in story.members(m, h)
            if person.chose > 0 and person.place != "village"
        }
        month = max(person.chose for person in left.values())
        asked = tuple(row for row, person in left.items() if person.chose == month)
    answers = weighed_then(finished.scenarios[1], 1, asked, month)
    assert len(answers) == len(asked) > 0
    agree = [
        left[row].place in max(options, key=lambda o: o.utility).name
        for row, options in zip(asked, answers, strict=True)
    ]
    # an elder of the household who chose in the same month may have changed the terms
    assert np.mean(agree) >= 0.9
    assert weighed_then(finished.scenarios[1], 1, asked, month, lambda done: done < 3) == []


def test_a_household_says_what_became_of_its_land_and_of_its_shop(finished: Session) -> None:
    with finished.reading() as models:
        m = models[1]
        t = m.households
        plots = [story.fields(m, h) for h in range(len(t.uid))]
        assert sum(len(p) for p in plots) == len(m.plots.uid)
        let = [f for p in plots for f in p if f.worker.startswith("neighbour")]
        assert let and all("let" in f.why for f in let)
        sellers = np.flatnonzero(m.shops.good >= 0)
        assert story.shop(m, int(sellers[0]))[0][0] == "sells"
        others = [dict(story.shop(m, h)) for h in np.flatnonzero(m.shops.good < 0)]
        assert any("cost of opening" in rows for rows in others)
        assert dict(story.shop(models[0], 0))["no shop"].startswith("nobody sells online")
        away = [h for h in range(len(t.uid)) if t.residents[h] < t.registered[h]]
        places = {person.place for h in away for person in story.members(m, h)}
        assert "coast" in places and story.place_name(m, 0, int(Place.VILLAGE)) == "village"


# --- to take away ------------------------------------------------------------------------------


def test_data_and_figures_say_where_they_come_from(finished: Session, tmp_path: Path) -> None:
    import io
    import zipfile

    import pandas as pd
    import pyarrow.parquet as pq

    counties = ["County 1", "County 2"]
    packed = zipfile.ZipFile(io.BytesIO(data_zip(finished, counties, "parquet")))
    months = pq.read_table(io.BytesIO(packed.read("months.parquet")))
    assert json.loads(months.schema.metadata[b"ruralflow"])["seed"] == 1
    table = months.to_pandas()
    assert len(table) == 2 * MONTHS * 2 and set(table["arm"]) == {"A", "B"}
    csv = zipfile.ZipFile(io.BytesIO(data_zip(finished, counties, "csv")))
    read = pd.read_csv(io.BytesIO(csv.read("months.csv")))
    pd.testing.assert_frame_equal(read, table, check_dtype=False)
    flows = pd.read_csv(io.BytesIO(csv.read("flows.csv")))
    assert flows.loc[flows["line"] == "parcels", "arm"].unique().tolist() == ["B"]
    drawn = zipfile.ZipFile(io.BytesIO(figures_zip(finished, ("none", "all"), 0)))
    names = {
        name for stem in ("gains", "maps", "series") for name in (f"{stem}.png", f"{stem}.svg")
    }
    assert set(drawn.namelist()) == names
    assert b"scenario_digest" in drawn.read("maps.svg") and b"scenario_digest" in drawn.read(
        "maps.png"
    )


def test_a_folder_without_results_is_refused_and_one_with_them_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder that a command wrote"):
        Folder(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"run\.json"):
        Folder(tmp_path)
    found = {
        "headline": ["labour 12 [10, 14]"],
        "provenance": {"seed": 3, "scenario": {"name": "x"}},
    }
    (tmp_path / "offset.json").write_text(json.dumps(found), encoding="utf-8")
    (tmp_path / "offset.csv").write_text("outcome,value,low,high\nlabour,12,10,14\n")
    folder = Folder(tmp_path)
    assert folder.lines == ["labour 12 [10, 14]"] and "seed 3" in folder.title
    assert folder.table is not None and folder.table["high"].tolist() == [14]
    (tmp_path / "offset.json").write_text("{broken")
    with pytest.raises(InputError, match="cannot be read"):
        Folder(tmp_path)


def test_a_taken_port_is_refused_in_one_line() -> None:
    from viz.page import serve

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(InputError, match="--port .* a free port"):
            serve(other.getsockname()[1])
