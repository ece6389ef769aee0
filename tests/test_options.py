"""What a command asks where no option is given: the same as its question asks by itself."""

from __future__ import annotations

import argparse
import importlib

import pytest

from experiments.options import STUDIES


@pytest.mark.parametrize("study", STUDIES, ids=[s[0] for s in STUDIES])
def test_the_defaults_of_a_command_are_those_of_its_question(study) -> None:
    """Options are read before any experiment is imported, so that their defaults stand twice."""
    name, _, _, add_options = study
    parser = argparse.ArgumentParser()
    fields = add_options(parser)
    given = vars(parser.parse_args([]))
    question = importlib.import_module(f"experiments.{name}").Question()._asdict()
    assert set(fields) <= set(question)
    for field in fields:
        value = given[field]
        assert (tuple(value) if isinstance(value, list) else value) == question[field], field
