"""The outputs in docs/experiments.md, made by the commands beside them: ``make examples``.

A comment before an output says what made it and which of its lines are shown:

    <!-- example
    ruralflow decompose yiwu --months 72 --replicates 1
    keep "loss: what" 8
    keep "  village product" 7
    -->

Each ``keep`` is a regular expression, and how many lines are shown from the next line that begins
with it, after those shown before; without any, all are. What follows the comment, indented, is
written anew. The command ``python`` stands for the last block of Python before it.
``python -m experiments.examples WORD`` does only the examples whose command has that word; all
share a folder, so that one may look at what another left.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "experiments.md"
_EXAMPLE = re.compile(r"(<!-- example\n(.*?)\n-->\n)((?:\n|    [^\n]*\n)*)", re.DOTALL)
_PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def examples(text: str) -> list[str]:
    """Return the command of each example of a page, in order, Python written out."""
    return [_command(found) for found in _EXAMPLE.finditer(text)]


def _command(found: re.Match[str]) -> str:
    command = found[2].splitlines()[0]
    if command != "python":
        return command
    blocks = _PYTHON.findall(found.string, 0, found.start())
    return f"python -c {shlex.quote(blocks[-1])}"


def renewed(text: str, output: Callable[[str], str | None]) -> str:
    """Return the page with the outputs that ``output`` gives for commands; None leaves one.

    Raises ValueError where an output lacks a line that is to be kept.
    """

    def anew(match: re.Match[str]) -> str:
        said = output(_command(match))
        if said is None:
            return match[0]
        _, *keeps = match[2].splitlines()
        lines = kept(said.rstrip().splitlines(), keeps)
        shown = "".join(f"    {line}\n" if line.strip() else "\n" for line in lines)
        return f"{match[1]}\n{shown}\n"

    return _EXAMPLE.sub(anew, text)


def kept(lines: list[str], keeps: list[str]) -> list[str]:
    """Return the lines that ``keeps`` choose of an output; all where there are none."""
    if not keeps:
        return lines
    found: list[str] = []
    at = 0
    for keep in keeps:
        _, start, number = shlex.split(keep)
        at = next((i for i in range(at, len(lines)) if re.match(start, lines[i])), len(lines))
        if at == len(lines):
            raise ValueError(f"no line begins with {start!r}")
        found += lines[at : at + int(number)]
        at += int(number)
    return found


def run(command: str, folder: str) -> str:
    """Return what a command says, run by a shell in ``folder`` as a user would at the root."""
    executables = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": executables, "PYTHONPATH": str(ROOT)}
    print(f"$ {command}", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    print(f"{done.stdout}({time.monotonic() - began:.0f} s)\n", flush=True)
    return done.stdout


def main() -> None:
    """Run the examples and write the page after each, so that what is done is not lost."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "experiments").symlink_to(ROOT / "experiments")
        for command in examples(PAGE.read_text(encoding="utf-8")):
            if word in command:
                made = {command: run(command, folder)}
                try:
                    text = renewed(PAGE.read_text(encoding="utf-8"), made.get)
                except ValueError as problem:
                    wrong.append(f"{command}: {problem}")
                    continue
                PAGE.write_text(text, encoding="utf-8")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
