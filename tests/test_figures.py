"""Pictures: what they add up, what they say where there is nothing, where they came from."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from experiments.arms import ARMS, OUTCOMES
from experiments.offset import evaluate
from experiments.output import OutputFolder, provenance
from model.indicators import VILLAGE
from model.scenario import load_scenario
from viz import style
from viz.figures import offset_figures, percent, run_figures, short, timeline
from viz.offset import _headline as headline_figure
from viz.offset import unit_scale
from viz.sankey import rural_money
from viz.style import source_line


def months_table(months: int, counties: int = 2) -> pd.DataFrame:
    """Every indicator is 1 in each county and month, but for land, which grows by the month."""
    names = [f"{2003 + t // 12}-{t % 12 + 1:02d}" for t in range(months)]
    table = pd.DataFrame(
        {"month": np.repeat(names, counties), "county": np.tile(list("ABCD")[:counties], months)}
    )
    for indicator in VILLAGE:
        table[indicator.name] = 1.0
    table["mu_cultivated"] = np.repeat(np.arange(months, dtype=float), counties)
    return table


def flows_table(months: int, sold: float = 3e9) -> pd.DataFrame:
    lines = [
        ("WHOLESALE", "RURAL", "farm_sale", sold),
        ("ABSENT", "RURAL", "remittance", 1e9),
        ("RURAL", "RURAL", "in_kind", 9e9),
        ("RURAL", "LOCAL", "retail", 2.5e9),
        ("CITY", "URBAN", "wage_city", 7e9),
    ]
    names = [f"{2003 + t // 12}-{t % 12 + 1:02d}" for t in range(months)]
    rows = [(m, payer, payee, kind, "A", yuan) for m in names for payer, payee, kind, yuan in lines]
    return pd.DataFrame(rows, columns=["month", "payer", "payee", "kind", "county", "yuan"])


def origin() -> dict[str, Any]:
    return provenance(load_scenario(), 7)


# --- what is added up --------------------------------------------------------------------------


def test_a_year_sums_flows_averages_stocks_and_takes_land_at_its_end() -> None:
    time = timeline(months_table(30))
    assert time.per == "a year" and time.x.tolist() == [2003, 2004], "half a year is left out"
    assert time["income_farm"].tolist() == [24, 24], "12 months of 2 counties"
    assert time["people_home"].tolist() == [2, 2]
    assert time["mu_cultivated"].tolist() == [2 * 11, 2 * 23], "as in December"


def test_a_short_run_is_shown_by_month() -> None:
    time = timeline(months_table(14))
    assert time.per == "a month" and len(time.x) == 14
    assert time["income_farm"].tolist() == [2] * 14


def test_money_in_equals_money_out_and_what_stays_in_the_village_is_left_out() -> None:
    received, paid = rural_money(flows_table(1))
    assert received.to_dict() == {"WHOLESALE": 3.0, "ABSENT": 1.0}
    assert paid.to_dict() == {"LOCAL": 2.5, "money kept": 1.5}
    received, paid = rural_money(flows_table(1, sold=1e9))
    assert received["from money held"] == 0.5 and paid.sum() == received.sum()


def test_labels_keep_their_distance_and_their_order() -> None:
    placed = style.spread([0.5, 0.51, 0.52, 0.9], gap=0.1, low=0.0, high=1.0)
    # 1e-12 is rounding: the gaps are sums of a few numbers near 1
    assert (np.diff(placed) >= 0.1 - 1e-12).all() and placed.min() >= 0 and placed.max() <= 1
    assert style.spread([0.2, 0.8], 0.1, 0, 1).tolist() == [0.2, 0.8], "no need, no move"


def test_numbers_and_units_are_short() -> None:
    assert [short(v) for v in (1234.5, 12.34, 1.234, 0.0, 0.0012)] == [
        "1,234",
        "12.3",
        "1.23",
        "0",
        "0.0012",
    ]
    assert np.isnan(percent(np.ones(1), np.zeros(1))).all()
    assert unit_scale("yuan of 2010 a year", 3e10) == (1e-9, "billion yuan of 2010 a year")
    assert unit_scale("mu", 500) == (1.0, "mu")


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [style.LAND, style.PLACES])
def test_areas_that_touch_differ_in_grey(palette: dict[str, str]) -> None:
    # a tenth of the way from black to white is what a laser printer keeps apart
    grey = [_luminance(colour) for colour in palette.values()]
    assert np.abs(np.diff(grey)).min() > 0.1


# --- files -------------------------------------------------------------------------------------


def test_a_run_gives_four_pictures_that_say_where_they_came_from(tmp_path: Path) -> None:
    tables = {
        "months": months_table(24),
        "flows": flows_table(24),
        "villages": pd.DataFrame({"village": [0, 1]}),
    }
    with OutputFolder(tmp_path) as out:
        written = run_figures(tables, out, origin())
    stems = ("labour", "land", "income", "flows")
    assert [p.name for p in written] == [f"{s}.{kind}" for s in stems for kind in ("png", "svg")]
    for stem in stems:
        label = Image.open(tmp_path / "figures" / f"{stem}.png").info["Description"]
        assert json.loads(label)["seed"] == 7
        text = (tmp_path / "figures" / f"{stem}.svg").read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert "scenario shaoyang, sample 1:100, seed 7" in text, "on the picture itself too"


@pytest.mark.parametrize("months", [1, 3, 13])
def test_a_run_of_any_length_can_be_drawn(tmp_path: Path, months: int) -> None:
    tables = {"months": months_table(months), "flows": flows_table(months)}
    with OutputFolder(tmp_path) as out:
        assert len(run_figures(tables, out, origin())) == 8


def test_a_run_without_money_says_so(tmp_path: Path) -> None:
    flows = flows_table(24)
    tables = {"months": months_table(24), "flows": flows[flows["kind"] == "wage_city"]}
    with OutputFolder(tmp_path) as out:
        run_figures(tables, out, origin())
    assert "no money has flowed yet" in (tmp_path / "figures/flows.svg").read_text()


# --- the headline ------------------------------------------------------------------------------


def offset_result() -> dict[str, Any]:
    """Labour is lost for certain; land may or may not be; the living standard gains."""
    lost = {
        "labour_home": 1e5,
        "mu_cultivated": 0.0,
        "village_product": 1e9,
        "living_standard": -9e6,
    }
    columns = {c for o in OUTCOMES.values() for c in (o.column, o.per) if c}
    luck = np.random.default_rng(1)
    rows = []
    for arm in ARMS:
        for replicate in range(8):
            for year in (2003, 2004):
                for county in ("A", "B"):
                    for column in sorted(columns):
                        value = 1e6 - lost.get(column, 0.0) * arm.startswith("pull")
                        value += 0.1 * lost.get(column, 0.0) * ("no access" not in arm)
                        value += 2.0 * luck.standard_normal()
                        if column == "mu_cultivated":  # as often lost as won
                            value = 1e6 + 5.0 * (-1) ** replicate * arm.startswith("pull")
                        rows.append((arm, replicate, year, county, column, value))
    names = ["arm", "replicate", "year", "county", "column", "value"]
    result = evaluate(pd.DataFrame(rows, columns=names), list(ARMS), 2003, 1)
    return result | {"replicates": 8, "no_pull": "No pull: nothing is taken."}


def _words(figure: Figure) -> str:
    texts = [t.get_text() for ax in figure.axes for t in (*ax.texts, ax.title, ax._left_title)]
    return " ".join(texts)


def test_the_headline_prints_a_share_only_where_there_is_a_loss() -> None:
    result = offset_result()
    figure, _ = headline_figure(result)
    words = _words(figure)
    verdicts = {n: result["outcomes"][n]["last 12 months"]["verdict"] for n in ("labour", "living")}
    assert verdicts == {"labour": "offset", "living": "the pull was a gain"}
    assert "10.00% [10.00, 10.00]" in words
    assert "the pull was a gain" in words
    assert "loss not distinguishable" in words, "land has none"
    assert "200.0 [200.0, 200.0]" in words and "thousand workers" in words, "both counties'"


def test_offset_gives_three_pictures(tmp_path: Path) -> None:
    with OutputFolder(tmp_path) as out:
        written = offset_figures(offset_result(), out, origin())
    assert [p.stem for p in written[::2]] == ["offset", "offset_years", "offset_counties"]
    text = written[1].read_text()
    assert "8 paired replicates" in text and "No pull: nothing is taken." in text


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ({"folder": "shaoyang"}, "scenario shaoyang, sample 1:100"),
        ({"folder": "/data/yongzhou"}, "scenario shaoyang, region yongzhou, sample 1:100"),
        ({"synthetic": {"counties": 60}}, "scenario shaoyang, sample 1:100"),
    ],
)
def test_a_picture_names_a_region_that_is_not_its_scenarios(region, said):
    scenario = {"name": "shaoyang", "parent": "", "region": region, "sample": 0.01}
    assert said in source_line({"ruralflow": "1.0", "scenario": scenario})
