"""The engine survives what can go wrong: after each fault every finished run is kept once, and the
same command completes the design with the numbers of an undisturbed run."""

from __future__ import annotations

import gc
import hashlib
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest
import stub_runs
from conftest import ROOT

from experiments import child
from experiments import store as store_module
from experiments.keys import run_key, scenario_text
from experiments.store import Store, StoreWriter
from experiments.workers import Workers, connected, kept
from model import load_scenario
from model.errors import InputError
from model.switches import Synthetic

HERE, ONE, TWO = Workers(0), Workers(1), Workers(2)
PATHS = os.pathsep.join([str(ROOT), str(ROOT / "tests")])


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> Callable[[int], pd.DataFrame]:
    """Return the table of an undisturbed run of so many runs."""

    def table(number: int) -> pd.DataFrame:
        return stub_runs.drive(tmp_path_factory.mktemp("e"), stub_runs.plain, number, HERE)

    return table


SPAWN = multiprocessing.get_context("forkserver")
SPAWN.set_forkserver_preload(["experiments.engine", "stub_runs"])


def test_a_process_lets_go_of_a_run_when_it_is_done():
    """Runs that refer to themselves, as models do, would pile up until Python looks for them."""
    gone: list[weakref.ref] = []

    class Held:
        def __init__(self) -> None:
            self.itself = self

    def run() -> dict[str, pd.DataFrame]:
        gone.append(weakref.ref(Held()))
        return {}

    gc.disable()
    try:
        assert child._timed("key", run, pickle.dumps(()), None).status == "done"
    finally:
        gc.enable()
    assert gone[0]() is None


def test_collecting_after_each_run_looks_at_the_run_alone(tmp_path):
    """All that was imported before would take 50 milliseconds a run."""
    assert (stub_runs.drive(tmp_path, stub_runs.frozen, 2, ONE)["value"] > 50_000).all()


class Driver:
    """A driver in a process of its own; it starts at once, since a server has imported all."""

    def __init__(self, out: Path, function: Callable, number: int, workers: int | str, **options):
        self.errors = out.parent / f"errors-{time.monotonic_ns()}"
        given = (str(out), function, number, workers)
        self.process = SPAWN.Process(
            target=stub_runs.main,
            args=given,
            kwargs={"errors": str(self.errors), "environ": dict(os.environ), **options},
        )
        self.process.start()
        self.pid = self.process.pid

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def end(self) -> tuple[int, list[str]]:
        """Wait for the end; return status and the lines that it said."""
        self.process.join(60)
        return self.process.exitcode, self.errors.read_text().splitlines()


@pytest.fixture
def marks(tmp_path, monkeypatch) -> Callable[[], int]:
    """Return how many runs have left a mark; drivers are started with where to."""
    folder = tmp_path / "marks"
    folder.mkdir()
    monkeypatch.setenv(stub_runs.MARK, str(folder))
    return lambda: len(list(folder.iterdir()))


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until ``condition`` holds."""
    until = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)


def finished(out: Path) -> int:
    """Return the number of runs done in a store that may not be there yet."""
    return len(Store(out).done()) if (out / "store.json").exists() else 0


def once(out: Path) -> pd.DataFrame:
    """Return the rows of a store as any reader sees them, after checking that each is there once"""
    files = list((out / "parts").glob("*/stub.parquet"))
    rows = pd.read_parquet(files)
    assert not rows.duplicated(["key", "month"]).any()
    return rows


def same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Assert that two tables are equal to the bit."""
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_the_key_knows_all_that_a_run_depends_on_and_no_more():
    """Scenario (with dated changes, region), seed, what is kept; not the name of the scenario."""
    base = load_scenario("yiwu")
    for scenario in (base, load_scenario("shaoyang"), base.with_(region=Synthetic(width=9))):
        assert hashlib.sha256(scenario_text(scenario).encode()).hexdigest() == scenario.digest()
    key = run_key(base, 1, "a-1")
    assert key == run_key(base.with_(name="other"), 1, "a-1")
    others = [
        run_key(base, 2, "a-1"),
        run_key(base, 1, "a-2"),
        run_key(base.with_(months=240), 1, "a-1"),
        run_key(base.with_(**{"pull.scale": 0.5}), 1, "a-1"),
    ]
    assert len({key, *others}) == 5


