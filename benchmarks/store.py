"""A store of 100,000 runs: how long its resume scan and a query over one indicator take.

python -m benchmarks.store [RUNS] [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.runs import DONE, Result
from experiments.store import Store, StoreWriter

INDICATORS = 60


def make(folder: Path, runs: int) -> None:
    """Fill a store with runs that were never done, through the writer that engines use."""
    generator = np.random.default_rng(1)
    names = [f"indicator_{i}" for i in range(INDICATORS)]
    keys = [f"{generator.integers(2**62):024x}" for _ in range(runs)]
    scenario = '{"parameters": {' + ", ".join(f'"p{i}": {i}' for i in range(300)) + "}}"
    with StoreWriter(folder) as store:
        for i, key in enumerate(keys):
            row = {"key": [key], **{name: [v] for name, v in zip(names, generator.random(60))}}
            result = Result(key, DONE, 1.0, {"summary": pa.table(row)}, host="benchmark")
            store.add(result, i, scenario, "summary-1")
        store.write_design("sweep", pd.DataFrame({"key": keys, "point": range(runs)}), {})


def main(runs: int = 100_000, folder: str = "") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(folder or temporary)
        began = time.perf_counter()
        if not (path / "store.json").exists():
            make(path, runs)
            print(f"made in {time.perf_counter() - began:.1f} s")
        for _ in range(3):
            began = time.perf_counter()
            with StoreWriter(path) as store:
                done = store.done()
            scan = time.perf_counter() - began
            began = time.perf_counter()
            table = Store(path).table("summary", ["indicator_7"], design="sweep")
            query = time.perf_counter() - began
            print(
                f"resume scan of {len(done)} runs {scan:.2f} s; "
                f"query over one indicator {query:.2f} s ({len(table)} rows)"
            )
        began = time.perf_counter()
        (path / "index.sqlite").unlink()
        with StoreWriter(path):
            print(f"index rebuilt in {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:]))
