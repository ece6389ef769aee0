"""The same workloads on other frameworks and on our tables: ``python -m benchmarks.others``."""
