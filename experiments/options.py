"""Options of the commands: what may be asked, and what is valid.

Imports nothing that takes time: the command line is read before any work starts.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return what reads a whole number from ``low`` to ``high``, or says what is valid."""

    def number_of(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"{text!r}; valid: a whole number from {low} to {high}"
            )
        return number

    return number_of


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what a run is of: scenario, region, parameters, length, sample, seed, folder."""
    add = parser.add_argument
    add("scenario", metavar="SCENARIO", nargs="?", default="shaoyang", help="a name or a TOML file")
    add("--region", metavar="DIR", help="a folder with counties.csv and raster.csv")
    add(
        "--set",
        metavar="group.name=value",
        action="append",
        default=[],
        help="a parameter for the whole run; may be repeated (see: ruralflow parameters)",
    )
    add("--start", metavar="YYYY-MM", help="first month written (default: 2003-01)")
    add("--months", metavar="N", help="months to run from 2003-01 (default: 252)")
    add("--seed", metavar="N", type=whole(0, 2**63 - 1), default=1, help="default: 1")
    add("--sample", metavar="SHARE", help="share of households simulated (default: 0.01)")
    add("--strict", action="store_true", help="check every account after every month")
    add("--out", metavar="DIR", type=Path, help="default: results/COMMAND-SCENARIO-SEED")
    add("--quiet", action="store_true", help="no progress")


def add_thread_option(parser: argparse.ArgumentParser) -> None:
    """Add on how many processors a run works at once."""
    parser.add_argument(
        "--threads",
        metavar="N",
        type=whole(1, 4096),
        default=os.cpu_count() or 1,
        help="counties worked out at once; changes no result (default: one per processor)",
    )


def add_offset_options(parser: argparse.ArgumentParser) -> None:
    """Add replicates, goods, and the interval over parameters."""
    add = parser.add_argument
    add("--replicates", metavar="N", type=whole(1, 100_000), default=20, help="default: 20")
    add("--by-good", action="store_true", help="one arm per good that alone is sold online")
    add("--posterior", metavar="FILE", type=Path, help="of calibrate: its parameters are drawn")
    add(
        "--uncertainty",
        metavar="N",
        type=whole(0, 100_000),
        default=0,
        help="draws for an interval of parameters and luck (default: none; 40 with --posterior)",
    )


def add_worker_options(parser: argparse.ArgumentParser) -> None:
    """Add who does the runs: processes here, a Dask cluster, or SLURM."""
    add = parser.add_mutually_exclusive_group().add_argument
    add(
        "--workers",
        metavar="N",
        type=whole(1, 4096),
        default=os.cpu_count() or 1,
        help="processes (default: one per processor)",
    )
    add("--scheduler", metavar="ADDRESS", default="", help="of a running Dask cluster")
    add("--slurm", metavar="FILE", type=Path, help="TOML: jobs, cores, memory, queue, ...")


def add_validate_options(parser: argparse.ArgumentParser) -> None:
    """Add how much of the scorecard is run."""
    add = parser.add_argument
    add("--quick", action="store_true", help="a subset on two replicates, in about a minute")
    add(
        "--replicates",
        metavar="N",
        type=whole(1, 10_000),
        help="of every run (default: what the targets ask for, 3 to 20)",
    )


def add_calibrate_options(parser: argparse.ArgumentParser) -> None:
    """Add the space, the efforts of the three stages, and the folder."""
    add = parser.add_argument
    add("space", metavar="SPACE", nargs="?", default="default", help="a name or a TOML file")
    efforts = (
        ("trajectories", 4, "of the screening; 0: none, all parameters are calibrated"),
        ("noise", 5, "seeds that the noise is measured on"),
        ("budget", 200, "runs of the search"),
        ("draws", 100, "of the prior, for the posterior; 0: none"),
    )
    for name, default, text in efforts:
        low = {"noise": 2, "budget": 1}.get(name, 0)
        add(f"--{name}", **_count(low, default, text))
    add("--out", metavar="DIR", type=Path, help="default: results/calibrate-SPACE-SEED")
    add("--quiet", action="store_true", help="no progress")


def _asked(parser: argparse.ArgumentParser, **options: dict[str, Any]) -> tuple[str, ...]:
    """Add options; return the names of the question's fields that they set."""
    for field, how in options.items():
        flag = how.pop("flag", "--" + field.replace("_", "-"))
        parser.add_argument(flag, dest=field, **how)
    return tuple(options)


def _several(text: str, default: list[Any], metavar: str = "NAME") -> dict[str, Any]:
    return {"nargs": "+", "metavar": metavar, "default": default, "help": text}


