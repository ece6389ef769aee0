"""Findings: no sentence says more than its interval, and no result stands in a template."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.arms import ARMS, BARE, BUYING, FULL, NEITHER, SELLING
from experiments.bootstrap import Interval, noise_missed, resamples
from experiments.findings import Question, claims, command, run_findings, topics
from experiments.findings.evidence import Evidence
from experiments.findings.numbers import Numbers, home_gains, horizons, mean_of
from experiments.findings.words import (
    DOWN,
    NONE,
    OPEN,
    UNKNOWN,
    UP,
    all_or_some,
    amount,
    change,
    changes,
    compared,
    loss,
    offset,
    offset_answer,
    share,
    sign,
)
from experiments.output import OutputFolder
from experiments.progress import Progress
from experiments.workers import Workers
from model import load_scenario
from model.errors import InputError
from model.indicators import VILLAGE
from model.switches import Synthetic
from viz.findings import draw

QUIET = Progress("test", quiet=True)
numbers = st.floats(-1e9, 1e9, allow_nan=False)
TOLD = re.compile(r"raises|lowers|brings back|deepens| than ")


def interval_of(a, b, c):
    low, value, high = sorted((a, b, c))
    return Interval(value, low, high)


@given(numbers, numbers, numbers)
def test_an_interval_that_holds_0_tells_nothing(a, b, c):
    """Whatever the numbers: words of a direction only where the interval leaves out 0."""
    i = interval_of(a, b, c)
    texts = [change("It", "land", i, "mu"), loss("land", i, "mu"),
             compared("this", "that", i, "mu")]  # fmt: skip
    for text in texts:
        if i.low <= 0.0 <= i.high and any(i):
            assert "cannot be told" in text
        elif any(i):
            assert "cannot be told" not in text and TOLD.search(text)


@given(numbers, numbers, numbers, numbers, numbers)
def test_an_offset_needs_a_loss_and_a_return(a, b, c, lost, gained):
    """No ratio without a loss; no part "brought back" where the ratio may be 0 or below."""
    ratio, one = interval_of(a, b, c), Interval(lost, lost - 1.0, lost + 1.0)
    text = offset("land", Interval(gained, gained - 1.0, gained + 1.0), one, ratio, "mu")
    if one.high < 0.0:
        assert "no loss" in text and "%" not in text
    elif ratio.low <= 0.0 <= ratio.high:
        assert "brings back" not in text.replace("comes back", "")
    without = offset("land", one, Interval(0.5, -1.0, 2.0), None, "mu")
    assert "cannot be told" in without and "%" not in without


def test_the_direction_is_that_of_the_number():
    """The controls: a sign turned round turns the words round."""
    i = Interval(5.0, 4.0, 6.0)
    assert change("It", "land", i, "mu") == "It raises land by 5.00 [4.00, 6.00] mu."
    down = change("It", "land", Interval(-5.0, -6.0, -4.0), "mu")
    assert down == "It lowers land by 5.00 [4.00, 6.00] mu."
    assert "lowers land" in loss("land", i, "mu")
    assert offset_answer(Interval(0.1, 0.05, 0.2), i) == "in part, 10.0% [5.0, 20.0]"
    assert offset_answer(Interval(1.3, 1.1, 1.5), i) == "yes, all"
    assert offset_answer(Interval(-0.3, -0.4, -0.1), i) == "no"
    assert offset_answer(None, Interval(-5.0, -6.0, -4.0)) == "no loss"


@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=4))
def test_one_sentence_on_several_outcomes_says_of_each_what_its_interval_allows(triples):
    """A name stands behind "raises" or "lowers" only where its interval leaves out 0."""
    found = {f"outcome {k}": (interval_of(*t), "mu") for k, t in enumerate(triples)}
    text = changes("It", found)
    told, _, open_ = text.partition("whether it raises or lowers")
    if text.startswith("Whether it raises or lowers"):
        told, open_ = "", text
    raised, _, lowered = told.partition("lowers")
    for what, (i, _) in found.items():
        place = {UP: raised, DOWN: lowered, UNKNOWN: open_, NONE: told}[sign(i)]
        assert what in place
        assert text.count(what) == 1


def test_one_world_tells_nothing():
    """Without a second world there is no interval, whatever the value."""
    one = mean_of(np.array([3.0]), resamples(1, 1))
    assert sign(one) == UNKNOWN
    assert change("It", "land", one, "mu") == (
        "Whether it raises or lowers land cannot be told: 3.00 mu."
    )
    assert sign(mean_of(np.array([3.0, 3.0]), resamples(2, 1))) == UP  # the control: two worlds
    assert sign(Interval(0.0, 0.0, 0.0)) == NONE
    assert sign(Interval(float("nan"), 0.0, 1.0)) == UNKNOWN


def test_numbers_are_readable():
    """Three digits, one scale, no "-0"."""
    assert amount(Interval(12_345_678, 12_000_000, 13e6), "mu") == "12.3 [12.0, 13.0] million mu"
    assert amount(Interval(-0.001, -0.002, 0.0), "mu") == "-0.001 [-0.002, 0.000] mu"
    assert amount(Interval(float("nan"), 0, 0), "mu") == "no number (mu)"
    assert share(Interval(0.123, 0.1, 0.15)) == "12.3% [10.0, 15.0]"


def test_several_signs_make_an_answer():
    """Yes only where all are told, no only where none can be."""
    assert all_or_some([UP, UP]) == "Yes" and all_or_some([UP, DOWN]) == "In part"
    assert all_or_some([DOWN, NONE]) == "No" and all_or_some([DOWN, UNKNOWN]) == OPEN


# --- answers turn with the numbers ---------------------------------------------------------------
class Given:
    """Replies made by hand: value of every column by cell, four replicates of their own luck."""

    replicates = 4

    def __init__(self, values):
        self.cells = values

    def asked(self, cell):
        return cell in self.cells

    def last(self, cell):
        luck = np.array([0.0, 0.1, -0.1, 0.05])
        value = self.cells[cell] + luck
        table = {i.name: value for i in VILLAGE} | {"registered": np.ones(4)}
        return pd.DataFrame(table | {"replicate": range(4)})


def evidence(pull, access, good=0.0):
    """Return evidence of a pull that takes ``pull``, and of access that gives ``access``."""
    values = dict.fromkeys((f"base|{arm}" for arm in ARMS), 100.0)
    values |= {f"base|{NEITHER}": 100.0 + pull, f"base|{FULL}": 100.0 + access}
    values |= {"base|pull, only nuts sold": 100.0 + good}
    book = pd.DataFrame(
        [
            {"cell": f"base|{FULL}", "kind": "extraction", "item": side, "replicate": i, "value": v}
            for side, v in (("extraction", 7.0), ("return", 5.0))
            for i in range(4)
        ]
    )
    return Evidence(Numbers(Given(values), 1, {"book": book}), "given", ("nuts",), "", ())


@pytest.mark.parametrize(
    ("pull", "access", "first", "second"),
    [
        (20.0, 5.0, "Yes", "in part, 25.0%"),
        (20.0, 30.0, "Yes", "yes, all"),
        (20.0, -5.0, "Yes", "No"),
        (-20.0, 5.0, "No", "no loss"),
        (0.0, 5.0, "No", "cannot be told"),
    ],
)
def test_answers_follow_the_numbers(pull, access, first, second):
    """The same templates give each answer: none is written into them."""
    e = evidence(pull, access)
    assert claims.first(e).answer.startswith(first)
    assert second in claims.second(e).answer


def test_a_good_that_pays_is_named_and_one_that_costs_too():
    """By kind of good, in the words of the sign."""
    assert "is raised by nuts" in topics.goods(evidence(20.0, 5.0, 3.0)).answer
    assert "is lowered by nuts" in topics.goods(evidence(20.0, 5.0, -3.0)).answer


def test_what_was_not_run_is_not_answered():
    """Claims about the nation have no answer without its runs."""
    e = evidence(20.0, 5.0)
    for ask in (claims.third, claims.fourth, claims.fifth, claims.seventh, topics.reach,
                topics.horizon, topics.signs, topics.endowments, topics.whom):  # fmt: skip
        assert ask(e) is None


@pytest.mark.parametrize(
    ("qualify", "stands_for", "answer"),
    [
        (1, 245.0, "Yes, under one village in twenty"),  # 7,760 times 1: as the lists name
        (10, 24.5, "No, over one village in twenty"),
        (10, 245.0, "Cannot be told: the model has 10.0 times"),
        (1, 24.5, "Cannot be told: the model has 0.1 times"),
    ],
)
def test_how_rare_taobao_villages_are_needs_a_model_that_has_as_many(qualify, stands_for, answer):
    """A made-up nation of 60 counties stands for 1,900; the country's lists name 7,780 of 2022."""
    rows = [
        {"arm": "clusters", "replicate": r, "village": v, "taobao": v < qualify,
         "listed": float(v < qualify), "stands_for": stands_for, "cluster": 0.8 * (v < qualify),
         "minutes": 30.0 + v + r, "turnover": 3.0 if v < qualify else 1.0}
        for r in range(2)
        for v in range(100)
    ]  # fmt: skip
    e = evidence(20.0, 5.0)._replace(trade={"taobao": pd.DataFrame(rows)}, counties=60)
    found = claims.fourth(e)
    assert found.answer.startswith(answer)
    assert "In 2022 such villages, times 32" in found.sentences[1].text
    sold = 300.0 * qualify / (100.0 + 2.0 * qualify)  # three times as much as each of the others
    assert f"They make {sold:.3g}" in found.sentences[2].text


