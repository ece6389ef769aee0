"""The line of time: how far the run has come, and which month is looked at."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent


class TimeLine(anywidget.AnyWidget):
    """A slider over the months of a run; ``at`` is the month looked at, None while following."""

    _esm = (_HERE / "timeline.js").read_text(encoding="utf-8")
    _css = (_HERE / "timeline.css").read_text(encoding="utf-8")

    months = traitlets.Int(252).tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    at = traitlets.Int(None, allow_none=True).tag(sync=True)
    marks: traitlets.List = traitlets.List([]).tag(sync=True)


__all__ = ["TimeLine"]
