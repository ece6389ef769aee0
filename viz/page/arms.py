"""The two arms of the page: what each is, how they differ, and how to run them again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from model.calendar import month_name, parse_month
from model.errors import InputError
from model.patches import Intervention
from model.registry import GROUPS, fields_of, parse_setting
from model.scenario import Scenario, load_scenario

#: Groups that shape the world itself: both arms share them, or they would not be comparable.
WORLD = ("world", "geography")
#: Lines of colour and dash by which an arm is known everywhere.
COLOUR = ("#c05a00", "#08519c")
NAMES = ("A", "B")
#: The value in an arm of a dated change that only the other one makes.
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Arm:
    """A scenario, by name or file, with settings for the whole run and dated changes.

    settings : (key, value); dated : (month, key, value), months as YYYY-MM.
    """

    scenario: str = "shaoyang"
    settings: tuple[tuple[str, Any], ...] = ()
    dated: tuple[tuple[str, str, Any], ...] = ()

    def set(self, key: str, value: Any) -> Arm:
        """Return the arm with ``key`` at ``value`` for the whole run."""
        rest = tuple(s for s in self.settings if s[0] != key)
        dated = tuple(d for d in self.dated if d[1] != key)
        return replace(self, settings=(*rest, (key, value)), dated=dated)

    def change(self, month: str, key: str, value: Any) -> Arm:
        """Return the arm with ``key`` at ``value`` from ``month`` on."""
        rest = [d for d in self.dated if d[:2] != (month, key)]
        return replace(self, dated=tuple(sorted([*rest, (month, key, value)], key=lambda d: d[:2])))

    def drop(self, key: str) -> Arm:
        """Return the arm without its settings and dated changes of ``key``."""
        return replace(
            self,
            settings=tuple(s for s in self.settings if s[0] != key),
            dated=tuple(d for d in self.dated if d[1] != key),
        )

    def resolve(self) -> Scenario:
        """Return the scenario of the arm; InputError where it is not valid."""
        base = load_scenario(self.scenario).with_(**dict(self.settings))
        own = [_intervention(*change) for change in self.dated]
        merged = {(i.month, i.group, i.name): i for i in (*base.interventions, *own)}
        return replace(base, interventions=tuple(merged[key] for key in sorted(merged)))

    def toml(self, name: str, sentence: str) -> str:
        """Return the arm as a scenario file: a patch over the scenario that it starts from."""
        lines = [f'name = "{name}"', f'sentence = "{sentence}"', f"parent = {_toml(self.scenario)}"]
        for group in dict.fromkeys(key.split(".")[0] for key, _ in self.settings):
            lines += ["", f"[set.{group}]"]
            own = [(k.split(".")[1], v) for k, v in self.settings if k.split(".")[0] == group]
            lines += [f"{key} = {_toml(value)}" for key, value in own]
        for month, key, value in self.dated:
            lines += ["", "[[intervention]]", f'month = "{month}"', f'key = "{key}"']
            lines.append(f"value = {_toml(value)}")
        return "\n".join(lines) + "\n"

    def command(self, seed: int, file: str) -> str:
        """Return the command that runs the arm again; ``file`` is where its TOML was put."""
        words = ["ruralflow", "run", file if self.dated else self.scenario]
        if not self.dated:
            for key, value in self.settings:
                words += ["--set", f"{key}={_word(value)}"]
        return shlex.join([*words, "--seed", str(seed)])


def _intervention(month: str, key: str, value: Any) -> Intervention:
    group, _, name = key.partition(".")
    return Intervention(parse_month(month), group, name, value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def _word(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


class Difference(NamedTuple):
    """A parameter in which two arms differ, with what the registry says of it."""

    key: str
    values: tuple[str, str]
    about: str


def differences(a: Scenario, b: Scenario) -> list[Difference]:
    """Return every parameter, option and dated change in which two scenarios differ."""
    found = []
    for group in GROUPS:
        ours, theirs = a.group(group), b.group(group)
        for name in ours._fields:
            pair = getattr(ours, name), getattr(theirs, name)
            if pair[0] != pair[1]:
                words = (_word(pair[0]) or '""', _word(pair[1]) or '""')
                found.append(Difference(f"{group}.{name}", words, about(f"{group}.{name}")))
    dated = [
        {(month_name(i.month), f"{i.group}.{i.name}"): i.value for i in s.interventions}
        for s in (a, b)
    ]
    for month, key in sorted({*dated[0], *dated[1]}):
        values = [d.get((month, key)) for d in dated]
        if values[0] != values[1]:
            said = tuple(UNCHANGED if v is None else _word(v) for v in values)
            found.append(Difference(f"{key} from {month}", (said[0], said[1]), about(key)))
    return found


def about(key: str) -> str:
    """Return what the registry says of a parameter: meaning, unit, range, source, status."""
    group, _, name = key.partition(".")
    kind, default, p = fields_of(GROUPS[group])[name]
    parts = [p.meaning]
    if kind in (int, float):
        parts.append(f"unit: {p.unit or 'none'}; varied from {p.low:g} to {p.high:g}")
    elif p.choices:
        parts.append("one of: " + ", ".join(word or "(empty)" for word in p.choices))
    parts.append(f"default {_word(default) or '(empty)'}")
    source = f"; source: {p.source}" if p.source else ""
    parts.append(p.status + source + (f" ({p.grade})" if p.grade else ""))
    return ". ".join(parts)


def keys() -> list[str]:
    """Return every parameter of the registry; the switches of the arms come first."""
    return [f"{group}.{name}" for group, kind in GROUPS.items() for name in fields_of(kind)]


def value_of(scenario: Scenario, key: str) -> str:
    """Return the value of a parameter in January 2003 as a word."""
    group, _, name = key.partition(".")
    return _word(getattr(scenario.group(group), name))


def parse(key: str, text: str) -> Any:
    """Return what ``text`` says as a value of ``key``; InputError says what is valid."""
    return parse_setting(f"{key}={text}", "value")[2]


def check_pair(arms: Iterable[Arm]) -> tuple[Scenario, Scenario]:
    """Return both scenarios; InputError where they do not share one world."""
    a, b = (arm.resolve() for arm in arms)
    if a.region != b.region:
        raise InputError("arm B", f"{b.name} lies in another region than {a.name}", valid="one")
    for option in ("months", "sample"):
        if getattr(a, option) != getattr(b, option):
            raise InputError("arm B", option, getattr(b, option), f"{getattr(a, option)}, as in A")
    for group in WORLD:
        if a.group(group) != b.group(group):
            raise InputError("arm B", f"{group} differs from A", valid="one world for both arms")
    return a, b


class Preset(NamedTuple):
    """A comparison worth seeing: its name and the settings of both arms."""

    name: str
    a: dict[str, Any]
    b: dict[str, Any]
    words: tuple[str, str]


PRESETS = (
    Preset(
        "What e-commerce returns",
        {"access.enabled": False},
        {},
        ("pull, no e-commerce", "pull and e-commerce"),
    ),
    Preset(
        "What the pull takes",
        {"pull.enabled": False, "access.enabled": False},
        {"access.enabled": False},
        ("no pull, no e-commerce", "pull, no e-commerce"),
    ),
    Preset(
        "Selling online only",
        {"access.enabled": False},
        {"access.buying": False},
        ("no e-commerce", "selling only"),
    ),
    Preset(
        "Buying online only",
        {"access.enabled": False},
        {"access.selling": False},
        ("no e-commerce", "buying only"),
    ),
    Preset("No difference", {}, {}, ("as the scenario says", "as the scenario says")),
)


def preset_arms(preset: Preset, scenario: str) -> tuple[Arm, Arm]:
    """Return the two arms of a preset on a scenario."""
    return (
        Arm(scenario, tuple(preset.a.items())),
        Arm(scenario, tuple(preset.b.items())),
    )