def test_shops_stand_beside_those_that_were_counted():
    """1.9 million in 2022, half as many in 2012; a run that ends before says less."""
    years = range(2003, 2024)
    rows = [
        {"arm": "clusters", "replicate": r, "year": year,
         "shops": 60_000.0 * max(0, year - 2002) / 20.0}
        for r in range(2)
        for year in years
    ]  # fmt: skip
    e = evidence(20.0, 5.0)._replace(trade={"shops": pd.DataFrame(rows)}, counties=60)
    texts = [s.text for s in claims.third(e).sentences]
    assert "Shops of villagers in 2012: 950 thousand; 596 thousand were counted" in texts[2]
    assert "in 2022: 1.90 million; 16.3 million were counted" in texts[3]
    assert "where towns and villages had 37% of them" in texts[3]
    short = e._replace(trade={"shops": pd.DataFrame([r for r in rows if r["year"] < 2016])})
    assert not any("in 2022" in s.text for s in claims.third(short).sentences)


# --- who gains -----------------------------------------------------------------------------------
def homes_of(gain):
    """Return 20 households in two replicates, whose income rises by ``gain(rank)`` yuan."""
    rows = []
    for replicate in range(2):
        for arm in (BARE, FULL, SELLING, BUYING):
            for k in range(20):
                income = 1000.0 * (k + 1) + (0.0 if arm == BARE else gain(k) + replicate)
                rows.append({"arm": arm, "replicate": replicate, "household": k, "weight": 1.0,
                             "mean_age": 60.0 - k, "registered": 4, "income": income})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("gain", "income", "age"),
    [
        (lambda k: 10.0 * k, "the richest tenth gains more", "the youngest tenth gains more"),
        (lambda k: 100.0 - k, "the poorest tenth gains more", "the oldest tenth gains more"),
    ],
)
def test_who_gains_is_who_was_given_more(gain, income, age):
    """Tenths are of the same households without e-commerce, and the oldest here are the poorest."""
    found = home_gains(homes_of(gain))
    numbers = Numbers(Given({}), 1)
    numbers.rows = resamples(2, 1)
    e = Evidence(numbers, "given", (), "", (), homes=found)
    assert topics.whom(e).answer == f"by income: {income}; by age: {age}"
    poorest = found[(found["by"] == "income") & (found["decile"] == 1) & (found["arm"] == FULL)]
    first = (gain(0) + gain(1)) / 2
    assert poorest["gain"].to_list() == pytest.approx([first, first + 1.0])