def test_one_worker_four_and_a_cluster_by_address_agree(tmp_path, expected):
    """To the bit, and each run once, also where the cluster's workers have several threads."""
    tables = [stub_runs.drive(tmp_path / str(n), stub_runs.plain, 30, Workers(n)) for n in (1, 4)]
    with cluster() as address:
        where = Workers(scheduler=address)
        tables.append(stub_runs.drive(tmp_path / "address", stub_runs.plain, 30, where))
    for table in tables:
        same(table, expected(30))
    assert len(once(tmp_path / "address")) == 60


class cluster:
    """A scheduler and a worker of two threads, as a user starts them."""

    def __enter__(self) -> str:
        self.file = Path(os.environ.get("TMPDIR", "/tmp")) / f"scheduler-{os.getpid()}.json"
        self.file.unlink(missing_ok=True)
        self.processes = [
            self._start("dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
        ]
        wait_for(self.file.exists, "the scheduler")
        time.sleep(0.2)
        self.add_worker()
        return json.loads(self.file.read_text())["address"]

    def add_worker(self) -> None:
        self.processes.append(
            self._start("dask_worker", "--nthreads", "2", "--no-dashboard", "--no-nanny")
        )

    def _start(self, module: str, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", self.file]
            + list(words),
            env={**os.environ, "PYTHONPATH": PATHS},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __exit__(self, *error: object) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait(20)
        self.file.unlink(missing_ok=True)


def test_a_worker_killed_in_a_run_costs_nothing(tmp_path, expected, marks):
    """Its run is done by the next process."""
    same(stub_runs.drive(tmp_path / "o", stub_runs.kills_once, 12, TWO), expected(12))
    assert marks() == 1


def test_a_worker_of_a_cluster_killed_in_a_run_costs_nothing(tmp_path, expected, marks):
    """The scheduler gives its runs to another worker; its process does not outlive it."""
    made = cluster()
    with made as address:
        driver = Driver(tmp_path / "o", stub_runs.slow, 30, address)
        wait_for(lambda: marks() >= 4, "runs")
        orphans = processes(made.processes[1].pid)
        made.processes[1].kill()
        made.add_worker()
        assert driver.end()[0] == 0
        wait_for(lambda: not alive(orphans), "the end of the orphans")
    same(Store(tmp_path / "o").table("stub", design="stub"), expected(30))
    once(tmp_path / "o")


def alive(processes: list[psutil.Process]) -> bool:
    """Return whether any of them is left; one that only waits to be counted as dead is not."""
    try:
        return any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)
    except psutil.NoSuchProcess:
        return False


def processes(pid: int) -> list[psutil.Process]:
    """Return the processes that do runs below a process."""
    try:
        below = psutil.Process(pid).children(recursive=True)
        return [p for p in below if "experiments.child" in p.cmdline()]
    except psutil.Error:
        return []


@pytest.mark.parametrize(
    ("function", "error", "trace"),
    [
        (stub_runs.raises, "ArithmeticError: books open", "in raises"),
        (stub_runs.kills, "killed by SIGKILL, 3 times", ""),
        (stub_runs.hangs, "TimeoutError: stopped after the time limit of 1 s", "in hangs"),
        (stub_runs.hangs_in_native_code, "TimeoutError: stopped after", "in hangs_in_native"),
    ],
    ids=["raises", "kills", "hangs", "hangs in native code"],
)
def test_a_run_that_goes_wrong_is_a_row(tmp_path, expected, function, error, trace):
    """The others are done; the error names it; its process is gone; the next try completes it."""
    before = {p.pid for p in processes(os.getpid())}
    with pytest.raises(RuntimeError, match="1 of 8 runs failed.*replicate 3, seed 3") as failed:
        stub_runs.drive(tmp_path, function, 8, TWO, limit_s=1.0)
    assert error in str(failed.value)
    wait_for(lambda: {p.pid for p in processes(os.getpid())} <= before, "the end of the processes")
    rows = Store(tmp_path).failures()
    assert rows["seed"].tolist() == [3] and error in rows["error"][0]
    assert trace in rows["traceback"][0] and '"months": 252' in rows["scenario"][0]
    assert len(Store(tmp_path).done()) == 7
    same(stub_runs.drive(tmp_path, stub_runs.plain, 8, TWO), expected(8))
    assert len(Store(tmp_path).runs()) == 8 and Store(tmp_path).failures().empty


def test_the_driver_killed_loses_no_part_that_was_written(tmp_path, expected, monkeypatch):
    """Its processes end with it; the same command does what is missing, and only that."""
    out = tmp_path / "o"
    driver = Driver(out, stub_runs.slow, 60, 2, runs_per_part=10)
    wait_for(lambda: finished(out) >= 20, "two parts")
    children = processes(driver.pid)
    assert len(children) == 2
    driver.send(signal.SIGKILL)
    driver.end()
    wait_for(lambda: not alive(children), "the end of the processes")
    before = len(Store(out).done())
    assert 20 <= before < 60 and before % 10 == 0
    status, lines = Driver(out, stub_runs.plain, 60, 2).end()
    assert status == 0 and f"{before} of 60 runs found, {60 - before} left to do" in lines[0]
    same(Store(out).table("stub", design="stub"), expected(60))
    once(out)


@pytest.mark.parametrize("moment", ["before the rename", "half a table"])
def test_the_driver_killed_while_it_writes_a_part(tmp_path, expected, moment):
    """What is half written is never seen, and is swept up by the next command."""
    stub_runs.drive(tmp_path, stub_runs.plain, 10, HERE)
    dying = SPAWN.Process(target=stub_runs.die_while_writing, args=(str(tmp_path), moment))
    dying.start()
    dying.join(60)
    assert dying.exitcode == -signal.SIGKILL
    assert list(tmp_path.glob(".partial-*"))
    assert len(Store(tmp_path).done()) == 10
    same(stub_runs.drive(tmp_path, stub_runs.plain, 30, HERE), expected(30))
    assert not list(tmp_path.glob(".partial-*"))
    once(tmp_path)


def test_a_full_disk_is_told_in_one_line_and_keeps_what_was_written(tmp_path, expected):
    """Files may not grow beyond a megabyte, as on a full disk: status 2, and parts stay whole."""
    out = tmp_path / "o"
    stub_runs.drive(out, stub_runs.plain, 10, HERE)
    status, lines = Driver(out, stub_runs.large, 20, 1, most_bytes=1_000_000).end()
    assert status == 2
    assert "cannot be written: File too large; valid: a folder with space" in lines[-1]
    assert "the same command does what is missing" in lines[-1]
    assert len(Store(out).done()) == 10
    same(stub_runs.drive(out, stub_runs.plain, 20, TWO), expected(20))


def test_two_drivers_on_one_store(tmp_path, expected):
    """The second is refused in a line that names the first, which is not disturbed."""
    out = tmp_path / "o"
    first = Driver(out, stub_runs.slow, 30, 2)
    wait_for((out / ".writer.json").exists, "the first driver")
    status, lines = Driver(out, stub_runs.plain, 30, 2).end()
    assert status == 2 and len(lines) == 1
    assert f"process {first.pid} on" in lines[0] and "is writing to this store" in lines[0]
    assert "wait for it to end" in lines[0]
    assert first.end()[0] == 0
    same(Store(out).table("stub", design="stub"), expected(30))
    once(out)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_all_that_was_finished(tmp_path, expected, marks, sent):
    """From the keyboard or a batch system: what is done is written, no process is left."""
    out = tmp_path / "o"
    driver = Driver(out, stub_runs.slow, 300, 2)  # a minute: no load lets it end first
    wait_for(lambda: marks() >= 8, "some runs")
    children = processes(driver.pid)
    driver.send(sent)
    status, lines = driver.end()
    assert status == 130 and lines[-1] == "interrupted"
    assert not any("Traceback" in line for line in lines)
    assert not alive(children)
    # of 8, each process may have had up to 3 in hand
    assert 2 <= finished(out) < 300
    same(stub_runs.drive(out, stub_runs.plain, 300, TWO), expected(300))
    once(out)


def test_a_store_of_another_schema_is_refused(tmp_path):
    """One line: file, key, value, what is valid; nothing is touched."""
    stub_runs.drive(tmp_path, stub_runs.plain, 2, HERE)
    about = json.loads((tmp_path / "store.json").read_text())
    (tmp_path / "store.json").write_text(json.dumps({**about, "schema": "ruralflow-store-0"}))
    for opening in (Store, StoreWriter):
        with pytest.raises(InputError, match="schema = 'ruralflow-store-0'.*another --out"):
            opening(tmp_path)


def test_runs_of_other_code_or_another_scenario_are_kept_and_not_used(
    tmp_path, expected, monkeypatch, capsys
):
    """They have other keys, and the user is told of those of other code."""
    with monkeypatch.context() as older:
        older.setattr("experiments.keys.code_digest", lambda: "older")
        older.setattr(store_module, "code_digest", lambda: "older")
        stub_runs.drive(tmp_path, stub_runs.plain, 5, HERE)
    with StoreWriter(tmp_path) as store:
        stub_runs.add_runs(store, stub_runs.runs_of(5, months=120))
    same(stub_runs.drive(tmp_path, stub_runs.plain, 5, HERE, say=print), expected(5))
    assert "5 runs in" in (told := capsys.readouterr().err) and "by other code" in told
    assert len(Store(tmp_path).done()) == 15


def test_a_truncated_part_is_set_aside_and_done_again(tmp_path, expected, capsys):
    """The line says which part; its runs come back with the same numbers."""
    for number in (10, 20):
        stub_runs.drive(tmp_path, stub_runs.plain, number, HERE)
    part = sorted((tmp_path / "parts").iterdir())[1]
    os.truncate(part / "stub.parquet", 200)
    assert len(Store(tmp_path).done()) == 10
    same(stub_runs.drive(tmp_path, stub_runs.plain, 20, HERE, say=print), expected(20))
    told = capsys.readouterr().err
    assert f"broken-{part.name} is a part cut short" in told and "10 of 20 runs found" in told
    once(tmp_path)


@pytest.mark.parametrize("harm", ["missing", "rubbish", "behind"])
def test_the_index_is_rebuilt_from_the_parts(tmp_path, harm):
    """It is only an index."""
    stub_runs.drive(tmp_path, stub_runs.plain, 10, HERE)
    index = tmp_path / "index.sqlite"
    if harm == "behind":
        shutil.copy(index, tmp_path / "old.sqlite")
        stub_runs.drive(tmp_path, stub_runs.plain, 20, HERE)
        shutil.copy(tmp_path / "old.sqlite", index)
    else:
        index.unlink()
        if harm == "rubbish":
            index.write_bytes(b"rubbish" * 1000)
    number = 20 if harm == "behind" else 10
    assert len(Store(tmp_path).done()) == number
    with StoreWriter(tmp_path) as store:
        assert len(store.done()) == number
    assert len(Store(tmp_path).table("stub")) == 2 * number


def test_parts_are_merged_and_a_merger_cut_short_does_no_harm(tmp_path, expected, monkeypatch):
    """Many small parts become one; killed between writing and deleting, each run counts once."""
    monkeypatch.setattr(store_module, "RUNS_PER_PART", 2)
    monkeypatch.setattr(store_module, "MERGE_PARTS", 5)
    stub_runs.drive(tmp_path, stub_runs.plain, 9, HERE)
    parts = list((tmp_path / "parts").iterdir())
    monkeypatch.setattr(store_module, "RUNS_PER_PART", 100)
    saved = tmp_path / "saved"
    shutil.copytree(tmp_path / "parts", saved)
    stub_runs.drive(tmp_path, stub_runs.plain, 10, HERE)
    assert len(parts) == 5 or len(list((tmp_path / "parts").iterdir())) < 5
    for part in saved.iterdir():
        shutil.copytree(part, tmp_path / "parts" / part.name, dirs_exist_ok=True)
    same(Store(tmp_path).table("stub", design="stub"), expected(10))
    with StoreWriter(tmp_path):
        pass
    assert len(once(tmp_path)) == 20


def test_one_connection_serves_one_design_after_the_other_inside_kept():
    with kept():
        with connected(ONE) as first:
            assert first.status == "running"
        with connected(ONE) as second:
            assert second is first and second.status == "running"
    assert first.status == "closed"
    with connected(ONE) as other:
        assert other is not first
