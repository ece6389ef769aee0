"""The two maps in the browser: canvases that colour cells by the values of their places.

Python sends what never changes once (which place a cell is shown like, borders, roads, names) and
then, per frame, one number per layer, place and arm; the browser colours, so that a change of layer
needs no server. ``ack`` returns the number of the frame last drawn: the run waits for it.
"""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event, RLock
from typing import Any

import anywidget
import numpy as np
import pandas as pd
import traitlets

from model.scenario import Scenario
from viz.page.layers import LAYERS, Places, outlines, road_lines
from viz.page.session import Frames

#: Longest wait for the browser to have drawn a frame, seconds: a hidden tab draws none.
PATIENCE_S = 0.2
_HERE = Path(__file__).parent


class MapPair(anywidget.AnyWidget):
    """Two maps with a choice of layers, a legend and what lies under the mouse."""

    _esm = (_HERE / "map_pair.js").read_text(encoding="utf-8")
    _css = (_HERE / "map_pair.css").read_text(encoding="utf-8")

    specs: traitlets.List = traitlets.List([layer.spec() for layer in LAYERS]).tag(sync=True)
    # what a region never changes; ``world`` counts up when all of it has been set
    world = traitlets.Int(0).tag(sync=True)
    width = traitlets.Int(1).tag(sync=True)
    height = traitlets.Int(1).tag(sync=True)
    owner = traitlets.Bytes(b"").tag(sync=True)
    county = traitlets.Bytes(b"").tag(sync=True)
    minutes = traitlets.Bytes(b"").tag(sync=True)
    outlines: traitlets.List = traitlets.List([]).tag(sync=True)
    roads: traitlets.List = traitlets.List([]).tag(sync=True)
    gateway: traitlets.Dict = traitlets.Dict({}).tag(sync=True)  # where the road leaves the map
    seats: traitlets.List = traitlets.List([]).tag(sync=True)
    counties: traitlets.List = traitlets.List([]).tag(sync=True)
    counties_zh: traitlets.List = traitlets.List([]).tag(sync=True)
    # one frame; ``frame`` counts up when all of it has been set
    values_a = traitlets.Bytes(b"").tag(sync=True)
    values_b = traitlets.Bytes(b"").tag(sync=True)
    hubs: traitlets.List = traitlets.List([[], []]).tag(sync=True)
    when = traitlets.Unicode("").tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    ack = traitlets.Int(0).tag(sync=True)
    # what is chosen in the browser or told by the page
    captions: traitlets.List = traitlets.List([]).tag(sync=True)
    active = traitlets.Int(0).tag(sync=True)
    gap = traitlets.Bool(False).tag(sync=True)
    picked = traitlets.Int(-1).tag(sync=True)


class Screen:
    """Draws frames on a ``MapPair`` at the pace at which the browser can show them."""

    def __init__(self, widget: MapPair):
        self.widget = widget
        self._drawn, self._one = Event(), RLock()
        widget.observe(self._acknowledge, "ack")

    def _acknowledge(self, change: dict) -> None:
        if change["new"] >= self.widget.frame:
            self._drawn.set()

    def open(self, model: Any, places: Places, scenario: Scenario) -> None:
        """Show another region."""
        region, widget = model.region, self.widget
        folder = scenario.region_folder
        english = region.counties["name_en"].tolist()
        chinese = _chinese_names(folder, len(english))
        with self._one, widget.hold_sync():
            widget.height, widget.width = places.owner.shape
            widget.owner = places.owner.astype("<u2").tobytes()
            widget.county = region.county.astype("<i2").tobytes()
            widget.minutes = places.minutes.astype("<f4").tobytes()
            widget.outlines = outlines(model, _features(folder))
            widget.roads = road_lines(region.roads)
            row, col = region.gateway
            widget.gateway = {"name": f"to {region.coast_name}", "x": int(col), "y": int(row)}
            widget.seats = [
                {
                    "name": seat.name,
                    "zh": chinese[int(seat.county)],
                    "x": int(seat.col),
                    "y": int(seat.row),
                    "prefecture": bool(seat.prefecture),
                }
                for seat in region.seats.itertuples()
            ]
            widget.counties, widget.counties_zh = english, chinese
            widget.values_a = widget.values_b = b""
            widget.picked = -1
            widget.world += 1

    def show(self, frames: Frames, hubs: list[list[int]], when: str, wait: bool) -> None:
        """Send a frame of both arms; with ``wait`` until it is drawn, at most PATIENCE_S."""
        with self._one:
            self._drawn.clear()
            with self.widget.hold_sync():
                self.widget.values_a, self.widget.values_b = (
                    np.ascontiguousarray(values, dtype="<f4").tobytes() for values in frames
                )
                self.widget.hubs, self.widget.when = hubs, when
                self.widget.frame += 1
        if wait:
            self._drawn.wait(PATIENCE_S)


def _features(folder: Path | None) -> list[dict[str, Any]]:
    """Return the borders of ``counties.geojson``, where the region has one."""
    path = folder / "counties.geojson" if folder is not None else None
    if path is None or not path.is_file():
        return []
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def _chinese_names(folder: Path | None, counties: int) -> list[str]:
    """Return the counties' Chinese names, where the region's folder says them."""
    if folder is not None:
        table = pd.read_csv(folder / "counties.csv", comment="#", dtype=str).fillna("")
        if "name_zh" in table and len(table) == counties:
            return table["name_zh"].str.strip().tolist()
    return [""] * counties


__all__ = ["MapPair", "Screen"]
