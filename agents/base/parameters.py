"""Parameters: declared once, next to the rule that uses them.

A group of parameters is a ``NamedTuple`` whose fields are annotated with a ``Parameter``:

    class Remittance(NamedTuple):
        remit_share: Annotated[float, Parameter(0.2, 0.5, "share", "...", "...")] = 0.35

so that the same declaration gives the default, the type, the range, the documentation, and a
value that a kernel reads as ``p.remit_share``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

Status = Literal["data", "literature", "assumption", "calibrated", "switch"]


@dataclass(frozen=True)
class Parameter:
    """What is known of a parameter.

    low, high : the range to vary; values outside ``hard_low``..``hard_high`` are refused.
    unit, meaning : as printed by ``ruralflow parameters``.
    source : where the default comes from; ``grade`` how sure it is (page, derived, second-hand,
        memory high, memory medium, memory low; empty for an assumption or a switch).
    status : data, literature, assumption, calibrated or switch.
    choices : the valid words, for a parameter that is a word.
    """

    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    meaning: str = ""
    source: str = ""
    status: Status = "assumption"
    grade: str = ""
    hard_low: float | None = None
    hard_high: float | None = None
    choices: tuple[str, ...] = ()

    def bounds(self) -> tuple[float, float]:
        """Return the widest values accepted: by default a wide margin around ``low``..``high``."""
        span = max(self.high - self.low, abs(self.high), abs(self.low))
        low = self.hard_low if self.hard_low is not None else min(0.0, self.low - 10 * span)
        high = self.hard_high if self.hard_high is not None else self.high + 10 * span
        return low, high


def switch(meaning: str, source: str = "") -> Parameter:
    """Return the declaration of a parameter that is true or false."""
    return Parameter(0, 1, "true or false", meaning, source, "switch")


def declared(group: type) -> dict[str, tuple[type, Any, Parameter]]:
    """Return name -> (type, default, Parameter) of the fields of a parameter group."""
    hints = get_type_hints(group, include_extras=True)
    fields = {}
    for name in group._fields:  # type: ignore[attr-defined]
        hint = hints[name]
        if get_origin(hint) is not Annotated:
            raise TypeError(f"{group.__name__}.{name} is not annotated with a Parameter")
        kind, parameter = get_args(hint)[:2]
        fields[name] = (kind, group._field_defaults[name], parameter)  # type: ignore[attr-defined]
    return fields
