"""The search for the best point: an Optuna study whose journal makes it resumable.

Points are asked for in batches of a fixed size and every one with a generator of its own, so that
a search cut and resumed, or done by any number of workers, asks the same points.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.design import Settings
from experiments.uncertain import Ranges
from model.errors import InputError

#: Points asked for at once, before any of them is answered; and random ones at the start.
BATCH, RANDOM = 8, 16


class Trial(NamedTuple):
    """A point that was tried, and its loss."""

    number: int
    point: Settings
    loss: float


def check_installed() -> None:
    """Raise InputError if Optuna is missing."""
    try:
        import optuna  # noqa: F401
    except ModuleNotFoundError:
        raise InputError(
            "calibrate", "optuna is not installed", valid="the extra [calibrate]"
        ) from None


def search(
    name: str,
    journal: Path,
    ranges: Ranges,
    start: Settings,
    trials: int,
    seed: int,
    losses: Callable[[list[Settings]], NDArray[np.float64]],
) -> list[Trial]:
    """Return at least ``trials`` finished trials of the study ``name`` (Optuna's TPE).

    trials : a multiple of ``BATCH``: a search that is extended asks what a longer one
        would.

    The first is ``start``. Trials that the journal holds are not done again; those that were under
    way when the last command ended are finished first.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
    while True:
        known = study.get_trials(deepcopy=False)
        finished = sum(t.state == TrialState.COMPLETE for t in known)
        if finished >= trials:
            break
        waiting = []
        for trial in known:
            if trial.state == TrialState.RUNNING:
                if trial.params.keys() == ranges.keys():
                    waiting.append(trial.number)
                else:  # the last command ended in the midst of asking
                    study.tell(trial.number, state=TrialState.FAIL)
        while not waiting or (finished + len(waiting)) % BATCH:
            waiting.append(_ask(study, ranges, start, seed, finished + len(waiting)))
        points = {t.number: t.params for t in study.get_trials(deepcopy=False)}
        batch = [dict(points[number]) for number in waiting]
        for number, value in zip(waiting, losses(batch)):
            study.tell(number, float(value))
    return [
        Trial(t.number, dict(t.params), float(t.value or 0.0))
        for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    ]


def _ask(study: Any, ranges: Ranges, start: Settings, seed: int, number: int) -> int:
    """Ask for the point of a number; return the number that the study gave it."""
    import optuna

    if number == 0:
        study.enqueue_trial(start, skip_if_exists=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is experimental in Optuna is told by its docs
        study.sampler = optuna.samplers.TPESampler(
            seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0]),
            n_startup_trials=RANDOM,
            multivariate=True,
            constant_liar=True,
        )
        trial = study.ask()
    for key, (low, high) in ranges.items():
        if isinstance(low, int):
            trial.suggest_int(key, low, int(high))
        else:
            trial.suggest_float(key, low, high)
    return int(trial.number)
