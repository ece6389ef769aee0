"""What one tab of the page holds: the choices made in it, and its session."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from typing import Any, cast

import solara
from solara.server import kernel_context

from model.calendar import month_name, parse_month
from model.scenario import Scenario
from viz.page import first
from viz.page.arms import NAMES, PRESETS, UNCHANGED, Arm, check_pair, differences, preset_arms
from viz.page.map_pair import Screen
from viz.page.replay import Then, ask
from viz.page.session import CLOSED, Frames, Session
from viz.page.timeline import TimeLine

#: Words for the speed -> months a second; 0 is as fast as it can.
PACES = {"full speed": 0.0, "12 months a second": 12.0, "4 a second": 4.0, "1 a second": 1.0}
#: Seconds between two drawings of what changes slowly.
BEAT_S = 1.0
EXPLORE, RESULTS = "Explore", "Results"
SIDES = ("Flows", "Who gains", "Village", "Take away")


def events_lock() -> AbstractContextManager[Any]:
    """Return the lock that the server holds while it serves an event of this tab.

    Whoever changes what is drawn from another thread holds it too. Two threads that set reactive
    values at once can lose a drawing: each counts up from what it read, the second finds nothing
    new, and the page stays as the first has drawn it, with a button disabled for ever.
    """
    if kernel_context.has_current_context():
        return kernel_context.get_current_context().lock
    return threading.RLock()  # no server: a test


class Desk:
    """The state of a tab. Fields are reactive: reading one draws a component anew on its change.

    arms : what is compared. begun : runs begun; another one begins when it counts up.
    tick : counts up when the session has something new; beat : at most once a second of those
    times; stage : only when the session goes from one state to another, or its first month is over.
    To draw a component anew takes the model's time, so each reads the rarest that serves it.
    """

    def __init__(self) -> None:
        start = preset_arms(PRESETS[0], first["scenario"])
        self.arms: solara.Reactive[tuple[Arm, Arm]] = solara.reactive(start)
        self.words: solara.Reactive[tuple[str, str]] = solara.reactive(PRESETS[0].words)
        self.preset = solara.reactive(PRESETS[0].name)
        self.seed = solara.reactive(1)
        self.pace = solara.reactive(next(iter(PACES)))
        self.begun = solara.reactive(0)
        self.tick, self.beat, self.stage = (solara.reactive(0) for _ in range(3))
        self._staged: Any = None
        self._beaten = 0.0
        self._events = events_lock()
        self.said = solara.reactive("")
        self.view = solara.reactive(EXPLORE)
        self.side = solara.reactive(SIDES[0])
        self.indicator = solara.reactive("labour")
        self.place = solara.reactive(-1)
        self.village = solara.reactive(-1)
        self.household = solara.reactive(-1)
        self.arm_of_story = solara.reactive(1)
        self.then: solara.Reactive[Then | None] = solara.reactive(cast("Then | None", None))
        self.editing = solara.reactive(False)
        self.session: Session | None = None
        self.screen: Screen | None = None
        self.timeline: TimeLine | None = None

    # -- the session ----------------------------------------------------------------------------

    def begin(self) -> Any:
        """Begin the runs of the present arms; return what ends them."""
        assert self.screen is not None and self.timeline is not None
        screen = self.screen
        scenarios = check_pair(self.arms.peek())

        def opened(model: Any, places: Any) -> None:
            screen.open(model, places, scenarios[0])

        session = Session(scenarios, self.seed.peek(), self._show, self._notice, opened)
        session.pace = PACES[self.pace.peek()]
        self.session = session
        for choice in (self.place, self.village, self.household):
            choice.set(-1)
        self.timeline.months = session.months
        self.timeline.done, self.timeline.at = 0, None
        self.caption()
        self._notice()
        session.start()
        return session.close

    def restart(self, arms: tuple[Arm, Arm], words: tuple[str, str], preset: str = "") -> None:
        """Compare other arms, from January 2003 on. Raises InputError where they do not fit."""
        check_pair(arms)
        self.arms.set(arms)
        self.words.set(words)
        self.preset.set(preset)
        self.said.set("")
        self.begun.set(self.begun.peek() + 1)

    def change(self, arm: int, changed: Arm, said: str) -> None:
        """Change an arm in mid-run; ``said`` tells when it takes effect."""
        arms = list(self.arms.peek())
        arms[arm] = changed
        pair = (arms[0], arms[1])
        scenarios = check_pair(pair)
        self.arms.set(pair)
        self.preset.set("")
        self.said.set(said)
        self.caption()
        if self.session is not None:
            self.session.change(arm, scenarios[arm])

    def ask_then(self, person: int, month: int) -> None:
        """Live the run again, aside, up to the month in which a person chose."""
        session, arm = self.session, self.arm_of_story.peek()
        if session is None:
            return
        question = Then(arm, person, month)
        self.then.set(question)

        def tell(answer: Then) -> bool:
            now = self.then.peek()
            wanted = now is not None and now[:3] == question[:3]
            if not wanted or session.state == CLOSED or session is not self.session:
                return False
            if answer.options or answer.done % 6 == 0:
                with self._events:
                    self.then.set(answer)
            return True

        ask(question, session.scenarios[arm], session.seed, tell)

    def caption(self) -> None:
        """Tell the maps and the time line what the arms are."""
        if self.screen is None or self.timeline is None or self.session is None:
            return
        a, b = check_pair(self.arms.peek())
        found = differences(a, b)
        self.screen.widget.captions = [
            {
                "badge": NAMES[k],
                "words": self.words.peek()[k],
                "chips": [
                    [f"{d.key} = {d.values[k]}", d.about] for d in found if d.values[k] != UNCHANGED
                ],
            }
            for k in range(2)
        ]
        self.timeline.marks = [
            [parse_month(month), f"arm {NAMES[k]}: {key} = {value} from {month}", NAMES[k]]
            for k, arm in enumerate(self.arms.peek())
            for month, key, value in arm.dated
        ]

    def _show(self, frames: Frames, month: int, wait: bool) -> None:
        assert self.session is not None and self.screen is not None
        t = max(month, 0)
        hubs = [
            m.hubs[t].tolist() if month >= 0 else [0] * m.hubs.shape[1]
            for m in self.session.memories
        ]
        when = month_name(month) if month >= 0 else "January 2003"
        self.screen.show(frames, hubs, when, wait)

    def _notice(self) -> None:
        """Draw what is new. Called from the session's thread and from where events are served."""
        session, line = self.session, self.timeline
        if session is None or session.state == CLOSED:
            return
        with self._events:  # the stage too is read under it: an old one must not follow a new one
            if line is not None:
                with line.hold_sync():
                    line.done = session.month + 1
                    line.at = session.at
            stage = session, session.state, session.running, session.at, session.month < 0
            now = time.monotonic()
            if stage != self._staged:
                self._staged = stage
                self.stage.set(self.stage.peek() + 1)
                self._beaten = 0.0
            if not session.running or now - self._beaten >= BEAT_S:
                self._beaten = now
                self.beat.set(self.beat.peek() + 1)
            self.tick.set(self.tick.peek() + 1)

    # -- what components read -------------------------------------------------------------------

    def watch(self, how: solara.Reactive[int] | None = None) -> Session | None:
        """Return the session; the component that asks is drawn anew whenever it moves on.

        how : ``self.beat`` or ``self.stage`` for more rarely than at each ``tick``.
        """
        assert (self.tick if how is None else how).value >= 0
        return self.session

    def scenarios(self) -> tuple[Scenario, Scenario]:
        """Return the scenarios of both arms."""
        return check_pair(self.arms.peek())
