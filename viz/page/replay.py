"""What people weighed when they left or came home: the run again, up to that month.

Luck is keyed, so the same scenario and seed live the same months; nothing has to be kept of the
past for the sake of who might be asked about.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from model import RuralUrbanModel, migration
from model.calendar import month_name
from model.scenario import Scenario
from viz.page.story import Option, choice


class Then(NamedTuple):
    """A question to the past and how far its answer is.

    done : months lived again, of ``month + 1``. options : the answer, once there is one.
    """

    arm: int
    person: int
    month: int
    done: int = 0
    options: tuple[Option, ...] = ()


class Watcher(RuralUrbanModel):
    """A model that asks some people, in one month, what they weigh before they choose."""

    asked: tuple[int, ...] = ()
    when = -1

    def move(self) -> None:
        """Ask, then let everybody choose as ever."""
        if self.month == self.when:
            self.parts.each(lambda part: migration.count_adults(self, part))
            self.answers = [choice(self, person) for person in self.asked]
        super().move()


def weighed_then(
    scenario: Scenario,
    seed: int,
    people: tuple[int, ...],
    month: int,
    progress: Callable[[int], bool] = lambda done: True,
) -> list[list[Option]]:
    """Return what each of ``people`` (rows) weighed in ``month``, before anybody chose in it.

    ``progress`` is told the months lived and stops the replay by returning False: then nothing is
    returned. Elder members of a household choose first; what they chose in that month is not in it.
    """
    last = month_name(scenario.months - 1)  # nothing is written down on the way
    model = Watcher(replace(scenario, start=last), seed)
    model.asked, model.when, model.answers = people, month, []
    try:
        for t in range(month + 1):
            if not progress(t):
                return []
            model.step()
        return model.answers
    finally:
        model.release()


def ask(
    question: Then, scenario: Scenario, seed: int, tell: Callable[[Then], bool]
) -> threading.Thread:
    """Answer ``question`` in a thread of its own; ``tell`` is told of it and may stop it."""

    def live() -> None:
        people, month = (question.person,), question.month
        answers = weighed_then(
            scenario, seed, people, month, lambda done: tell(question._replace(done=done))
        )
        gc.collect()  # the model that was lived again: Python would let it wait
        if answers:
            tell(question._replace(done=month + 1, options=tuple(answers[0])))

    thread = threading.Thread(target=live, name="ruralflow-then", daemon=True)
    thread.start()
    return thread
