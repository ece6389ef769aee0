"""Two runs behind one page, in step, in a thread of their own, driven by the buttons.

Nothing here knows the browser. The page gives a function that shows a frame of both arms and waits
until it has been drawn, and another that is told, a few times a second, that there is something
new to read.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calendar import month_name
from model.errors import InputError
from model.ruralurban import RuralUrbanModel
from model.scenario import Scenario
from viz.page.layers import Places
from viz.page.memory import Groups, Memory

log = logging.getLogger("ruralflow.page")

#: States of a session.
BUILDING, READY, RUNNING, REPLAYING, DONE, FAILED, CLOSED = (
    "building",
    "ready",
    "running",
    "replaying",
    "done",
    "failed",
    "closed",
)
#: Seconds between two frames at least, and between two notices to the page.
FRAME_S, NOTICE_S = 0.04, 0.25

Frames = tuple[NDArray[np.float32], NDArray[np.float32]]


class Session:
    """Two arms that are built, run, paused and stepped in the background.

    show(frames, month, wait) draws both maps, each (layers, places), and with ``wait`` may take its
    time; notice() says that something has changed. Both are called from the session's thread and
    from where a button is pressed. ``close`` ends the thread and lets go of the models.
    """

    def __init__(
        self,
        scenarios: tuple[Scenario, Scenario],
        seed: int,
        show: Callable[[Frames, int, bool], None],
        notice: Callable[[], None],
        on_built: Callable[[Any, Places], None],
    ):
        self.scenarios, self.seed = list(scenarios), seed
        self.months = scenarios[0].months
        self.month = -1  # last month that both arms have finished
        self.at: int | None = None  # month that is looked at; None follows the run
        self.state = BUILDING
        self.problem = ""
        self.pace = 0.0  # months a second; 0 is as fast as it can
        self.replayed = 0
        self.memories: list[Memory] = []
        self.places: Places | None = None
        self._models: list[RuralUrbanModel] = []
        self._show, self._notice, self._on_built = show, notice, on_built
        self._wake, self._reading = threading.Condition(), threading.RLock()
        self._running = self._closed = False
        self._steps = 0
        self._changed: dict[int, Scenario] = {}
        self._thread = threading.Thread(target=self._live, name="ruralflow-model", daemon=True)

    # -- what the page asks ---------------------------------------------------------------------

    def start(self) -> Session:
        """Begin to build the models; return at once."""
        self._thread.start()
        return self

    def run(self) -> None:
        """Go on until the end or until paused, and look at where the run is."""
        with self._wake:
            self._running, self.at = True, None
            self._wake.notify()
        self._tell()

    def pause(self) -> None:
        """Stop after the month that is being computed."""
        with self._wake:
            self._running = False
        self._tell()

    def toggle(self) -> None:
        """Pause if it runs, else run: as it is now, whatever the button said when it was drawn."""
        (self.pause if self.running else self.run)()

    def step(self) -> None:
        """Compute one month and stop."""
        with self._wake:
            self._running, self.at = False, None
            self._steps = 1
            self._wake.notify()

    def look(self, month: int | None) -> None:
        """Show a past month (-1: the start), or follow the run again (None)."""
        self.at = None if month is None or month >= self.month else max(month, -1)
        if self.memories and not self._closed:
            self._show(self.frames(), self.shown, False)
        self._tell()

    def change(self, arm: int, scenario: Scenario) -> None:
        """Make an arm another scenario: it is built anew and replayed to the present month.

        The past stays what it was where the scenario differs only by later dated changes.
        """
        with self._wake:
            self._changed[arm] = scenario
            self._running = False
            self._wake.notify()
        self._tell()

    def close(self, wait: float = 0.0) -> None:
        """End the thread and let go of the models; wait at most so many seconds for it."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join(wait)

    @contextmanager
    def reading(self) -> Any:
        """Hold both models still between two months, and give them; empty where there are none.

        Gives nothing while an arm is built or replayed, so that nobody waits for that.
        """
        held = self._reading.acquire(timeout=2.0)
        ready = held and len(self._models) == 2 and self.state != REPLAYING
        try:
            yield tuple(self._models) if ready else ()
        finally:
            if held:
                self._reading.release()

    @property
    def running(self) -> bool:
        """True while it was asked to go on and has not come to its end."""
        return self._running and self.state not in (DONE, FAILED, CLOSED)

    @property
    def shown(self) -> int:
        """The month that is looked at; -1 is the start."""
        return self.month if self.at is None else min(self.at, self.month)

    @property
    def month_name(self) -> str:
        """The month that is looked at, ``YYYY-MM``; before the first one, the opening."""
        return month_name(self.shown) if self.shown >= 0 else "start of 2003"

    def frames(self) -> Frames:
        """Return what both maps show."""
        a, b = (memory.frame(self.shown) for memory in self.memories)
        return a, b

    # -- the thread -----------------------------------------------------------------------------

    def _live(self) -> None:
        try:
            self._build()
            while self._await_work():
                if self._changed:
                    self._replay()
                else:
                    self._advance()
        except InputError as problem:
            self._fail(str(problem))
        except Exception as problem:  # noqa: BLE001 - whatever fails, the page has to say so
            if not self._closed:  # a tab that closes may take the map away in mid-frame
                log.error("the run failed\n%s", traceback.format_exc())
                self._fail(f"{type(problem).__name__}: {problem}")
        finally:
            self._let_go()

    def _new_model(self, scenario: Scenario) -> RuralUrbanModel:
        """Return a model that writes nothing down before its last month: the page remembers."""
        last = month_name(self.months - 1)
        return RuralUrbanModel(replace(scenario, start=last), self.seed, os.cpu_count() or 1)

    def _build(self) -> None:
        first = self._new_model(self.scenarios[0])
        self._models.append(first)
        self.places, self._groups = Places(first), Groups(first)
        self.memories.append(Memory(first, self.places, self._groups, leads=True))
        if self._closed:
            return
        self._on_built(first, self.places)
        second = self._new_model(self.scenarios[1])
        self._models.append(second)
        self.memories.append(Memory(second, self.places, self._groups, leads=False))
        self._draw()
        self.state = READY
        self._tell()

    def _await_work(self) -> bool:
        """Wait until there is a month to compute or an arm to change; False once closed."""
        with self._wake:
            while not (self._closed or self._changed) and (
                self.state == DONE or not (self._running or self._steps)
            ):
                self._wake.wait()
            self._steps = 0
        return not self._closed

    def _advance(self) -> None:
        """Compute months until paused, closed or at the end, drawing as fast as is seen."""
        self.state = RUNNING
        self._tell()
        drawn = told = 0.0
        first = True
        while not self._closed and (first or self._running):
            first, begin = False, time.monotonic()
            with self._reading:
                for model, memory in zip(self._models, self.memories, strict=True):
                    model.step()
                    memory.note(model)
                self.month += 1
            if self.month >= self.months - 1:
                self._running = False
            elif begin - drawn >= FRAME_S and self.at is None:
                drawn = time.monotonic()
                self._draw()
            if time.monotonic() - told >= NOTICE_S:
                told = time.monotonic()
                self._tell()
            self._keep_pace(begin)
        self._rest()

    def _replay(self) -> None:
        """Build the changed arms anew and bring them to the present month."""
        with self._wake:
            changed, self._changed = self._changed, {}
        self.state, self.replayed, told = REPLAYING, 0, 0.0
        self._tell()
        assert self.places is not None
        for arm, scenario in changed.items():
            with self._reading:
                self._models[arm].release()
            model = self._new_model(scenario)
            memory = Memory(model, self.places, self._groups, leads=arm == 0)
            for t in range(self.month + 1):
                if self._closed:
                    model.release()
                    return
                model.step()
                memory.note(model)
                self.replayed = t + 1
                if time.monotonic() - told >= NOTICE_S:
                    told = time.monotonic()
                    self._tell()
                time.sleep(0.001)
            with self._reading:
                self._models[arm] = model
                self.memories[arm], self.scenarios[arm] = memory, scenario
        gc.collect()  # what was replaced: see ``_let_go``
        self._rest()

    def _rest(self) -> None:
        self._draw()
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

    def _draw(self) -> None:
        if not self._closed:
            self._show(self.frames(), self.shown, True)

    def _tell(self) -> None:
        if not self._closed:
            self._notice()

    def _fail(self, problem: str) -> None:
        self.problem, self.state, self._running = problem, FAILED, False
        self._tell()

    def _let_go(self) -> None:
        with self._reading:
            while self._models:
                self._models.pop().release()
        self.memories = []
        gc.collect()  # a model is few objects and much memory, and Python waits for many objects
        if self.state != FAILED:
            self.state = CLOSED
        log.info("runs of %s with seed %d ended", self.scenarios[0].name, self.seed)


__all__ = [
    "BUILDING",
    "CLOSED",
    "DONE",
    "FAILED",
    "READY",
    "REPLAYING",
    "RUNNING",
    "Session",
]