# --- horizon and selection -----------------------------------------------------------------------
def panel(arm, effect, rng, chosen):
    """Return villages of 24 counties: ``chosen`` enter in 2014 and gain ``effect`` each year."""
    rows = []
    for c in range(24):
        level = 1000.0 * np.exp(0.1 * rng.standard_normal())
        drift = 0.03 + (0.02 if chosen == "best" and c < 12 else 0.0)
        for year in range(2010, 2024):
            gain = effect * max(0, year - 2014) if c < 12 else 0.0
            income = level * np.exp(drift * (year - 2010) + gain)
            rows.append({"arm": arm, "year": year, "village": c, "county": str(c),
                         "entry": 2014.0 if c < 12 else np.nan, "real_income": 50 * income,
                         "people_home": 50.0, "shops": float(c < 12 and year >= 2014)})  # fmt: skip
    return pd.DataFrame(rows)


def test_selection_biases_the_estimate_and_not_the_truth():
    """Drawn counties: the estimate is the truth (1% a year); others: 2% a year too much."""
    parts = []
    for i in range(3):
        for arm, effect, chosen in (
            ("random", 0.01, "drawn"), ("programme", 0.01, "best"), ("no programme", 0.0, "drawn"),
            ("no access", 0.0, "best"),
        ):  # fmt: skip
            made = panel(arm, effect, np.random.default_rng(i), chosen)
            parts.append(made.assign(replicate=i))
    found = horizons(pd.concat(parts), 1).set_index(["line", "truth", "horizon"])["value"]
    assert found["random", False, 5] == pytest.approx(100 * np.expm1(0.05), abs=0.01)
    assert found["random", True, 5] == pytest.approx(100 * np.expm1(0.05), abs=0.01)
    assert found["self-selected", True, 5] == pytest.approx(100 * np.expm1(0.05), abs=0.01)
    assert found["self-selected", False, 5] == pytest.approx(
        100 * np.expm1(0.05 + 6 * 0.02), abs=0.01
    )


