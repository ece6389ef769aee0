"""Write the parts of docs/ODD.md that the code knows best: ``python -m experiments.odd``.

Between ``<!-- generated: NAME -->`` and ``<!-- end of NAME -->`` stands what the code gives: the
order of events, state variables, indicators, the chart of accounts, every rule with its equation,
every parameter. The source of each rule stands in odd_rules.csv, beside the reason where its form
is an assumption. ``--check`` writes nothing and tells (status 1) whether the page is behind.
"""

from __future__ import annotations

import ast
import csv
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from agents.base.tables import Table, columns
from agents.buyer.state import UrbanBuyers
from agents.farmer.state import Households, Plots, Shops
from agents.hub.state import Hubs
from agents.migrant.outside import Outsiders
from agents.migrant.state import People
from model import ruralurban, trade
from model.indicators import COUNTY, LOGGED, VILLAGE
from model.labour import Seats
from model.ledger import FLOWS, SECTOR_MEANING
from model.registry import GROUPS, parameter_table
from model.villages import Villages

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "ODD.md"
RULES = Path(__file__).with_name("odd_rules.csv")
#: Characters of a rule that is shown as it is coded.
LONGEST_FORMULA = 260
STATUSES = ("literature", "data", "definition", "assumption")
#: Table -> who its rows are.
TABLES: dict[type[Table], str] = {
    Households: "contract households (the agents `Farmer`)",
    People: "their members; those away are the agents `MigrantWorker`",
    Plots: "plots of contracted land",
    Shops: "online shops, a row for each household",
    Villages: "villages",
    Seats: "county seats and the prefecture seat",
    Hubs: "sorting centres (the agents `LogisticsHub`)",
    UrbanBuyers: "groups of online shoppers (the agents `UrbanBuyer`)",
    Outsiders: "workers of the pool outside the region",
}


# --- the month -----------------------------------------------------------------------------------


def process() -> str:
    """Return the events of ``RuralUrbanModel.step`` in their order, each with what it calls."""
    lines, number = [], 0
    for name, condition in _events(_tree(ruralurban.RuralUrbanModel.step)):
        function = _resolve(name, vars(ruralurban))
        if function is None:
            continue
        number += 1
        when = f"{condition}: " if condition else ""
        lines.append(f"{number}. **{when}{_sentence(function)}** {_where(function)}")
        lines += [
            f"   - {sentence} {_where(part)}"
            for part in _parts(function)
            if (sentence := _sentence(part))
        ]
    return "\n".join(lines)


