"""What the tests of the page share: a tiny scenario, a server, a tab that is watched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TINY = """\
name = "tiny"
sentence = "A region for tests."
parent = "shaoyang"
months = {months}
sample = 0.1

[region.synthetic]
width = 12
height = 12
counties = 2
mean_slope = 8.0

[set.access]
start = "2003-01"

[set.rollout]
share_2009 = 0.05

[set.entry]
pioneer = 0.02
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Seconds that anything on the page may take; compiling for the first time takes most of it.
PATIENCE = 300.0


def tiny(folder: Path, months: int) -> Path:
    """Write the scenario and return its path."""
    path = folder / "tiny.toml"
    path.write_text(TINY.format(months=months), encoding="utf-8")
    return path


def missing() -> str:
    """Return why there can be no browser test here, or ""."""
    if not shutil.which("chromium"):
        return "chromium is not on the path"
    for package in ("playwright", "solara"):
        try:
            __import__(package)
        except ModuleNotFoundError:
            return f"{package} is not installed"
    return ""


@dataclass
class Server:
    """A page that is served: its address, its log, its process."""

    address: str
    log: Path
    process: subprocess.Popen
    scenario: Path

    def ended(self) -> int:
        """Return how many pairs of runs have ended."""
        return self.log.read_text().count("ended")

    def memory_mb(self) -> float:
        """Return the memory that the server holds (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def stacks(self) -> str:
        """Return where all threads of the server are, and what its log said before."""
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(1.0)
        return self.log.read_text()[-8000:]


@contextmanager
def serving(scenario: Path) -> Iterator[Server]:
    """Serve the page with ``scenario`` from the folder in which it lies."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (
        "import faulthandler, signal; faulthandler.register(signal.SIGUSR1)\n"
        f"from viz.page import serve; serve({port}, {str(scenario)!r})"
    )
    log = scenario.parent / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", command],
            cwd=scenario.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{address}/readyz", timeout=1).read()
                    break
                assert process.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield Server(address, log, process, scenario)
        finally:
            process.terminate()
            process.wait(10)
    assert "Traceback" not in log.read_text(), log.read_text()


@dataclass
class Tab:
    """A page in the browser, and what it asked for and complained of."""

    page: Any
    address: str
    outside: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stacks: Callable[[], str] = str

    def watch(self) -> Tab:
        """Open the page and wait until both arms stand."""
        ours = (self.address, self.address.replace("http", "ws"), "data:", "blob:")
        self.page.on("request", lambda r: r.url.startswith(ours) or self.outside.append(r.url))
        self.page.on("requestfailed", lambda r: self.failed.append(f"{r.url} {r.failure}"))
        self.page.on(
            "response", lambda r: r.status < 400 or self.failed.append(f"{r.url} {r.status}")
        )
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(self.address)
        return self.ready()

    def ready(self) -> Tab:
        """Wait until there is something to run."""
        ready, wrong = ".rf-run:not([disabled])", ".rf-wait.bad"
        self.page.wait_for_selector(f"{ready}, {wrong}", timeout=PATIENCE * 1000)
        assert not self.page.locator(wrong).count(), self.page.inner_text(wrong)
        return self

    def state(self) -> str:
        """Return what the page says that it is doing."""
        return str(self.page.inner_text(".rf-state"))

    def months(self) -> int:
        """Return the months that are done."""
        return int(self.state().split("·")[1].split()[0])

    def wait(self, months: int) -> None:
        """Wait until so many months are done."""
        until = time.monotonic() + PATIENCE
        while self.months() < months:
            assert time.monotonic() < until
            self.page.wait_for_timeout(50)

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until something ``holds``: what the page says and what it draws come one by one."""
        until = time.monotonic() + 20.0
        while not holds():
            assert time.monotonic() < until, f"not within 20 s: {what}; {self.state()}"
            self.page.wait_for_timeout(50)

    def says(self, words: str) -> None:
        """Wait until the state of the run says ``words``; or say what it says, and the server."""
        try:
            self.page.wait_for_selector(f".rf-state:has-text('{words}')", timeout=PATIENCE * 1000)
        except Exception as problem:
            found = f"the page says {self.state()!r}, not {words!r}: {self.errors}"
            raise AssertionError(f"{found}\n{self.stacks()}") from problem

    def press(self, where: str, words: str) -> None:
        """Press the button with these words in a part of the page."""
        self.page.locator(f"{where} button").filter(has_text=words).first.click()

    def step_to(self, months: int) -> None:
        """Step until so many months are done: Run and Pause would end where they happen to."""
        for done in range(self.months(), months):
            self.page.click(".rf-step")
            self.wait(done + 1)
        self.says("paused")

    def pace(self, words: str) -> None:
        """Choose a speed of the run."""
        self.page.click(".rf-controls .v-select >> nth=1")
        self.page.click(f".v-menu__content .v-list-item:has-text('{words}')")

    def colours(self, arm: int) -> int:
        """Return how many colours cover at least 0.1% of a map each."""
        return int(
            self.page.evaluate(
                """(arm) => {
                  const c = document.querySelectorAll('.rf-box canvas')[arm];
                  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, n = {};
                  for (let i = 0; i < d.length; i += 4) {
                    const key = [d[i], d[i + 1], d[i + 2], d[i + 3]]; n[key] = (n[key] || 0) + 1;
                  }
                  return Object.values(n).filter(v => v >= d.length / 4000).length;
                }""",
                arm,
            )
        )

    def pixels(self, arm: int) -> str:
        """Return what a map shows."""
        script = "(arm) => document.querySelectorAll('.rf-box canvas')[arm].toDataURL()"
        return str(self.page.evaluate(script, arm))

    def scrub(self, months: int) -> None:
        """Put the time line to a month, counted from 1; 0 is the start."""
        self.page.evaluate(
            """(v) => {
              const i = document.querySelector('.rf-timeline input');
              i.value = v; i.dispatchEvent(new Event('input'));
            }""",
            months,
        )

    def is_clean(self) -> bool:
        """Tell that nothing was asked of others, nothing failed, nothing was complained of."""
        assert (self.outside, self.failed, self.errors) == ([], [], [])
        return True
