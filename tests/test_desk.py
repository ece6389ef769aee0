"""What a tab holds, while two threads want to draw it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

pytest.importorskip("solara")

from viz.page.desk import Desk
from viz.page.session import READY, REPLAYING


@dataclass
class HeldSession:
    """A session that holds up the thread called "late" between its state and what follows."""

    state: str = READY
    month: int = 3
    at: int | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    @property
    def running(self) -> bool:
        if threading.current_thread().name == "late":
            self.asked.set()
            self.free.wait(10)
        return False


def test_a_notice_that_comes_late_leaves_no_old_state_behind() -> None:
    """The page is told "replaying", then "ready", while an earlier notice is on its way."""
    desk, held = Desk(), HeldSession()
    session: Any = held
    desk.session = session
    late = threading.Thread(target=desk._notice, name="late")
    late.start()
    assert held.asked.wait(10), "it has read that the run is ready"
    held.state = REPLAYING
    other = threading.Thread(target=desk._notice)
    other.start()
    other.join(0.3)  # it waits for the late one, or is done by now
    held.free.set()
    late.join(10)
    other.join(10)
    drawn = desk.stage.peek()
    held.state = READY
    desk._notice()
    assert desk.stage.peek() > drawn, "the buttons stay as a replay draws them: disabled"