def _tree(function: Any) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def _events(tree: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Yield (what is called, the condition in words) of each statement of a schedule."""
    for statement in tree.body:
        if isinstance(statement, ast.Expr | ast.Assign) and isinstance(statement.value, ast.Call):
            yield ast.unparse(statement.value.func), ""
        elif isinstance(statement, ast.If):
            when = ast.unparse(statement.test)
            month = re.search(r"== ([A-Z]+)$", when)
            words = f"In {month[1].capitalize()}" if month else f"If {when}"
            for inner in statement.body:
                if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
                    yield ast.unparse(inner.value.func), words


def _parts(function: Any) -> list[Any]:
    """Return the documented functions that an event calls itself, in order, each once."""
    source = _tree(function)
    names = [
        (node.lineno, ast.unparse(node.func))
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    found = []
    for _, name in sorted(names):
        part = _resolve(name, function.__globals__)
        if part is not None and part not in found:
            found.append(part)
    return found


def _resolve(name: str, scope: dict[str, Any]) -> Any | None:
    """Return the function of ours that ``self.move`` or ``m.freight.ship`` names in a schedule."""
    root, *path = name.split(".")
    if isinstance(scope.get(root), ModuleType):
        found: Any = scope[root]
    elif root in ("self", "m", "model") and len(path) == 1:
        found = ruralurban.RuralUrbanModel
    elif root in ("self", "m", "model") and len(path) == 2:
        found, path = _attributes().get(path[0]), path[1:]
    else:
        return None
    for step in path:
        found = getattr(found, step, None)
    found = getattr(found, "py_func", found)
    ours = inspect.isfunction(found) and found.__module__.startswith(("agents.", "model."))
    return found if ours and not found.__module__.startswith("agents.base") else None


def _attributes() -> dict[str, type]:
    """Return attribute of the model -> class, from ``x.attribute = Class(...)``."""
    found = {}
    for module in (ruralurban, trade):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if not isinstance(node, ast.Assign):
                continue
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts))
            for left, right in pairs:
                kind = _class_of(right, vars(module))
                if isinstance(left, ast.Attribute) and kind is not None:
                    found[left.attr] = kind
    return found


def _class_of(value: ast.expr, scope: dict[str, Any]) -> type | None:
    """Return the class that ``Class(...)`` or ``module.Class(...)`` calls, None if it is none."""
    if not isinstance(value, ast.Call):
        return None
    found: Any = None
    for step in ast.unparse(value.func).split("."):
        found = getattr(found, step, None) if found is not None else scope.get(step)
    return found if inspect.isclass(found) else None


def _sentence(function: Any) -> str:
    """Return the first sentence of a docstring."""
    text = " ".join((inspect.getdoc(function) or "").replace("``", "`").split())
    end = re.search(r"\.(?= |$)", text)
    return text[: end.end()] if end else text


def _where(function: Any) -> str:
    return f"`{function.__module__}.{function.__qualname__}`"


# --- tables of the page --------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    cells = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |"
                     for row in cells)  # fmt: skip


def state() -> str:
    """Return the state variables of every kind of entity."""
    parts = []
    for kind, who in TABLES.items():
        rows = []
        for name, column in columns(kind).items():
            unit = column.unit or "-"
            rows.append((f"`{name}`", unit, _wide(column.meaning, column.width)))
        parts.append(
            f"**{kind.__name__}**: {who}.\n\n{_table(('variable', 'unit', 'meaning'), rows)}"
        )
    return "\n\n".join(parts)


def _wide(meaning: str, width: int) -> str:
    return f"{meaning} ({width} values)" if width > 1 else meaning


def observation() -> str:
    """Return the indicators, by village and month and by county and month."""
    rows = [
        (f"`{i.name}`", i.unit, i.meaning, level, i.year)
        for level, part in (("village", VILLAGE), ("county", COUNTY), ("county", LOGGED))
        for i in part
    ]
    return _table(("indicator", "unit", "meaning", "by", "a year takes its"), rows)


def accounts() -> str:
    """Return the sectors that hold money, and every line along which it moves."""
    sectors = [(f"`{s.name}`", meaning) for s, meaning in SECTOR_MEANING.items()]
    lines = [(f"`{f.name}`", f.kind, f"`{f.payer.name}`", f"`{f.payee.name}`") for f in FLOWS]
    kinds = ", ".join(sorted({flow.kind for flow in FLOWS}))
    return "\n\n".join(
        [
            f"{len(sectors)} sectors:",
            _table(("sector", "who"), sectors),
            f"{len(FLOWS)} lines of {len({f.kind for f in FLOWS})} kinds ({kinds}):",
            _table(("line", "kind", "payer", "payee"), lines),
        ]
    )


def parameters() -> str:
    """Return the parameters by group, and how many rest on what."""
    table = parameter_table()
    counts = table["status"].value_counts()
    parts = [
        f"{len(table)} parameters in {len(GROUPS)} groups: "
        + ", ".join(f"{number} {status}" for status, number in counts.sort_index().items())
        + "."
    ]
    for group, kind in GROUPS.items():
        rows = [
            (f"`{r['name']}`", _value(r.default), _range(r), r.unit or "-", r.meaning, r.status,
             f"{r.source} ({r.grade})" if r.grade else r.source or "-")
            for _, r in table[table["group"] == group].iterrows()
        ]  # fmt: skip
        head = ("name", "default", "range", "unit", "meaning", "status", "source (grade)")
        parts.append(f"**`{group}`**: {_sentence(kind)}\n\n{_table(head, rows)}")
    return "\n\n".join(parts)


def calibrated() -> str:
    """Return the names of the parameters that were moved on facts."""
    table = parameter_table()
    rows = table[table["status"] == "calibrated"]
    return ", ".join(f"`{g}.{n}`" for g, n in zip(rows["group"], rows["name"])) + "."


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value) or '""'


def _range(row: Any) -> str:
    return "-" if row.low != row.low else f"{row.low:g} to {row.high:g}"


# --- rules ---------------------------------------------------------------------------------------


def rules() -> list[dict[str, str]]:
    """Return the rows of odd_rules.csv: section, rule (module:function), status, source."""
    with RULES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def equations() -> str:
    """Return every rule as its docstring gives it, under its submodel, with status and source."""
    lines, section = [], ""
    for row in rules():
        if row["section"] != section:
            section = row["section"]
            lines += ["", f"### {section}", ""]
        source = f": {row['source']}" if row["source"] else ""
        text = rule_text(row["rule"])
        lines.append(f"- **`{row['rule'].replace(':', '.')}`**. {text} *{row['status']}{source}.*")
    return "\n".join(lines).strip()


def rule_text(rule: str) -> str:
    """Return the docstring of ``module:function`` as one paragraph; ValueError without one."""
    module, name = rule.split(":")
    function = getattr(importlib.import_module(module), name, None)
    function = getattr(function, "py_func", function)
    text = inspect.getdoc(function) if function else None
    if not text:
        raise ValueError(f"{RULES.name}: {rule}: no such rule, or none with a docstring")
    formula = "" if re.search(r"``[^`]*[-+*/^=<(][^`]*``", text) else _formula(function)
    text = re.sub(r"^(Return|Tell) ", "", " ".join(text.replace("``", "`").split()))
    first = text.partition(" ")[0]
    return (text[0].upper() + text[1:] if first.isalpha() and len(first) > 2 else text) + formula


def _formula(function: Any) -> str:
    """Return a short rule as it is coded, for a docstring that does not write its equation."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = _tree(function)
    simple = all(isinstance(s, (ast.Assign, ast.AugAssign, ast.Return)) for s in tree.body[1:])
    parts = (ast.get_source_segment(source, s) or "" for s in tree.body[1:])
    code = "; ".join(" ".join(part.split()) for part in parts)
    short = simple and len(code) <= LONGEST_FORMULA
    return f" As coded: `{code}`." if short and _is_rule(tree) else ""


def scalar_rules() -> set[str]:
    """Return module:function of every public compiled scalar function of agents and model.

    Scalar: it returns something and holds no loop; what loops is plumbing around rules.
    """
    found = set()
    for package in ("agents", "model"):
        folder = str(ROOT / package)
        for info in pkgutil.walk_packages([folder], f"{package}."):
            if info.ispkg or info.name.startswith("agents.base"):
                continue
            module = importlib.import_module(info.name)
            tree = ast.parse(inspect.getsource(module))
            found |= {
                f"{info.name}:{f.name}"
                for f in tree.body
                if isinstance(f, ast.FunctionDef) and _is_rule(f)
            }
    return found


def _is_rule(f: ast.FunctionDef) -> bool:
    nodes = list(ast.walk(f))
    return (
        not f.name.startswith("_")
        and any("compiled" in ast.unparse(d) for d in f.decorator_list)
        and any(isinstance(n, ast.Return) and n.value is not None for n in nodes)
        and not any(isinstance(n, (ast.For, ast.While)) for n in nodes)
    )


# --- the page ------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], str]] = {
    "process": process,
    "state": state,
    "observation": observation,
    "accounts": accounts,
    "equations": equations,
    "parameters": parameters,
    "calibrated": calibrated,
}


def fill(page: str) -> str:
    """Return the page with every generated part renewed; ValueError where a marker is missing."""
    for name, make in PARTS.items():
        first, last = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        head, found, rest = page.partition(first)
        _, closed, tail = rest.partition(last)
        if not (found and closed):
            raise ValueError(f"{PAGE.name}: {first} ... {last}: missing")
        page = f"{head}{first}\n\n{make()}\n\n{last}{tail}"
    return page


def main(arguments: list[str]) -> int:
    """Renew docs/ODD.md, or with ``--check`` tell whether it is what the code gives."""
    before = PAGE.read_text(encoding="utf-8")
    after = fill(before)
    if "--check" in arguments:
        if before != after:
            print(f"{PAGE.name} is behind the code: make odd", file=sys.stderr)
        return int(before != after)
    if before != after:
        PAGE.write_text(after, encoding="utf-8")
    print(f"{PAGE.name}: {'written' if before != after else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
