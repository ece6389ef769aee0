"""docs/ODD.md is what the code gives, lists every rule, and explains every source it names."""

from __future__ import annotations

import re
import tomllib
from calendar import month_name
from pathlib import Path

import pytest

from experiments import odd
from model.registry import parameter_table

TARGETS = odd.ROOT / "experiments" / "scorecard" / "targets.toml"
#: A row of the collection of evidence, or a range of rows.
FACT = re.compile(r"\b([ACFLNRST])(\d{1,2})(?:-([ACFLNRST]?)(\d{1,2}))?\b")

#: First author and year of "Author 1977", "Author and Author 1977", "Author et al. 2021".
CITED = re.compile(
    r"([A-Z][\w']+)(?:(?:, [A-Z]\w+)* and\s+[A-Z][\w-]+| et al\.)?\s+(1[89]\d\d|20[012]\d)\b"
)


@pytest.fixture(scope="module")
def page():
    return odd.PAGE.read_text(encoding="utf-8")


def facts(text):
    """Return the rows of evidence that a text names: "L22-L24" are three."""
    found = set()
    for kind, first, _, last in FACT.findall(text):
        found |= {(kind, number) for number in range(int(first), int(last or first) + 1)}
    return found


def section(page, title):
    """Return a section of the page."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def by_hand(page):
    """Return the page without what is generated."""
    return re.sub(r"<!-- generated: (\w+) -->.*?<!-- end of \1 -->", "", page, flags=re.S)


def test_the_page_is_what_the_code_gives(page):
    """``make odd`` after a change of parameters, rules, accounts, indicators or the schedule."""
    assert odd.fill(page) == page, "docs/ODD.md is behind the code: make odd"


@pytest.mark.parametrize("word", ["`kappa` | ", "wage_coast", "Let people be born", "`uid`"])
def test_a_page_that_is_behind_is_found(page, word, tmp_path, monkeypatch):
    """The control: one word of a generated part changed, and the check fails; then it is mended."""
    changed = page.replace(word, "WRONG", 1)
    assert changed != page, f"{word} is not on the page: choose another"
    copy = tmp_path / "ODD.md"
    copy.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(odd, "PAGE", copy)
    assert odd.main(["--check"]) == 1
    assert copy.read_text(encoding="utf-8") == changed  # --check writes nothing
    assert odd.main([]) == 0
    assert copy.read_text(encoding="utf-8") == page


def test_a_lost_marker_is_named(page):
    """A page whose marker went by hand cannot be renewed."""
    with pytest.raises(ValueError, match="generated: accounts"):
        odd.fill(page.replace("<!-- generated: accounts -->", ""))


def test_every_rule_is_listed_once():
    """A scalar rule without a row of odd_rules.csv has no source; the control is an unknown one."""
    listed = [row["rule"] for row in odd.rules()]
    assert len(listed) == len(set(listed))
    assert odd.scalar_rules() - set(listed) == set()
    assert "agents.farmer.land:net_return" in odd.scalar_rules()  # it finds any at all
    with pytest.raises(ValueError, match="no such rule"):
        odd.rule_text("agents.farmer.land:net_retrun")


def test_every_rule_says_what_its_form_rests_on():
    """Literature and data name their source."""
    for row in odd.rules():
        assert row["status"] in odd.STATUSES, row
        assert row["source"] or row["status"] in ("definition", "assumption"), row


def test_every_source_named_is_explained(page):
    """Rows of evidence that rules, parameters, targets and the text name stand in section 7."""
    known = set()
    for line in section(page, "7. Evidence").splitlines():
        known |= facts(line.split("|")[1]) if line.startswith("| ") else set()
    texts = [row["source"] for row in odd.rules()] + [by_hand(page)]
    for source in parameter_table()["source"]:
        texts.append(source.partition("FACTS")[2] if "PROTOTYPE" in source else source)
    for row in odd.rules():
        texts += re.findall(r"FACTS ([A-Z0-9, -]+)", odd.rule_text(row["rule"]))
    targets = tomllib.loads(TARGETS.read_text(encoding="utf-8"))["target"]
    texts += [target["facts"] for target in targets]
    named = set().union(*(facts(text) for text in texts))
    assert len(named) > 60  # the pattern finds them
    assert named - known == set()


def test_every_reference_is_in_the_list(page):
    """An author with a year, as rules and the text cite them, is in section 8."""
    references = [line for line in section(page, "8. References").splitlines() if line]
    text = "\n".join(row["source"] for row in odd.rules())
    text += by_hand(page).partition("\n## 6.")[0]
    cited = {(who, year) for who, year in CITED.findall(text) if who not in month_name}
    assert len(cited) > 35  # the pattern finds them
    for author, year in cited:
        assert any(author in line and year in line for line in references), (author, year)


def test_paths_named_by_hand_exist(page):
    """Links and files of the text."""
    for target in re.findall(r"\]\((\w+\.md)\)", by_hand(page)):
        assert (odd.PAGE.parent / target).is_file()
    for name in re.findall(r"`((?:model|agents|experiments|benchmarks)/[\w/.]+)`", by_hand(page)):
        assert (odd.ROOT / Path(name)).exists(), name
