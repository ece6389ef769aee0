"""The model gives the numbers that it gave: see ``tests/baseline.py``."""

from __future__ import annotations

import json

import pytest

from tests.baseline import PATH, numbers


def test_small_runs_give_the_baseline():
    """To 1e-9: other versions of numpy may round an exp otherwise, nothing else may differ."""
    expected = json.loads(PATH.read_text(encoding="utf-8"))
    for run, found in numbers().items():
        assert found == pytest.approx(expected[run], rel=1e-9), run
