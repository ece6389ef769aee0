"""The key of a run: a hash of everything that its result depends on.

A run is a pure function of (resolved scenario, seed); its key adds the code and data that ran it
and what was kept of it. Runs of another version, or of a changed scenario, have other keys, so a
store never mixes them.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from agents.base.cache import source_digest
from model.calendar import month_name
from model.scenario import Scenario
from model.switches import RunOptions, Synthetic
from model.version import VERSION

_ROOT = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return a hash of the version, of all code of the model and of all data that come with it."""
    digest = hashlib.sha256(f"{VERSION}|{source_digest(_ROOT)}".encode())
    for path in sorted((_ROOT / "model" / "data").rglob("*.csv")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run_key(scenario: Scenario, seed: int, kept: str) -> str:
    """Return the key of a run; ``kept`` names what is kept of it, and the layout of that."""
    digest = hashlib.sha256(scenario_text(scenario).encode()).hexdigest()
    whole = f"{digest}|{seed}|{code_digest()}|{kept}"
    return hashlib.sha256(whole.encode()).hexdigest()[:24]


def scenario_text(scenario: Scenario) -> str:
    """Return what a run depends on of a scenario as JSON: the text whose hash is its digest.

    The text of ``Scenario.digest``, put together from the texts of its groups: a design changes
    few of them, so that 100,000 keys take seconds and not minutes.
    """
    dated = [
        {"key": f"{i.group}.{i.name}", "month": month_name(i.month), "value": i.value}
        for i in scenario.interventions
    ]
    params = scenario.params
    groups = ", ".join(f'"{name}": {_group_text(params[name])}' for name in sorted(params))
    parts = {key: json.dumps(getattr(scenario, key)) for key in RunOptions._fields}
    parts |= {
        "interventions": json.dumps(dated),
        "parameters": f"{{{groups}}}",
        "region": _region_text(scenario.region),
    }
    return "{" + ", ".join(f'"{key}": {parts[key]}' for key in sorted(parts)) + "}"


#: id of a group -> the group, kept so that no other gets its id, and its text.
_texts: dict[int, tuple[Any, str]] = {}
_MOST_TEXTS = 8192


def _group_text(group: Any) -> str:
    """Return the JSON of a group, looked up by identity: the scenarios of a design share most."""
    known = _texts.get(id(group))
    if known is None:
        if len(_texts) >= _MOST_TEXTS:
            _texts.clear()
        known = _texts[id(group)] = group, json.dumps(group._asdict(), sort_keys=True)
    return known[1]


def _region_text(region: str | Synthetic) -> str:
    """Return the JSON of a region: a folder's, by content, is read anew when a file has changed."""
    folder = Path(region) if isinstance(region, str) else None
    files = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
    stamp = tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files)
    return _text_of(region, stamp)


@lru_cache(maxsize=64)
def _text_of(region: str | Synthetic, stamp: tuple[tuple[str, int, int], ...]) -> str:
    content = Scenario(region=region).resolved()["region"]
    content.pop("folder", None)
    return json.dumps(content, sort_keys=True)
