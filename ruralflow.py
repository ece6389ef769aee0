"""ruralflow: what flows between countryside and city, and what e-commerce brings back.

The front door: ``ruralflow COMMAND`` and ``python -m ruralflow COMMAND``. It reads and checks
everything that was asked for before any long work starts.

Exit status: 0 done, 1 failed, 2 wrong input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

# Nothing of ours is imported up here: first it has to be certain that it is ours (_foreign).
if TYPE_CHECKING:
    from pandas import DataFrame

    from experiments.output import OutputFolder
    from experiments.workers import Workers
    from model.scenario import Scenario

HERE = Path(__file__).resolve().parent
PACKAGES = ("agents", "model", "experiments", "viz")
_PAGE_PACKAGES = ("solara", "ipyvuetify", "ipyvue", "anywidget", "reacton")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    foreign = _foreign()
    if foreign:
        return _complain(foreign, 2)
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed its help, or one line on what is wrong
        return int(stop.code or 0)
    label = f"ruralflow {options.command}"
    try:
        options.function(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        again = "nothing half-written is left; the same command can be run again"
        return _complain(f"\n{label}: interrupted; {again}", 130)
    except BrokenPipeError:  # the reader of a pipe has gone, as in "ruralflow parameters | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as problem:  # noqa: BLE001 - whatever fails, the user gets one line
        return _report(label, problem, options.debug)
    return 0


def _report(label: str, problem: Exception, debug: bool) -> int:
    """Print one line on what went wrong and return the exit status."""
    errors = sys.modules.get("model.errors")  # absent if importing it is what failed
    if errors is not None and isinstance(problem, errors.InputError):
        return _complain(f"{label}: {problem}", 2, debug)
    hint = "" if debug else " (--debug shows the traceback)"
    return _complain(f"{label}: failed: {type(problem).__name__}: {problem}{hint}", 1, debug)


def _complain(text: str, status: int, debug: bool = False) -> int:
    if debug:
        traceback.print_exc()
    start = "\n" if text.startswith("\n") else ""
    print(start + " ".join(text.split()), file=sys.stderr)
    return status


def _foreign() -> str:
    """Return a line that names a file which stands where one of our packages should, or ""."""
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        ours = HERE / package / "__init__.py"
        # the PyPI package openai-agents writes its own agents/__init__.py over ours
        overwritten = (
            package == "agents" and origin == ours and b"agents.base" not in ours.read_bytes()
        )
        if origin != ours or overwritten:
            found = origin or (spec and list(spec.submodule_search_locations or [])) or "missing"
            return (
                f"ruralflow: package {package}: {found} is not ruralflow's own; "
                f"valid: {ours} (use an environment and a folder without the other one)"
            )
    return ""


# --- commands ---------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> None:
    began = time.perf_counter()
    from experiments.progress import Progress
    from experiments.run import lines, run_scenario

    import_s = time.perf_counter() - began
    scenario = _scenario(options)
    with _output(options, scenario) as out:
        progress = Progress("ruralflow run", options.quiet)
        result = run_scenario(
            scenario, options.seed, out, progress, threads=options.threads, import_s=import_s
        )
        _draw_run(out, scenario, options.seed)
        progress.close()
        _show(lines(result["summary"], scenario.months - scenario.start_month), out.path)


def _draw_run(out: OutputFolder, scenario: Scenario, seed: int) -> None:
    """Draw the run from the tables that it wrote."""
    from pandas import read_parquet

    from experiments.output import provenance
    from viz.figures import run_figures

    # what is drawn alone: all columns of all villages would take as much memory as the run did
    needed = {"months": None, "flows": ["month", "payer", "payee", "yuan"], "villages": ["village"]}
    tables = {
        name: read_parquet(out.path / f"{name}.parquet", columns=columns)
        for name, columns in needed.items()
    }
    run_figures(tables, out, provenance(scenario, seed))


def _offset(options: argparse.Namespace) -> None:
    from experiments.progress import Progress
    from model.errors import InputError

    scenario = _scenario(options)
    if options.posterior is not None and not options.posterior.is_file():
        raise InputError("offset", "--posterior", str(options.posterior), "a file of calibrate")
    with _output(options, scenario) as out:
        from experiments.offset import run_offset

        progress = Progress("ruralflow offset", options.quiet)
        result = run_offset(
            scenario,
            options.seed,
            out,
            progress,
            replicates=options.replicates,
            by_good=options.by_good,
            posterior=options.posterior,
            uncertainty=options.uncertainty,
            workers=_workers(options),
        )
        from viz.figures import offset_figures

        offset_figures(result, out, result["provenance"])
        progress.close()
        _show(result["headline"], out.path)


def _trial(options: argparse.Namespace) -> None:
    from experiments.progress import Progress
    from model.errors import InputError

    if options.months or options.start:
        given = "--months" if options.months else "--start"
        raise InputError("trial", given, valid="no such option: a trial has its own length")
    scenario = _scenario(options)
    with _output(options, scenario) as out:
        from experiments.trial import run_trial

        progress = Progress("ruralflow trial", options.quiet)
        result = run_trial(
            scenario,
            options.seed,
            out,
            progress,
            trials=options.trials,
            workers=_workers(options),
        )
        from viz.trial import trial_figures

        trial_figures(result, out, result["provenance"])
        progress.close()
        _show(result["lines"], out.path)


def _validate(options: argparse.Namespace) -> None:
    from experiments.progress import Progress

    scenario = _scenario(options)
    with _output(options, scenario) as out:
        from experiments.validate import run_validate

        progress = Progress("ruralflow validate", options.quiet)
        result = run_validate(
            scenario,
            options.seed,
            out,
            progress,
            quick=options.quick,
            replicates=options.replicates,
            workers=_workers(options),
        )
        from viz.scorecard import scorecard_figures

        scorecard_figures(result, out, result["provenance"])
        progress.close()
        _show(result["lines"], out.path)


def _calibrate(options: argparse.Namespace) -> None:
    from experiments.output import OutputFolder
    from experiments.progress import Progress
    from experiments.search import check_installed
    from experiments.space import read_space

    check_installed()
    space = read_space(options.space)
    workers = _workers(options)
    from experiments.calibrate import Effort, run_calibrate

    effort = Effort(options.trajectories, options.noise, options.budget, options.draws)
    effort.check()
    named = Path("results") / f"calibrate-{space.name}-{space.seed}"
    with OutputFolder(options.out or named) as out:
        progress = Progress("ruralflow calibrate", options.quiet)
        result = run_calibrate(space, out, progress, effort, workers)
        from viz.calibrate import draw

        draw(result, out, result["provenance"])
        progress.close()
        _show(result["lines"], out.path)


def _study(options: argparse.Namespace) -> None:
    """Do an experiment whose module has a Question and a run_NAME, and whose pictures are viz's."""
    from experiments.progress import Progress

    experiment = importlib.import_module(f"experiments.{options.command}")
    question = experiment.Question(**{k: _plain(getattr(options, k)) for k in options.asked})
    scenario = _scenario(options)
    question.check(scenario)
    with _output(options, scenario) as out:
        progress = Progress(f"ruralflow {options.command}", options.quiet)
        run = getattr(experiment, f"run_{options.command}")
        result = run(scenario, options.seed, out, progress, question, _workers(options))
        pictures = importlib.import_module(f"viz.{options.command}")
        pictures.draw(result, out, result["provenance"])
        progress.close()
        _show(result["lines"], out.path)


