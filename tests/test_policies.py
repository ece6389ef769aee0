"""Packages of policy: read and checked, costs, deciles of the same household, regret."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.bootstrap import nested_interval
from experiments.homes import households
from experiments.output import OutputFolder
from experiments.package import Cost, read_package, read_packages
from experiments.panel import Panel
from experiments.policies import NONE, Question, by_decile, run_policies
from experiments.progress import Progress
from experiments.runs import Measure
from experiments.workers import Workers
from model import RuralUrbanModel, load_scenario
from model.errors import InputError
from model.indicators import VILLAGE
from model.switches import Synthetic

QUIET, HERE = Progress("test", quiet=True), Workers(0)


def test_the_packages_that_come_with_it():
    """Seven, each valid, each changes the baseline, each with a sentence; five with a cost."""
    packages = read_packages()
    base = load_scenario()
    assert len(packages) == 7 and sum(p.cost is not None for p in packages) == 5
    for package in packages:
        assert package.sentence and package.of(base).digest() != base.digest()
    hukou = next(p for p in packages if p.name == "hukou reform").of(base)
    assert hukou.group("migration").hukou_coast == base.group("migration").hukou_coast / 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "a"\nsentence = "b"', "nothing is set; valid: set"),
        ('sentence = "b"\nset.pull.scale = 1', "name; valid: a text"),
        ('name = "a"\nsentence = "b"\nset.pull.scael = 1', "pull.scale .the nearest"),
        ('name = "a"\nsentence = "b"\nscale.pull.scale = -1', "scale.pull.scale = -1; valid"),
        (
            'name = "a"\nsentence = "b"\nset.pull.scale = 1\ncost.factor = 2',
            "cost.sentence; valid: a text",
        ),
        (
            'name = "a"\nsentence = "b"\nset.pull.scale = 1\ncost.lines = ["trainin"]',
            "unknown key cost.lines trainin; valid: training",
        ),
    ],
)
def test_a_wrong_package_is_refused(tmp_path, text, said):
    """One line that names file, key and what is valid."""
    path = tmp_path / "p.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_package(path)
    with pytest.raises(InputError, match="--packages: nosuch; valid: cold_chain"):
        read_packages(("nosuch",))


def test_costs():
    """Levels, differences, and what each county costs once."""
    base = load_scenario()
    paid, before = pd.Series({"training": 50.0, "food": 9.0}), pd.Series({"training": 20.0})
    assert Cost("", ("training", "programme")).yuan(paid, before, base, 3) == 30.0
    assert Cost("", ("training",), "level", 0.5).yuan(paid, before, base, 3) == 25.0
    stores = Cost("", per_county=("hub.cold_store_cost", "hub.cold_store_size"))
    assert stores.yuan(paid, before, base, 3) == pytest.approx(3 * 1150.0 * 500.0)


def test_deciles_compare_a_household_with_itself():
    """The k-th decile gains k: so it comes out, though rows are shuffled and one is missing."""
    generator = np.random.default_rng(1)
    number = 1000
    before = pd.DataFrame(
        {"household": np.arange(number), "income": generator.permutation(number) * 10.0,
         "mean_age": np.arange(number) / 20.0, "weight": 1.0, "registered": 4, "world": 0,
         "replicate": 0, "package": NONE}
    )  # fmt: skip
    after = before.assign(package="p", income=before["income"] + before["income"] // 1000 + 1.0)
    homes = pd.concat([before, after.sample(frac=1.0, random_state=1).iloc[1:]])
    gains = by_decile(homes, ["p"])
    income = gains[gains["by"] == "income"].set_index("decile")["gain"]
    assert income.to_list() == pytest.approx(list(range(1, 11)))
    age = gains[gains["by"] == "age"]["gain"]
    assert age.to_numpy() == pytest.approx(np.full(10, 5.5), abs=1.5)  # income is not of age


def test_the_year_of_households_is_that_of_the_books():
    """Income and shops of all households, weighted, are the region's of twelve months, shops too
    that closed in the year."""
    scenario = load_scenario("yiwu").with_(
        months=120, sample=0.02, **{"selling.close_anyway": 0.1, "access.start": "2006-01"}
    )
    model = RuralUrbanModel(scenario, 1)
    panel = Panel(model)
    for _ in range(120):
        model.step()
        panel.collect()
    year, months = panel.households[-1], model.records.months_table()
    months = months[months["month"] >= "2012-01"]
    parts = [c for c in months if c.startswith("income_") and c != "income_other"]
    assert year["shop_turnover"].where(~year["has_shop"]).sum() > 0
    for column, books in (
        ("shop_turnover", months["shop_turnover"]),
        ("shop_profit", months["shop_profit"]),
        ("year_income", months[parts].sum(axis=1)),
    ):
        assert (year[column] * year["weight"]).sum() == pytest.approx(books.sum()), column
    heads, price = year["registered"], year["cost_of_living"]
    kept = households(year).set_index("household")["income"]
    told = (year["year_income"] / heads / price).set_axis(year["household"])[kept.index]
    assert np.array_equal(kept, told)


def test_two_replicates_of_a_world_are_no_two_worlds():
    """Worlds differ by 1, luck by 0.1: ten replicates of each leave the interval as wide as one."""
    generator = np.random.default_rng(1)
    world, luck = generator.normal(size=(12, 1)), 0.1 * generator.normal(size=(12, 10))
    one, ten = (nested_interval((world + luck)[:, :n], 1) for n in (1, 10))
    assert ten.half_width == pytest.approx(one.half_width, rel=0.15)
    alone = nested_interval(world[:1] + luck[:1], 1)  # of one world its replicates are drawn
    assert 0.0 < alone.half_width < 0.1


def test_packages_of_one_name_are_refused(tmp_path):
    for stem, name in (("a", "mine"), ("b", "mine"), ("c", NONE)):
        text = f'name = "{name}"\nsentence = "x"\nset.pull.scale = 0.5\n'
        (tmp_path / f"{stem}.toml").write_text(text)
    for stems, name in (("ab", "mine"), ("c", NONE)):
        with pytest.raises(InputError, match=f"name = '{name}'; valid: a name of its own"):
            read_packages(tuple(str(tmp_path / f"{stem}.toml") for stem in stems))


def stub(scenario, seed):
    """Stand in for a run: training is best where kappa is low, half-price freight elsewhere."""
    value = 100.0 + seed
    value += 10.0 * (scenario.group("policy").training_share > 0)
    value += 5.0 * (scenario.group("freight").cost_scale < 1) * scenario.group("migration").kappa
    line = 4e6 * (scenario.group("policy").training_share > 0)
    homes = pd.DataFrame({"household": [1, 2], "weight": 1.0, "mean_age": [30.0, 50.0],
                          "registered": 3, "income": value})  # fmt: skip
    return {
        "region": pd.DataFrame([{"year": 2023} | {i.name: value for i in VILLAGE}]),
        "paid": pd.DataFrame({"line": ["training", "freight_first"], "yuan": [line, 7e6]}),
        "homes": homes,
    }


def test_effects_costs_and_regret(tmp_path):
    """Ten more for 4 million yuan; regret is 0 for the best of each world, and never below."""
    question = Question(("training", "freight_subsidy"), worlds=6)
    region = Synthetic(width=10, height=10, counties=2)
    with OutputFolder(tmp_path / "o") as out:
        result = run_policies(
            load_scenario().with_(region=region),
            1,
            out,
            QUIET,
            question,
            HERE,
            Measure("s-1", stub),
        )
    effects = pd.DataFrame(result["effects"]).set_index(["package", "outcome"])
    row = effects.loc[("training", "labour")]
    assert row["value"] == 10.0 and row["cost_yuan"] == 4e6 and row["per_million_yuan"] == 2.5
    assert effects.loc[("freight subsidy", "labour"), "cost_yuan"] == pytest.approx(3e6)
    regret = pd.DataFrame(result["regret"])
    labour = regret[regret["outcome"] == "labour"].set_index("package")
    assert (labour["mean_regret"] >= 0).all() and labour["best_in"].sum() == pytest.approx(1.0)
    assert 0.0 < labour.loc["training", "best_in"] < 1.0 and labour.loc[NONE, "best_in"] == 0.0
    names = {p.name for p in (tmp_path / "o").iterdir()}
    assert {"policies.json", "effects.csv", "regret.csv", "deciles.csv"} <= names


def test_a_real_package_on_a_small_world(tmp_path):
    """The panel is kept, households are found again, the lease reform moves somebody's income."""
    scenario = load_scenario().with_(
        region=Synthetic(width=10, height=10, counties=2), sample=0.02, months=12
    )
    with OutputFolder(tmp_path / "o") as out:
        result = run_policies(scenario, 1, out, QUIET, Question(("land_lease",), 0), HERE)
    gains = pd.DataFrame(result["deciles"])
    assert len(gains) == 20 and np.isfinite(gains["gain"]).all() and (gains["gain"] != 0).any()


def test_pictures_are_drawn_from_the_result(tmp_path):
    """Two pictures in two forms; every package is named in both."""
    from viz.policies import draw

    names = ["training", "freight subsidy"]
    unit = {"labour": "workers", "land": "mu", "product": "yuan of 2010 a year",
            "living": "yuan of 2010 a person and year"}  # fmt: skip
    effects = [
        {"package": p, "outcome": o, "value": 2.0, "low": 1.0, "high": 3.0, "unit": u}
        for p in names
        for o, u in unit.items()
    ]
    deciles = [
        {"package": p, "by": by, "decile": d, "gain": float(d)}
        for p in names
        for by in ("income", "age")
        for d in range(1, 11)
    ]
    result = {"effects": effects, "deciles": deciles, "worlds": 4, "replicates": 1}
    with OutputFolder(tmp_path / "o") as out:
        written = draw(result, out, {"ruralflow": "0", "seed": 1})
    assert len(written) == 4
    for path in written:
        if path.suffix == ".svg":
            assert all(name in path.read_text(encoding="utf-8") for name in names)
