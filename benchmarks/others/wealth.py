"""Wealth exchange on a grid, once per framework: ``python wealth.py NAME AGENTS STEPS``.

Everybody has one unit and stands on a torus with one cell per agent. In a step all move to one of
the eight neighbouring cells; then, in random order, whoever has something gives a unit to another
in the same cell, if there is one. mesa-frames, which has no order within a step, does all gifts of
a step at once. Prints seconds per step and what became of the wealth. Nothing of ours is imported
but by our own version, so that the others may live in an environment of their own.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def side_of(agents: int) -> int:
    """Return the side of a square with about one cell for each agent."""
    return math.isqrt(agents)


def on_mesa(agents: int, steps: int, seed: int) -> tuple[float, list[int]]:
    """Mesa: an object per agent, discrete space."""
    import mesa
    from mesa.discrete_space import CellAgent, OrthogonalMooreGrid

    class Person(CellAgent):
        def __init__(self, model, cell):
            super().__init__(model)
            self.cell, self.wealth = cell, 1

        def move(self):
            self.cell = self.cell.neighborhood.select_random_cell()

        def give(self):
            if self.wealth > 0:
                others = [a for a in self.cell.agents if a is not self]
                if others:
                    self.random.choice(others).wealth += 1
                    self.wealth -= 1

    model = mesa.Model(seed=seed)
    side = side_of(agents)
    grid = OrthogonalMooreGrid((side, side), torus=True, random=model.random)
    cells = model.random.choices(grid.all_cells.cells, k=agents)
    Person.create_agents(model, agents, cells)
    began = time.process_time()
    for _ in range(steps):
        model.agents.shuffle_do("move")
        model.agents.shuffle_do("give")
    return time.process_time() - began, [a.wealth for a in model.agents]


def on_agentpy(agents: int, steps: int, seed: int) -> tuple[float, list[int]]:
    """agentpy: an object per agent, its grid."""
    import agentpy

    class Person(agentpy.Agent):
        def setup(self):
            self.wealth = 1

        def go(self):
            draw = self.model.random
            way = WAYS[draw.randrange(8)]
            self.model.grid.move_by(self, way)

        def give(self):
            if self.wealth > 0:
                grid = self.model.grid
                here = grid.grid.agents[grid.positions[self]]
                others = [a for a in here if a is not self]
                if others:
                    self.model.random.choice(others).wealth += 1
                    self.wealth -= 1

    class Town(agentpy.Model):
        def setup(self):
            side = side_of(self.p.agents)
            self.people = agentpy.AgentList(self, self.p.agents, Person)
            self.grid = agentpy.Grid(self, (side, side), torus=True)
            spots = [(self.random.randrange(side), self.random.randrange(side))
                     for _ in range(self.p.agents)]  # fmt: skip
            self.grid.add_agents(self.people, positions=spots)

        def step(self):
            for act in ("go", "give"):
                getattr(self.people.shuffle(), act)()

    model = Town({"agents": agents, "steps": steps, "seed": seed})
    model.sim_setup(steps, seed)
    began = time.process_time()
    for _ in range(steps):
        model.sim_step()
    return time.process_time() - began, [a.wealth for a in model.people]


WAYS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0)]


def on_frames(agents: int, steps: int, seed: int) -> tuple[float, list[int]]:
    """mesa-frames: a data frame of all agents (polars)."""
    import numpy as np
    import polars as pl
    from mesa_frames import AgentSetPolars, ModelDF

    class People(AgentSetPolars):
        def __init__(self, number, model):
            super().__init__(model)
            self.side = side_of(number)
            self.draw = np.random.default_rng(seed)
            spots = self.draw.integers(0, self.side, (2, number))
            self += pl.DataFrame({"unique_id": np.arange(number, dtype=np.int64),
                                  "x": spots[0], "y": spots[1],
                                  "wealth": np.ones(number, dtype=np.int64)})  # fmt: skip

        def step(self):
            number = len(self.agents)
            ways = np.array(WAYS)[self.draw.integers(0, 8, number)]
            table = self.agents.with_columns(
                x=(pl.col("x") + ways[:, 0]) % self.side, y=(pl.col("y") + ways[:, 1]) % self.side,
                luck=pl.Series(self.draw.random(number)),
            ).sort("x", "y", "luck")  # fmt: skip
            size, rank = pl.len().over("x", "y"), pl.int_range(pl.len()).over("x", "y")
            # one of the others of the cell: a step of 1 to size - 1 along the cell's circle
            ahead = 1 + (pl.Series(self.draw.random(number)) * (pl.col("size") - 1)).cast(int)
            table = table.with_columns(size=size, rank=rank).with_columns(
                to=pl.int_range(pl.len())
                - pl.col("rank")
                + (pl.col("rank") + ahead) % pl.col("size"),
                gives=((pl.col("wealth") > 0) & (pl.col("size") > 1)).cast(pl.Int64),
            )
            got = np.bincount(table["to"], weights=table["gives"], minlength=number)
            self.agents = table.with_columns(
                wealth=pl.col("wealth") - pl.col("gives") + pl.Series(got.astype(np.int64))
            ).select("unique_id", "x", "y", "wealth")

    class Town(ModelDF):
        def __init__(self, number):
            super().__init__()
            self.agents += People(number, self)

        def step(self):
            self.agents.do("step")

    model = Town(agents)
    began = time.process_time()
    for _ in range(steps):
        model.step()
    spent = time.process_time() - began
    (people,) = model.agents.agents.values()
    return spent, people["wealth"].to_list()


def on_tables(agents: int, steps: int, seed: int) -> tuple[float, list[int]]:
    """Our tables: an array per attribute, rules compiled, luck keyed by agent and step."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from benchmarks.others.town import Town

    Town(100, seed).step()  # compiles, or reads what is compiled
    town = Town(agents, seed)
    began = time.process_time()
    for _ in range(steps):
        town.step()
    return time.process_time() - began, town.people.wealth.tolist()


FRAMEWORKS: dict[str, Callable[[int, int, int], tuple[float, list[int]]]] = {
    "ruralflow tables": on_tables,
    "Mesa": on_mesa,
    "mesa-frames": on_frames,
    "agentpy": on_agentpy,
}


def measure(name: str, agents: int, steps: int, seed: int = 1) -> dict[str, Any]:
    """Return seconds per step, the total wealth, and the share of agents that have none."""
    seconds, wealth = FRAMEWORKS[name](agents, steps, seed)
    return {
        "framework": name, "agents": agents, "steps": steps, "seconds_per_step": seconds / steps,
        "total": sum(wealth), "without": sum(w == 0 for w in wealth) / agents,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
