"""Scenario files: one TOML patch over a parent, read and checked before anything runs.

name = "reform"
sentence = "What it is for."
parent = "shaoyang"
region = "shaoyang"             # or a folder, or { synthetic = { counties = 4, ... } }
[set.migration]
hukou_cost = 0.5
[[intervention]]
month = "2016-04"
key = "migration.hukou_cost"
value = 0.0
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from model.calendar import month_name, parse_month
from model.errors import InputError
from model.registry import check_keys, check_value, fields_of, from_text, validate
from model.switches import RunOptions, Synthetic

DATA = Path(__file__).parent / "data"
_TOP_KEYS = ["name", "sentence", "parent", "region", "start", "months", "sample", "set"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TABLE = re.compile(r"\s*\[(\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")
_TWICE = ("Cannot overwrite", "twice", "Duplicate", "Cannot redefine", "Cannot mutate")


class Intervention(NamedTuple):
    """A dated change: from ``month`` (months since 2003-01) on, ``group.name`` is ``value``."""

    month: int
    group: str
    name: str
    value: Any


@dataclass(frozen=True)
class Patch:
    """What one scenario file says, checked; ``options`` are run options it sets."""

    path: Path
    name: str
    sentence: str = ""
    parent: str = ""
    region: str | Synthetic | None = None
    options: dict[str, Any] = field(default_factory=dict)
    settings: tuple[tuple[str, str, Any], ...] = ()
    interventions: tuple[Intervention, ...] = ()


def read_patch(path: Path) -> Patch:
    """Return the checked content of a scenario file; InputError names file and key."""
    raw = _read_toml(path)
    check_keys(raw, [*_TOP_KEYS, "intervention"], path)
    words = {key: _text(raw, key, path) for key in ("name", "sentence", "parent") if key in raw}
    name = words.pop("name", path.stem)
    if not _NAME.fullmatch(name):
        raise InputError(path, "name", name, "letters, digits, - and _")
    options: dict[str, Any] = {
        key: check_option(key, raw[key], path)
        for key in ("start", "months", "sample")
        if key in raw
    }
    return Patch(
        path=path,
        name=name,
        region=read_region(raw["region"], path) if "region" in raw else None,
        options=options,
        settings=_settings(raw.get("set", {}), path),
        interventions=_interventions(raw.get("intervention", []), path),
        **words,
    )


def check_option(key: str, value: Any, where: object) -> Any:
    """Return a run option (a value, or the text of one) as its type; InputError if not valid."""
    kind, _, parameter = fields_of(RunOptions)[key]
    if isinstance(value, str):
        value = from_text(kind, value, where, key)
    return check_value(kind, parameter, value, where, key)


def read_region(given: Any, where: object) -> str | Synthetic:
    """Return a region's name, the absolute path of its folder, or the shape of a synthetic one.

    A relative folder in a scenario file is taken from where that file lies. InputError for an
    unknown name, a folder without ``counties.csv``, and a synthetic region with wrong keys.
    """
    if isinstance(given, dict):
        return _synthetic(given, where)
    if not isinstance(given, str) or not given:
        raise InputError(where, "region", given, "a name, a folder, or { synthetic = {...} }")
    if given in region_names():
        return given
    base = where.parent if isinstance(where, Path) else Path()
    folder = (base / Path(given).expanduser()).resolve()
    if not (folder / "counties.csv").is_file():
        known = ", ".join(region_names())
        raise InputError(where, "region", given, f"{known}, or a folder with counties.csv")
    return str(folder)


def region_names() -> list[str]:
    """Return the regions that ruralflow brings along."""
    return sorted(table.parent.name for table in DATA.glob("*/counties.csv"))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8 text"
        raise InputError(path, f"cannot be read: {reason}", valid="a scenario file") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        # tomllib does not say which key stands twice
        twice = _first_duplicate(text) if any(w in str(problem) for w in _TWICE) else None
        if twice is None:
            raise InputError(path, str(problem), valid="TOML") from None
        line, key = twice
        raise InputError(f"{path}, line {line}", f"duplicate key {key}", valid="once") from None


def _first_duplicate(text: str) -> tuple[int, str] | None:
    """Return line and full name of the first key or table that stands twice in a TOML text."""
    seen: set[str] = set()
    table = ""
    elements = 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = header[2].replace('"', "").replace("'", "")
            if header[1]:  # each element of an array of tables starts afresh
                elements += 1
                table = f"{table} {elements}"
                continue
            full = table
        elif key := _KEY.match(line):
            full = f"{table}.{key[1]}".lstrip(".").replace('"', "").replace("'", "")
        else:
            continue
        if full in seen:
            return number, full
        seen.add(full)
    return None


def _text(raw: dict[str, Any], key: str, path: Path) -> str:
    if not isinstance(raw[key], str):
        raise InputError(path, key, raw[key], "a text")
    return raw[key]


def _settings(tables: Any, path: Path) -> tuple[tuple[str, str, Any], ...]:
    if not isinstance(tables, dict):
        raise InputError(path, "set", tables, "tables, as in [set.pull]")
    settings = []
    for group, values in tables.items():
        if not isinstance(values, dict):
            raise InputError(path, f"set.{group}", values, f"a table, as in [set.{group}]")
        settings += [(group, name, validate(group, name, v, path)) for name, v in values.items()]
    return tuple(settings)


#: Groups and parameters that are read while the world is made, or begin a path then.
ONCE = (
    "demography", "geography", "market", "national", "world",
    "buyers.at_seats", "buyers.income_sd", "buyers.number", "city.capital_output",
    "freight.detour", "freight.route_villages", "hub.programme_grant",
    "hub.programme_grant_provincial", "land.operator_share", "local.day_wage_2003",
    "migration.distance", "migration.distance_coast", "rollout.cluster_first",
    "rollout.near_first",
)  # fmt: skip


def read_once(key: str) -> bool:
    """Tell whether a dated change of a parameter ("group.name") would do nothing."""
    return key in ONCE or key.partition(".")[0] in ONCE


def _interventions(entries: Any, path: Path) -> tuple[Intervention, ...]:
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise InputError(path, "intervention", entries, "tables, as in [[intervention]]")
    found: dict[tuple[int, str], Intervention] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{path}, intervention {number}"
        check_keys(entry, ["month", "key", "value"], where)
        for key in ("month", "key", "value"):
            if key not in entry:
                raise InputError(where, f"missing key {key}", valid="month, key and value")
        month = parse_month(entry["month"], where, "month")
        key = _text(entry, "key", Path(where))
        group, _, name = key.partition(".")
        if (month, key) in found:
            raise InputError(where, f"{key} changes twice in {month_name(month)}", valid="once")
        value = validate(group, name, entry["value"], where)
        if month > 0 and read_once(key):
            valid = "no dated change: it is read when the world is made"
            raise InputError(where, "key", key, valid)
        found[month, key] = Intervention(month, group, name, value)
    return tuple(found.values())


def _synthetic(given: dict[str, Any], where: object) -> Synthetic:
    check_keys(given, ["synthetic"], where, "region.")
    shape = given.get("synthetic")
    if not isinstance(shape, dict):
        raise InputError(where, "region.synthetic", shape, "a table of its shape")
    fields = fields_of(Synthetic)
    check_keys(shape, list(fields), where, "region.synthetic.")
    return Synthetic(
        **{
            key: check_value(
                fields[key][0], fields[key][2], value, where, f"region.synthetic.{key}"
            )
            for key, value in shape.items()
        }
    )
