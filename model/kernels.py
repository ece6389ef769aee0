"""The kernels that a run needs, listed, so that a first run compiles them in two processes.

``data/kernels.json`` names each kernel with the types that it takes, in the order in which a run
asks for them. The run compiles from the top; a helper goes up from the end and leaves what it has
compiled in the cache on disk, where the run finds it. Without the list, or with an old one, a
first run takes longer and gives the same.

    python -m model.kernels          write the list anew
    python -m model.kernels --check  say what it lacks and what it has in excess; status 1 if any
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numba import types

from agents.base.cache import CACHE_DIR
from agents.base.compiled import ASKED
from agents.base.pointed import PointedType
from agents.base.tables import Table, pointed_type

PATH = Path(__file__).parent / "data" / "kernels.json"
_PACKAGES = ("agents.", "model.")


def spelled(kind: Any) -> Any:
    """Return the type of an argument as JSON can hold it: a word, or a list for a tuple."""
    if isinstance(kind, PointedType):
        name = kind.name.partition("#")[0]
        arrays = [of for _, of in kind.layout.values() if isinstance(of, types.Array)]
        return f"{name}/{''.join(str(of.ndim) for of in arrays)}"
    if isinstance(kind, types.Array):
        return f"{kind.dtype}:{kind.ndim}{kind.layout}"
    if isinstance(kind, types.BaseTuple):
        of = getattr(kind, "instance_class", tuple)
        return [f"{of.__module__}.{of.__qualname__}", *(spelled(item) for item in kind)]  # type: ignore[attr-defined]
    return str(kind)


def read(word: Any) -> Any:
    """Return the numba type that ``spelled`` has written."""
    if isinstance(word, list):
        of, items = _object(word[0]), [read(item) for item in word[1:]]
        return types.BaseTuple.from_types(items, None if of is tuple else of)
    if "/" in word:
        name, _, dimensions = word.partition("/")
        kind = _object(name)
        if issubclass(kind, Table):
            return pointed_type(kind, tuple(int(n) for n in dimensions))
        return kind._kernel_type
    if ":" in word:
        dtype, _, shape = word.partition(":")
        return types.Array(read(dtype), int(shape[:-1]), shape[-1])
    return types.boolean if word == "bool" else getattr(types, word)


def _object(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def asked() -> list[list[Any]]:
    """Return [kernel, types] of everything that Python has called in this process, in order."""
    found = []
    for function, signature in ASKED:
        name = f"{function.__module__}.{function.__qualname__}"
        if name.startswith(_PACKAGES):
            found.append([name, [spelled(kind) for kind in signature]])
    return found


def listed() -> list[list[Any]]:
    """Return the list of the file; nothing where it cannot be read."""
    try:
        return json.loads(PATH.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except (OSError, ValueError):
        return []


def compile_backwards(parent: int) -> None:
    """Compile the listed kernels from the last to the first, as long as ``parent`` lives."""
    for name, signature in reversed(listed()):
        if os.getppid() != parent:
            return
        try:
            _object(name).compile(tuple(read(word) for word in signature))
        except (AttributeError, ImportError):  # an old list: the run compiles what it needs
            continue


@contextmanager
def helped() -> Iterator[bool]:
    """Let a second process compile from the end of the list, if nothing is compiled yet.

    Yields whether it does. Needs two processors; what it leaves undone is compiled when needed.
    """
    cold = not any(CACHE_DIR.rglob("*.nbi")) and bool(listed())
    if not cold or (os.cpu_count() or 1) < 2 or os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        yield False
        return
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        f"from model.kernels import compile_backwards; compile_backwards({os.getpid()})"
    )
    quiet = subprocess.DEVNULL
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(CACHE_DIR)}
    helper = subprocess.Popen(
        [sys.executable, "-c", code], stdin=quiet, stdout=quiet, stderr=quiet, env=environment
    )
    try:
        yield True
    finally:
        helper.terminate()
        helper.wait()


def _run() -> list[list[Any]]:
    """Return what a small run with everything in it asks for."""
    from model.ruralurban import RuralUrbanModel
    from model.scenario import load_scenario
    from model.switches import Synthetic

    scenario = load_scenario("shaoyang").with_(
        region=Synthetic(width=10, height=10, counties=2),
        sample=0.02,
        months=36,
        strict=True,
        **{"access.start": "2004-01"},
    )
    RuralUrbanModel(scenario, seed=1).run()
    return asked()


def main() -> None:
    """Write the list anew, or check it."""
    now, before = _run(), listed()
    if "--check" not in sys.argv:
        lines = ",\n".join(json.dumps(entry) for entry in now)
        PATH.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        return
    lacks, excess = ([e for e in a if e not in b] for a, b in ((now, before), (before, now)))
    for word, entries in (("lacks", lacks), ("excess", excess)):
        for name, signature in entries:
            print(word, name, signature)
    sys.exit(1 if lacks or excess else 0)


if __name__ == "__main__":
    main()