def _count(low: int, default: int, text: str) -> dict[str, Any]:
    what = f"{text} (default: {default})"
    return {"type": whole(low, 100_000), "metavar": "N", "default": default, "help": what}


def _sensitivity_options(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    return _asked(
        parser,
        indicators=_several("offset.labour, return.land, shops, ...", ["offset.labour"])
        | {"flag": "--indicators"},
        parameters=_several("parameters or groups (default: all that no data pin)", []),
        levers=_several("levers, as a study of their own", []),
        trajectories=_count(0, 10, "of Morris; 0: no screening"),
        points=_count(0, 64, "of Sobol, a power of 2; 0: screening only"),
        keep=_count(1, 6, "parameters that Sobol is asked about"),
        replicates=_count(1, 1, "worlds of luck at each point"),
    )


def _decompose_options(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    return _asked(parser, replicates=_count(1, 4, "of each combination of switches"))


def _frontier_options(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    levers = ["access.scale", "policy.training_share", "freight.cold_share", "freight.cost_scale"]
    return _asked(
        parser,
        outcome={"metavar": "NAME", "default": "labour", "help": "labour, land, product, ..."},
        levers=_several(f"default: {' '.join(levers)}", levers),
        targets=_several("offsets that are sought (default: 0.25 0.5 1)", [0.25, 0.5, 1.0], "X")
        | {"type": float},
        phase=_several("two levers: the offset on a grid over both", []),
        flips=_several("parameters or groups: where do loss and return change sign", []),
        points=_count(2, 4, "values of each lever before roots are sought"),
        rounds=_count(0, 3, "of root finding"),
        grid=_count(2, 4, "values of each lever of the phase diagram"),
        replicates=_count(1, 4, "worlds of luck, the same at every point"),
    )


def _policies_options(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    return _asked(
        parser,
        packages=_several("packages, or TOML files (default: all that come with it)", []),
        worlds=_count(0, 8, "uncertain worlds; 0: the defaults alone"),
        replicates=_count(1, 1, "worlds of luck in each"),
    )


def _ablate_options(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    needs = ["default", "hukou", "network", "clusters"]
    return _asked(
        parser,
        mechanisms=_several("by name (default: all)", []),
        needs=_several(f"runs of which targets (default: {' '.join(needs)})", needs, "NEED"),
        replicates=_count(1, 2, "seeds, the same with and without"),
    )


def _findings_options(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    parts = "homes cold awareness endowments keeping nation selection reach sign"
    clusters = ["yiwu", "qinghe", "changshu", "jinjiang"]
    levers = ["access.scale", "policy.training_share", "freight.cold_share", "freight.cost_scale"]
    return _asked(
        parser,
        parts=_several(f"what is asked (default: all of {parts})", parts.split(), "PART"),
        replicates=_count(1, 20, "worlds of luck for the scenario and those it is compared with"),
        scenarios=_several("scenarios to compare with", clusters),
        nation={"metavar": "NAME", "default": "nation", "help": "made-up counties, or a TOML file"},
        nation_replicates=_count(1, 5, "of the nation"),
        draws=_count(2, 48, "of parameters, for what would change a sign"),
        levers=_several(f"of what it would take (default: {' '.join(levers)})", levers),
        reach_replicates=_count(1, 4, "at each point of what it would take"),
    )


#: Experiments of one shape: name, what it answers, an example, its options.
STUDIES: tuple[tuple[str, str, str, Callable[..., tuple[str, ...]]], ...] = (
    (
        "sensitivity",
        "which parameters matter: Morris screening, then Sobol indices",
        "shaoyang --parameters migration --indicators offset.labour shops",
        _sensitivity_options,
    ),
    (
        "decompose",
        "what the loss and the return are made of: Shapley values over switches",
        "shaoyang --replicates 4",
        _decompose_options,
    ),
    (
        "frontier",
        "how much access would offset a quarter, half, all of the loss",
        "shaoyang --levers access.scale freight.cost_scale --targets 0.25 0.5 1",
        _frontier_options,
    ),
    (
        "policies",
        "packages of policy on the same uncertain worlds: effects, costs, who gains, regret",
        "shaoyang --packages training freight_subsidy --worlds 4",
        _policies_options,
    ),
    (
        "ablate",
        "which targets fall when a mechanism of the model is switched off",
        'shaoyang --mechanisms network "lease market" --needs default --replicates 1',
        _ablate_options,
    ),
    (
        "findings",
        "what the model says: findings.md with figures, each sentence with its interval",
        "shaoyang --replicates 4 --parts cold keeping",
        _findings_options,
    ),
)
