"""Small parts of which the page is made: tags, buttons that look alike, a figure that fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import solara


def tag(name: str, *children: Any, **options: Any) -> Any:
    """Return an HTML element."""
    return solara.v.Html(tag=name, children=list(children), **options)


def button(label: str, name: str, on_click: Callable[[], Any] | None, **options: Any) -> Any:
    """Return a button with the class ``name``."""
    options.setdefault("outlined", True)
    return solara.Button(label, on_click=on_click, classes=[name], small=True, **options)


@solara.component
def Choice(
    options: Sequence[str], value: str, on_value: Callable[[str], Any], name: str, label: str
) -> Any:
    """A row of buttons of which one is pressed; ``label`` names it for a screen reader."""
    with tag("div", class_=f"rf-choice {name}", attributes={"role": "group", "aria-label": label}):
        for option in options:
            chosen = option == value
            solara.Button(
                option,
                text=True,
                small=True,
                on_click=lambda option=option: on_value(option),
                classes=["on"] if chosen else [],
                attributes={"aria-pressed": str(chosen).lower()},
            )


@solara.component
def Figure(option: dict[str, Any]) -> Any:
    """An ECharts figure that fills its box."""
    with tag("div", class_="rf-plot"):
        solara.FigureEcharts(option, responsive=True, attributes={"style": "height:100%"})


def select(label: str, items: Any, value: Any, on_value: Callable[[Any], Any], width: int) -> Any:
    """Return a dense select field."""
    return solara.v.Select(
        label=label,
        items=items,
        v_model=value,
        on_v_model=on_value,
        dense=True,
        outlined=True,
        hide_details=True,
        style_=f"width:{width}px;flex:0 0 auto",
    )
