"""Yardsticks: what the model costs, and against what it is measured."""