def _plain(value: Any) -> Any:
    """Return a list of names as the tuple that a question holds."""
    return tuple(value) if isinstance(value, list) else value


def _sweep(options: argparse.Namespace) -> None:
    from experiments.design import read_design
    from experiments.output import OutputFolder
    from experiments.progress import Progress
    from experiments.sweep import run_sweep

    design = read_design(options.design)
    workers = _workers(options)
    with OutputFolder(options.out) as out:
        progress = Progress("ruralflow sweep", options.quiet)
        run_sweep(design, out, progress, workers)
        progress.close()
    _results(options)


def _results(options: argparse.Namespace) -> None:
    from experiments.sweep import describe

    for line in describe(options.out):
        print(line)


def _workers(options: argparse.Namespace) -> Workers:
    """Return who does the runs; InputError if they cannot."""
    from experiments.workers import Workers, read_slurm

    if options.slurm is not None:
        read_slurm(options.slurm)
    return Workers(options.workers, options.scheduler, options.slurm)


def _scenarios(options: argparse.Namespace) -> None:
    from model.scenario import load_scenario, scenario_names

    for name in scenario_names():
        print(f"{name:<10} {load_scenario(name).sentence}")


def _parameters(options: argparse.Namespace) -> None:
    if options.columns:
        rows = _indicators()
    else:
        from model.registry import parameter_table

        rows = parameter_table()
    if options.csv:
        rows.to_csv(sys.stdout, index=False)
    elif options.columns:
        for row in rows.itertuples():
            print(f"{row.column:<22} {row.unit}: {row.meaning} [{row.files}; year: {row.year}]")
    else:
        for row in rows.itertuples():
            _print_parameter(row)


def _indicators() -> DataFrame:
    """Return one row per indicator: column, unit, meaning, how months make a year, files."""
    from pandas import DataFrame

    from model.indicators import COUNTY, LOGGED, VILLAGE

    parts = (
        (VILLAGE, "villages.parquet, months.parquet"),
        (COUNTY, "months.parquet"),
        (LOGGED, "months.parquet"),
    )
    rows = [(*i, files) for part, files in parts for i in part]
    return DataFrame(rows, columns=["column", "unit", "meaning", "year", "files"])


def _page(options: argparse.Namespace) -> None:
    from model.errors import InputError

    try:
        from viz.page import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in _PAGE_PACKAGES:
            raise
        raise InputError(
            "page", f"{missing.name} is not installed", valid="the extra [page]"
        ) from None
    serve(port=options.port)


