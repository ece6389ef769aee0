"""Scenarios: everything a run depends on but its seed.

A scenario is the baseline with patches: named ones in ``model/scenarios``, a user's own TOML file,
settings of the command line, the switches of an arm. What is resolved here is valid: a run does
not have to look at its input again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from model.calendar import month_name, parse_month
from model.errors import InputError
from model.patches import (
    DATA,
    Intervention,
    Patch,
    check_option,
    read_patch,
    read_region,
    region_names,
)
from model.registry import defaults, parse_setting, validate
from model.switches import RunOptions, Synthetic

SCENARIOS = Path(__file__).parent / "scenarios"
_OPTIONS = RunOptions._fields


@dataclass(frozen=True)
class Scenario:
    """A complete, valid choice of region, parameters, dated changes and options of the run.

    name, sentence, parent : what it is called, what it is for, what it patches.
    region : a name in ``model/data``, the path of a folder, or the shape of a synthetic region.
    params : group name -> the group's parameters as they hold in January 2003.
    interventions : dated changes of parameters, in order of time.
    start, months, sample, strict, panel : see ``RunOptions``.
    """

    name: str = "shaoyang"
    sentence: str = ""
    parent: str = ""
    region: str | Synthetic = "shaoyang"
    params: dict[str, Any] = field(default_factory=defaults)
    interventions: tuple[Intervention, ...] = ()
    start: str = "2003-01"
    months: int = 252
    sample: float = 0.01
    strict: bool = False
    panel: bool = False

    def __post_init__(self) -> None:
        if self.start_month >= self.months:
            last = month_name(self.months - 1)
            raise InputError("run options", "start", self.start, f"2003-01 to {last}, the last")

    @property
    def start_month(self) -> int:
        """First month that is written, in months since 2003-01."""
        return parse_month(self.start, "run options", "start")

    @property
    def region_folder(self) -> Path | None:
        """The folder of the region; None for a synthetic one."""
        return None if isinstance(self.region, Synthetic) else _folder(self.region)

    def group(self, name: str) -> Any:
        """Return the parameters of a group as they hold in January 2003."""
        return self.params[name]

    def in_force(self, month: int) -> dict[str, Any]:
        """Return group name -> parameters with every change dated up to ``month`` made."""
        params = dict(self.params)
        for change in self.interventions:
            if change.month <= month:
                params[change.group] = params[change.group]._replace(**{change.name: change.value})
        return params

    def with_(self, **changes: Any) -> Scenario:
        """Return a patched scenario: ``with_(**{"pull.enabled": False}, months=120)``.

        A key with a dot is a parameter; it holds for the whole run, so that dated changes of the
        same parameter are dropped. Other keys are ``region``, ``name``, ``sentence`` and the run
        options. Raises InputError as ``load_scenario`` does.
        """
        settings: list[tuple[str, str, Any]] = []
        fields: dict[str, Any] = {}
        for key, value in changes.items():
            group, dot, name = key.partition(".")
            if dot:
                settings.append((group, name, validate(group, name, value, "with_")))
            elif key == "region":
                fields[key] = value if isinstance(value, Synthetic) else read_region(value, "with_")
            elif key in _OPTIONS:
                fields[key] = check_option(key, value, "with_")
            elif key in ("name", "sentence"):
                fields[key] = value
            else:
                valid = f"group.name, region, name, sentence, {', '.join(_OPTIONS)}"
                raise InputError("with_", f"unknown key {key}", valid=valid)
        params, interventions = _set(self.params, self.interventions, settings)
        return replace(self, params=params, interventions=interventions, **fields)

    def resolved(self) -> dict[str, Any]:
        """Return all of it as plain dicts, lists, numbers and words, ready for JSON.

        A region read from a folder is given with a digest of its tables.
        """
        return {
            "name": self.name,
            "sentence": self.sentence,
            "parent": self.parent,
            "region": self._resolved_region(),
            **{key: getattr(self, key) for key in _OPTIONS},
            "parameters": {name: group._asdict() for name, group in self.params.items()},
            "interventions": [
                {"month": month_name(i.month), "key": f"{i.group}.{i.name}", "value": i.value}
                for i in self.interventions
            ],
        }

    def digest(self) -> str:
        """Return a hash of what a run depends on: not of names, nor of where the region lies."""
        content = self.resolved()
        for key in ("name", "sentence", "parent"):
            del content[key]
        content["region"].pop("folder", None)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _resolved_region(self) -> dict[str, Any]:
        if isinstance(self.region, Synthetic):
            return {"synthetic": self.region._asdict()}
        return {"folder": self.region, "sha256": _region_digest(_folder(self.region))}


def load_scenario(
    name_or_path: str | Path = "shaoyang",
    settings: Iterable[str] = (),
    *,
    region: str | Synthetic | dict[str, Any] | None = None,
    start: str | None = None,
    months: int | str | None = None,
    sample: float | str | None = None,
    strict: bool | None = None,
    panel: bool | None = None,
) -> Scenario:
    """Return the scenario of that name or TOML file with its parents, settings and options.

    settings : texts ``group.name=value``; each holds for the whole run.
    region, start, months, sample, strict, panel : override what the scenario says.

    Raises InputError, one line naming file, key and what is valid, for anything wrong.
    """
    fields: dict[str, Any] = {"params": defaults(), "region": "shaoyang"}
    for patch in _lineage(name_or_path):
        _fold(fields, patch)
    options = {"start": start, "months": months, "sample": sample, "strict": strict, "panel": panel}
    for key, value in options.items():
        if value is not None:
            fields[key] = check_option(key, value, "run options")
    if region is not None:
        given = isinstance(region, Synthetic)
        fields["region"] = region if given else read_region(region, "run options")
    parsed: dict[tuple[str, str], Any] = {}
    for text in settings:
        group, name, value = parse_setting(text)
        if (group, name) in parsed:
            raise InputError("--set", f"duplicate key {group}.{name}", valid="each key once")
        parsed[group, name] = value
    whole_run = [(*key, value) for key, value in parsed.items()]
    fields["params"], fields["interventions"] = _set(
        fields["params"], fields["interventions"], whole_run
    )
    return Scenario(**fields)


def scenario_names() -> list[str]:
    """Return the names of the scenarios that ruralflow brings along, the baseline first."""
    names = sorted(path.stem for path in SCENARIOS.glob("*.toml"))
    return sorted(names, key=lambda name: name != "shaoyang")


def _lineage(name_or_path: str | Path) -> list[Patch]:
    """Return the patches from the first ancestor down to the scenario asked for."""
    path = _find(name_or_path, "SCENARIO", Path())
    patches = [read_patch(path)]
    while patches[-1].parent:
        child = patches[-1]
        path = _find(child.parent, f"{child.path}: parent", child.path.parent)
        if any(path.resolve() == patch.path.resolve() for patch in patches):
            raise InputError(
                child.path, "parent", child.parent, "no scenario that descends from it"
            )
        patches.append(read_patch(path))
    return patches[::-1]


def _find(name_or_path: str | Path, where: str, base: Path) -> Path:
    text = str(name_or_path)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        return base / Path(text).expanduser()
    if text not in scenario_names():
        raise InputError(
            where, valid=f"{', '.join(scenario_names())}, or a .toml file", key=repr(text)
        )
    return SCENARIOS / f"{text}.toml"


def _fold(fields: dict[str, Any], patch: Patch) -> None:
    """Lay a patch over the fields of a scenario.

    Its dated changes join those of its parents, but for parameters that it sets outright.
    """
    fields |= patch.options
    fields |= {"name": patch.name, "sentence": patch.sentence, "parent": patch.parent}
    if patch.region is not None:
        fields["region"] = patch.region
    fields["params"], inherited = _set(
        fields["params"], fields.get("interventions", ()), patch.settings
    )
    dated = {(i.month, i.group, i.name): i for i in (*inherited, *patch.interventions)}
    fields["interventions"] = tuple(dated[key] for key in sorted(dated))


def _set(
    params: dict[str, Any],
    interventions: tuple[Intervention, ...],
    settings: Iterable[tuple[str, str, Any]],
) -> tuple[dict[str, Any], tuple[Intervention, ...]]:
    """Return parameters with settings made, and the dated changes of all other parameters."""
    params = dict(params)
    changed = set()
    for group, name, value in settings:
        params[group] = params[group]._replace(**{name: value})
        changed.add((group, name))
    return params, tuple(i for i in interventions if (i.group, i.name) not in changed)


def _folder(region: str) -> Path:
    return DATA / region if region in region_names() else Path(region)


def _region_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for table in sorted(folder.glob("*.csv")):
        digest.update(table.name.encode() + table.read_bytes())
    return digest.hexdigest()
