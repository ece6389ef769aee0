"""One run behind one page: a model in a thread of its own, driven by the buttons.

Nothing here knows the browser. The page gives a function that shows a frame and waits until it has
been drawn, and another that is told, a few times a second, that there is something new to read.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calendar import month_name
from model.errors import InputError
from model.indicators import COLUMN, village_sums
from model.ruralurban import RuralUrbanModel
from model.scenario import Scenario
from viz.layers import Places, layer_values, outlines

log = logging.getLogger("ruralflow.page")

#: States of a session.
BUILDING, READY, RUNNING, DONE, FAILED, CLOSED = (
    "building",
    "ready",
    "running",
    "done",
    "failed",
    "closed",
)
#: Seconds between two frames at least, and between two notices to the page.
FRAME_S, NOTICE_S = 0.04, 0.25


class Session:
    """A model that is built, run, paused and stepped in the background.

    show(values, month) draws a frame of the map, (layers, places) float32, and may take its time;
    notice() says that ``state``, ``month``, ``history`` have changed. Both are called from the
    session's thread, notice also from where a button is pressed. ``close`` ends the thread and lets
    go of the model.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        show: Callable[[NDArray[np.float32], int], None],
        notice: Callable[[], None],
        on_built: Callable[[Any, Places], None],
    ):
        self.scenario, self.seed = scenario, seed
        self.months = scenario.months
        self.month = -1
        self.state = BUILDING
        self.problem = ""
        self.pace = 0.0  # months a second; 0 is as fast as it can
        self.history: list[NDArray[np.float64]] = []  # one row of regional sums per month
        self.first: NDArray[np.float64] | None = None
        self.model: RuralUrbanModel | None = None
        self._show, self._notice, self._on_built = show, notice, on_built
        self._wake = threading.Condition()
        self._running = self._closed = False
        self._steps = 0
        self._year: deque[NDArray[np.float64]] = deque(maxlen=12)
        self._thread = threading.Thread(target=self._live, name="ruralflow-model", daemon=True)

    # -- what the page asks ---------------------------------------------------------------------

    def start(self) -> Session:
        """Begin to build the model; return at once."""
        self._thread.start()
        return self

    def run(self) -> None:
        """Go on until the end or until paused."""
        with self._wake:
            self._running = True
            self._wake.notify()
        self._tell()

    def pause(self) -> None:
        """Stop after the month that is being computed."""
        with self._wake:
            self._running = False
        self._tell()

    def step(self) -> None:
        """Compute one month and stop."""
        with self._wake:
            self._running = False
            self._steps = 1
            self._wake.notify()

    def close(self, wait: float = 0.0) -> None:
        """End the thread and let go of the model; wait at most so many seconds for it."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join(wait)

    @property
    def running(self) -> bool:
        """True while it was asked to go on and has not come to its end."""
        return self._running and self.state not in (DONE, FAILED, CLOSED)

    @property
    def month_name(self) -> str:
        """The month last computed, ``YYYY-MM``; before the first one, the opening."""
        return month_name(self.month) if self.month >= 0 else "start of 2003"

    def series(self, name: str) -> NDArray[np.float64]:
        """Return the region's monthly values of an indicator so far."""
        history = self.history
        return np.array([row[COLUMN[name]] for row in history])

    # -- the thread -----------------------------------------------------------------------------

    def _live(self) -> None:
        try:
            self._build()
            while self._await_work():
                self._advance()
        except InputError as problem:
            self._fail(str(problem))
        except Exception as problem:  # noqa: BLE001 - whatever fails, the page has to say so
            if not self._closed:  # a tab that closes may take the map away in mid-frame
                log.error("the run failed\n%s", traceback.format_exc())
                self._fail(f"{type(problem).__name__}: {problem}")
        finally:
            self._let_go()

    def _build(self) -> None:
        model = RuralUrbanModel(self.scenario, self.seed)
        self.places = Places(model)
        self.model = model
        opening = village_sums(model, model.records.own_place)
        self.first = opening.sum(axis=0)
        if self._closed:
            return
        self._on_built(model, self.places)
        self._draw(opening)
        self.state = READY
        self._tell()

    def _await_work(self) -> bool:
        """Wait until there is a month to compute; False once closed."""
        with self._wake:
            while not self._closed and (self.state == DONE or not (self._running or self._steps)):
                self._wake.wait()
            self._steps = 0
        return not self._closed

    def _advance(self) -> None:
        """Compute months until paused, closed or at the end, drawing as fast as is seen."""
        assert self.model is not None
        self.state = RUNNING
        self._tell()
        drawn = told = 0.0
        first = True
        while not self._closed and (first or self._running):
            first, begin = False, time.monotonic()
            self.model.step()
            self._remember()
            if self.month >= self.months - 1:
                self._running = False
            elif begin - drawn >= FRAME_S:
                drawn = time.monotonic()
                self._draw(self.model.records.last)
            if time.monotonic() - told >= NOTICE_S:
                told = time.monotonic()
                self._tell()
            self._keep_pace(begin)
        self._draw(self.model.records.last)
        self.state = DONE if self.month >= self.months - 1 else READY
        self._tell()

    def _keep_pace(self, begin: float) -> None:
        """Wait for the rest of the month's time, but not once it is told to stop."""
        while self._running and not self._closed and self.pace > 0:
            left = begin + 1 / self.pace - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, 0.05))
        time.sleep(0.001)  # lets the server's thread answer the buttons

    def _remember(self) -> None:
        assert self.model is not None
        last = self.model.records.last
        self.month = self.model.month
        self.history.append(last.sum(axis=0))
        self._year.append(last)

    def _draw(self, now: NDArray[np.float64]) -> None:
        if self._closed:
            return
        year = sum(self._year) if self._year else np.zeros_like(now)
        sums = self.places.sums(np.asarray(year))
        self._show(layer_values(self.places.sums(now), sums, len(self._year)), self.month)

    def _tell(self) -> None:
        if not self._closed:
            self._notice()

    def _fail(self, problem: str) -> None:
        self.problem, self.state, self._running = problem, FAILED, False
        self._tell()

    def _let_go(self) -> None:
        model, self.model = self.model, None
        self._year.clear()
        if model is not None:
            model.release()
        if self.state != FAILED:
            self.state = CLOSED
        log.info("run of %s with seed %d ended", self.scenario.name, self.seed)


def county_outlines(model: Any, scenario: Scenario) -> list[list[float]]:
    """Return the borders of a region's counties, from ``counties.geojson`` where it has one."""
    folder = scenario.region_folder
    path = folder / "counties.geojson" if folder is not None else None
    features = []
    if path is not None and path.is_file():
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return outlines(model, features)


__all__ = ["BUILDING", "CLOSED", "DONE", "FAILED", "READY", "RUNNING", "Session", "county_outlines"]