def _print_parameter(row: Any) -> None:
    default = '""' if row.default == "" else row.default
    low_high = "" if row.low != row.low else f" [{row.low:g}, {row.high:g}]"
    print(f"{row.group}.{row.name} = {default}{low_high} {row.unit}")
    source = f"; {row.source}" if row.source else ""
    grade = f" ({row.grade})" if row.grade else ""
    print(f"    {row.meaning} [{row.status}{source}{grade}]")


def _show(lines: list[str], folder: Path) -> None:
    for line in lines:
        print(line)
    print(f"written to {folder}")


# --- options ----------------------------------------------------------------------------------


def _scenario(options: argparse.Namespace) -> Scenario:
    """Return the scenario that the options ask for; InputError if any of them is wrong."""
    from model.scenario import load_scenario

    return load_scenario(
        options.scenario,
        options.set,
        region=options.region,
        start=options.start,
        months=options.months,
        sample=options.sample,
        strict=options.strict or None,
        panel=getattr(options, "panel", False) or None,
    )


def _output(options: argparse.Namespace, scenario: Scenario) -> OutputFolder:
    from experiments.output import OutputFolder

    named = Path("results") / f"{options.command}-{scenario.name}-{options.seed}"
    return OutputFolder(options.out or named)


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        sys.exit(_complain(f"{self.prog}: {message}", 2))


def _wide(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, max_help_position=28, width=100)


def _parser() -> argparse.ArgumentParser:
    from experiments.options import (
        STUDIES,
        add_calibrate_options,
        add_offset_options,
        add_run_options,
        add_thread_option,
        add_validate_options,
        add_worker_options,
        whole,
    )

    parser = _Parser(
        prog="ruralflow",
        description="What flows between countryside and city, and what e-commerce brings back.",
        epilog="Example: ruralflow offset shaoyang --replicates 4",
        allow_abbrev=False,
        formatter_class=_wide,
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(
        name: str, function: Callable[[argparse.Namespace], None], text: str, example: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"Example: ruralflow {example}",
            allow_abbrev=False,
            formatter_class=_wide,
        )
        added.set_defaults(function=function)
        added.add_argument("--debug", action="store_true", help="show the traceback of a failure")
        return added

    run = command("run", _run, "run one scenario once", "run shaoyang --set pull.enabled=false")
    add_run_options(run)
    run.add_argument(
        "--panel", action="store_true", help="write every household and plot each December"
    )
    add_thread_option(run)
    offset = command(
        "offset",
        _offset,
        "the headline: how much of the countryside's loss e-commerce returns",
        "offset shaoyang --replicates 4 --by-good",
    )
    add_run_options(offset)
    add_offset_options(offset)
    add_worker_options(offset)
    trial = command(
        "trial",
        _trial,
        "a randomised trial of village terminals: income, cost of living, users, over 12 months",
        "trial shaoyang --trials 20",
    )
    add_run_options(trial)
    trial.add_argument(
        "--trials",
        metavar="N",
        type=whole(1, 10_000),
        default=20,
        help="worlds, each with its own draw of villages and arms (default: 20)",
    )
    add_worker_options(trial)
    validate = command(
        "validate",
        _validate,
        "the scorecard: published facts with bands, the model, and two null models",
        "validate shaoyang --quick",
    )
    add_run_options(validate)
    add_validate_options(validate)
    add_worker_options(validate)
    for name, text, example, add_options in STUDIES:
        study = command(name, _study, text, f"{name} {example}")
        add_run_options(study)
        study.set_defaults(asked=add_options(study))
        add_worker_options(study)
    calibrate = command(
        "calibrate",
        _calibrate,
        "fit parameters to facts up to 2015: screening, search, posterior; can be resumed",
        "calibrate my_space.toml --budget 200 --draws 100",
    )
    add_calibrate_options(calibrate)
    add_worker_options(calibrate)
    sweep = command(
        "sweep",
        _sweep,
        "do the runs of a design: grid, list, Latin hypercube or Sobol sequence, and levers",
        "sweep design.toml --out results/mine; again: only what is missing",
    )
    sweep.add_argument("design", metavar="DESIGN", type=Path, help="a TOML file, see docs")
    sweep.add_argument("--out", metavar="DIR", type=Path, required=True, help="the result store")
    sweep.add_argument("--quiet", action="store_true", help="no progress")
    add_worker_options(sweep)
    results = command(
        "results", _results, "what a result store holds: done, failed, missing", "results DIR"
    )
    results.add_argument("out", metavar="DIR", type=Path, help="the --out of an experiment")
    command("scenarios", _scenarios, "list the named scenarios", "scenarios")
    parameters = command(
        "parameters",
        _parameters,
        "list every parameter: default, range, unit, meaning, source, status",
        "parameters --csv > parameters.csv",
    )
    parameters.add_argument("--columns", action="store_true", help="the indicators instead")
    parameters.add_argument("--csv", action="store_true", help="as comma-separated values")
    page = command("page", _page, "open the interactive page", "page --port 8765")
    page.add_argument("--port", type=whole(1, 65535), default=8765, help="default: 8765")
    return parser


def _version() -> str:
    from model.version import VERSION

    return f"ruralflow {VERSION}"


if __name__ == "__main__":
    sys.exit(main())
