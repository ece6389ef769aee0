"""The page of experiments: its outputs are those of the commands beside them."""

from __future__ import annotations

import re

import pytest

from experiments.examples import PAGE, examples, kept, renewed

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_shows_the_commands_that_made_its_outputs():
    """Each command of an example stands in the page as a reader would type it."""
    shown = re.sub(r" \\\n +", " ", TEXT)
    commands = examples(TEXT)
    assert len(commands) > 8
    for command in commands:
        assert command.startswith("python -c") or f"\n    {command}\n" in shown, command


def test_an_output_is_written_anew_and_the_rest_left():
    """One example of two, cut down to two pieces; a page without its command stays as it is."""
    page = 'A\n\n<!-- example\na -b\nkeep "two" 1\nkeep "  f" 2\n-->\n\n    old\n\nB\n'
    other = "```python\nprint(1)\n```\n\n<!-- example\npython\n-->\n\n    old\n\nC\n"
    said = {"a -b": "one\ntwo\nthree\n  four\n\nfive\n", "python -c 'print(1)\n'": "1\n"}
    assert examples(page + other) == list(said)
    assert renewed(page + other, lambda command: None) == page + other
    made = renewed(page + other, said.get)
    assert made == (page + other).replace("    old\n", "    two\n      four\n\n", 1).replace(
        "    old", "    1"
    )
    with pytest.raises(ValueError, match="no line begins with 'six'"):
        kept(["one"], ['keep "six" 1'])
