"""Where runs are done: in processes of this machine, on a Dask cluster by address, or on SLURM."""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import dask
from distributed import Client, LocalCluster

from experiments.bench import close_benches
from model.errors import InputError

#: A worker of a cluster may die so often under a chunk before the chunk is blamed.
SETTINGS = {
    "distributed.scheduler.allowed-failures": 10,
    "distributed.comm.timeouts.connect": "15s",
}


class Workers(NamedTuple):
    """Who does the runs: ``number`` processes here, or the scheduler at an address, or SLURM.

    number : 0 does the runs in this very process (for a debugger): no time limits, no safety.
    scheduler : address of a running Dask scheduler. slurm : a TOML file, see ``read_slurm``.
    """

    number: int = os.cpu_count() or 1
    scheduler: str = ""
    slurm: Path | None = None


#: What ``kept`` keeps: the connections made inside it, and what ends them.
_kept: list[tuple[ExitStack, dict[Workers, Client]]] = []


@contextmanager
def kept() -> Iterator[None]:
    """Keep connections that are made inside: for one design after the other."""
    with ExitStack() as stack:
        _kept.append((stack, {}))
        try:
            yield
        finally:
            _kept.pop()


@contextmanager
def connected(workers: Workers) -> Iterator[Client]:
    """Connect to the workers, and let go of them at the end (see ``kept``), whatever they do."""
    if not _kept:
        with _connection(workers) as client:
            yield client
        return
    stack, clients = _kept[-1]
    if workers not in clients:
        clients[workers] = stack.enter_context(_connection(workers))
    yield clients[workers]


@contextmanager
def _connection(workers: Workers) -> Iterator[Client]:
    # what they say of a closing that took long, or of an interrupt amid a call of theirs
    for name in ("distributed", "asyncio", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS):
        cluster = _cluster(workers)
        try:
            client = Client(cluster or workers.scheduler, timeout=15, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise InputError(
                "--scheduler",
                f"{workers.scheduler}: {problem}",
                valid="the address of a running Dask scheduler, as tcp://10.0.0.1:8786",
            ) from None
        try:
            yield client
        finally:
            close_benches()  # so that threads waiting for a run come home
            client.close(timeout=5)
            if cluster is not None:
                cluster.close(timeout=20)


def _cluster(workers: Workers) -> Any:
    if workers.scheduler:
        return None
    if workers.slurm is not None:
        return _slurm(workers.slurm)
    # each thread sits at a bench with a process of its own, which does the runs
    return LocalCluster(
        n_workers=1,
        threads_per_worker=workers.number,
        processes=False,
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
    )


def read_slurm(path: Path) -> tuple[int, dict[str, Any]]:
    """Return the number of jobs and the arguments of dask_jobqueue.SLURMCluster from a TOML file.

    jobs = 4          # how many
    cores = 16        # of each; runs done at a time by it
    memory = "32GB"
    queue = "normal"
    walltime = "04:00:00"
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InputError(path, f"cannot be read: {problem.strerror}", valid="a file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputError(path, str(problem), valid="TOML") from None
    jobs = content.pop("jobs", 1)
    if not isinstance(jobs, int) or jobs < 1:
        raise InputError(path, "jobs", jobs, "a whole number from 1")
    for key in ("cores", "memory"):
        if key not in content:
            raise InputError(path, f"missing key {key}", valid="jobs, cores, memory, queue, ...")
    return jobs, content


def _slurm(path: Path) -> Any:
    jobs, content = read_slurm(path)
    try:
        from dask_jobqueue import SLURMCluster
    except ModuleNotFoundError:
        raise InputError(
            "--slurm", "dask-jobqueue is not installed", valid="the extra [slurm]"
        ) from None
    try:
        cluster = SLURMCluster(**content)
    except (TypeError, ValueError) as problem:
        valid = "jobs, and the arguments of dask_jobqueue.SLURMCluster"
        raise InputError(path, str(problem), valid=valid) from None
    cluster.scale(jobs=jobs)
    return cluster