# --- a small run ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A world of two counties over three years, with what it left."""
    scenario = load_scenario("shaoyang", ["access.start=2003-06"]).with_(
        region=Synthetic(width=10, height=10, counties=2), sample=0.02, months=36
    )
    folder = tmp_path_factory.mktemp("findings")
    question = Question(parts=("homes", "cold", "keeping"), replicates=2, size=10)

    def ask():
        with OutputFolder(folder) as out:
            result = run_findings(scenario, 1, out, QUIET, question, Workers(0))
            draw(result, out, result["provenance"])
        return result

    return folder, ask(), ask


def test_a_small_run_leaves_a_page_with_its_pictures(small):
    """Every link of the page exists, every sentence says what it rests on."""
    folder, result, _ = small
    page = (folder / "findings.md").read_text(encoding="utf-8")
    pictures = re.findall(r"\]\((figures/[^)]+)\)", page)
    assert pictures and all((folder / name).stat().st_size > 10_000 for name in pictures)
    assert "Of intervals over 2 replicates" in page and "did not ask about" in page
    assert result["command"] in page and "Q3" in page.partition("## Not asked")[2]
    lines = [line for line in page.splitlines() if line.startswith("- ")]
    short, rest = lines[: len(result["short"])], lines[len(result["short"]) :]
    assert short == [f"- {text}" for text in result["short"]] and len(short) >= 5
    assert len(rest) > 30 and all(line.endswith(")*") for line in rest)
    anchors = set(re.findall(r"\]\(#([^)]+)\)", page))
    headings = {re.sub(r"[^\w-]", "", h.lower().replace(" ", "-"))
                for h in re.findall(r"^## (.+)$", page, re.M)}  # fmt: skip
    assert anchors and anchors <= headings


def test_the_second_time_nothing_is_run(small):
    """All runs are found in the store, and the answers are the same."""
    folder, result, ask = small
    before = sorted(p.name for p in (folder / "parts").iterdir())
    again = ask()
    assert sorted(p.name for p in (folder / "parts").iterdir()) == before
    assert again["findings"] == result["findings"] and again["short"] == result["short"]
    saved = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    assert saved["findings"] == json.loads(json.dumps(result["findings"]))


def test_the_arms_are_those_of_offset(small):
    """The loss on the page is the difference of the region's arms, from counties as from sums."""
    result = small[1]
    found = result["offset"]["outcomes"]["land"]["last 12 months"]
    arms = found["arms"]
    assert found["loss"]["value"] == pytest.approx(
        arms[NEITHER]["value"] - arms[BARE]["value"], rel=1e-12
    )
    text = next(f for f in result["findings"] if f["name"] == "Q1")["sentences"][1]["text"]
    first = float(re.search(r"([\d,]+\.?\d*) ?(\[|mu)", text)[1].replace(",", ""))
    assert first == pytest.approx(abs(found["loss"]["value"]), rel=0.01)


# --- wrong questions -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"parts": ("cool",)}, "--parts: cool; valid: homes, cold, awareness"),
        ({"nation": "yiwu"}, "--nation: yiwu; valid: made-up counties"),
        ({"levers": ("migration.kappa",)}, "--levers: migration.kappa; valid: access.scale"),
        ({"scenarios": ("yiwo",)}, "yiwo"),
    ],
)
def test_a_wrong_question_is_refused(changes, said):
    """One line, before the first run."""
    with pytest.raises(InputError, match=said):
        Question(**changes).check(load_scenario())


def test_the_command_is_the_one_that_was_given():
    """Options that are not defaults, and no others."""
    asked = Question(parts=("cold",), replicates=4)
    scenario = load_scenario("shaoyang", sample=0.02)
    words = command(scenario, 3, asked)
    assert words == ("ruralflow findings shaoyang --sample 0.02 --seed 3 --parts cold "
                     "--replicates 4")  # fmt: skip


def test_the_truth_of_a_programme_is_against_no_programme_and_of_a_shop_against_no_e_commerce():
    """Three arms have three causes: a sentence names the one that its line was compared without."""
    assert [topics._cause(name) for name in ("random", "programme")] == ["the programme"] * 2
    assert topics._cause("self-selected").startswith("e-commerce")


def test_percentiles_of_few_worlds_miss_more_than_one_in_twenty():
    """Nearer to 5% the more there are; of two worlds an interval misses every second time."""
    missed = [noise_missed(n) for n in (2, 4, 8, 20)]
    assert missed == sorted(missed, reverse=True)
    assert 0.4 < missed[0] and 0.05 < missed[-1] < 0.09
