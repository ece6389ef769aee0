"""The Mesa model and grid in which populations of views live.

A grid of ten thousand cells costs Mesa a good part of a second, and most runs are never looked
at: the grid is built when it is first asked for, and a cell asks the populations who stands in it.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, SupportsInt

import mesa
import numpy as np
from mesa.agent import AgentSet
from mesa.discrete_space import Cell, OrthogonalMooreGrid

from agents.base.rows import Rows
from agents.base.tables import Array
from agents.base.views import Population, View


class Occupants(Sequence[Any]):
    """Who stands in a cell: views, asked of the populations, then ordinary Mesa agents."""

    __slots__ = ("flat", "grid", "guests")

    def __init__(self) -> None:
        self.grid: CellGrid | None = None
        self.flat = -1
        self.guests: list[Any] = []

    def _populations(self) -> tuple[Population, ...]:
        return () if self.grid is None else self.grid.populations

    def __len__(self) -> int:
        """Return the number of occupants; makes no agent object."""
        views = sum(len(population.in_cell(self.flat)) for population in self._populations())
        return views + len(self.guests)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the occupants, kind by kind."""
        for population in self._populations():
            yield from map(population.view, population.in_cell(self.flat).tolist())
        yield from self.guests

    def __getitem__(self, item: Any) -> Any:
        """Return the occupant at a position, or a list of them."""
        return list(self)[item]

    def copy(self) -> list[Any]:
        """Return the occupants as a list."""
        return list(self)

    def append(self, agent: Any) -> None:
        """Let in an ordinary Mesa agent; where views stand is said by their tables alone."""
        if isinstance(agent, View):
            raise TypeError(f"{agent!r} moves by move_to")
        self.guests.append(agent)

    def remove(self, agent: Any) -> None:
        """Let out an ordinary Mesa agent. Raises ValueError if it is not here."""
        self.guests.remove(agent)


class ViewCell(Cell):
    """A cell whose agents are asked of the populations when somebody looks."""

    __slots__ = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._agents = Occupants()  # type: ignore[misc]  # a slot of Mesa's Cell

    @property
    def is_empty(self) -> bool:
        """True if nobody stands here."""
        return len(self._agents) == 0

    @property
    def is_full(self) -> bool:
        """False: these cells have no capacity."""
        return False

    def __repr__(self) -> str:
        """Return the coordinate and the number of agents."""
        return f"Cell({self.coordinate}, {len(self._agents)} agents)"

    def __reduce__(self) -> Any:
        """Copy and pickle a cell as a place in its grid."""
        return _cell_of, (self._agents.grid, self.coordinate)


def _cell_of(grid: CellGrid, coordinate: tuple[int, int]) -> ViewCell:
    return grid[coordinate]


#: Mesa stores emptiness when agents enter and leave; here it is a question to the populations.
_EMPTY = property(lambda cell: cell.is_empty, lambda cell, value: None, doc="nobody stands here")


class CellGrid(OrthogonalMooreGrid):
    """A Moore grid of Mesa over a region's raster: ``ny`` rows, north to south, ``nx`` columns.

    The cell of row i and column j has the flat index ``i * nx + j``, as in the region's arrays,
    and Mesa's coordinate ``(j, ny - 1 - i)``, so that north is up when Mesa draws it.
    """

    def __init__(
        self, nx: int, ny: int, random: Random, populations: Sequence[Population] = ()
    ) -> None:
        super().__init__((int(nx), int(ny)), torus=False, random=random, cell_klass=ViewCell)
        # Mesa makes a class of cells per grid and registers it for ever with copyreg, layers
        # included; ViewCell.__reduce__ does not need it, and a sweep would fill the memory.
        copyreg.dispatch_table.pop(self.cell_klass, None)
        self.cell_klass.empty = _EMPTY
        self.populations = tuple(populations)
        self._layers: dict[str, Any] = {}
        for cell in self:
            cell._agents.grid = self
            cell._agents.flat = self.flat(cell.coordinate)

    def flat(self, coordinate: tuple[int, int]) -> int:
        """Return the flat index of the cell at Mesa's ``coordinate`` (x, y)."""
        x, y = coordinate
        nx, ny = self.dimensions
        return (ny - 1 - y) * nx + x

    def cell(self, flat: int) -> ViewCell:
        """Return the cell of a flat index. Raises KeyError outside the grid."""
        nx, ny = self.dimensions
        row, column = divmod(int(flat), nx)
        return self[column, ny - 1 - row]

    def raster(self, name: str) -> Array:
        """Return a property layer as a raster (ny, nx), row 0 in the north, to write in place.

        Raises KeyError for a layer that ``write`` did not make.
        """
        return _array_of(self._layers[name]).T[::-1]

    def write(self, rasters: Mapping[str, Array]) -> None:
        """Bring layers up to date: rasters (ny, nx) by name, made where missing, and ``empty``."""
        self._write_rasters(rasters)
        _array_of(self.empty)[...] = self._empty_cells()

    def _write_rasters(self, rasters: Mapping[str, Array]) -> None:
        for name, values in rasters.items():
            if name not in self._layers:
                kind = np.asarray(values).dtype.type
                self._layers[name] = self.create_property_layer(name, kind(0), kind)
            self.raster(name)[...] = values

    def _empty_cells(self) -> Array:
        """Return a boolean array (nx, ny): True where nobody stands; makes no agent object."""
        empty = np.array([not cell._agents.guests for cell in self]).reshape(self.dimensions)
        raster = np.ascontiguousarray(empty.T[::-1]).reshape(-1)
        for population in self.populations:
            raster[population.cells_taken()] = False
        return raster.reshape(self.height, self.width)[::-1].T

    def select_cells(
        self,
        conditions: Any = None,
        extreme_values: Any = None,
        masks: Any = None,
        only_empty: bool = False,
        return_list: bool = True,
    ) -> Any:
        """Select cells as Mesa does; emptiness is asked of the populations."""
        masks = [] if masks is None else masks if isinstance(masks, list) else [masks]
        if only_empty:
            masks = [*masks, self._empty_cells()]
        return super().select_cells(conditions, extreme_values, masks, False, return_list)

    def __reduce__(self) -> Any:
        """Copy and pickle what the grid holds; the cells themselves are made anew."""
        state = {
            "random": self.random,
            "populations": self.populations,
            "rasters": {name: np.array(self.raster(name)) for name in self._layers},
            "empty": np.array(_array_of(self.empty)),
            "guests": {c.coordinate: c._agents.guests for c in self if c._agents.guests},
        }
        return _new_grid, (self.width, self.height), state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Fill a new grid."""
        self.__dict__.pop("all_cells", None)
        self.random = state["random"]
        self.populations = state["populations"]
        # nothing is asked of the populations here: their model is not yet whole
        self._write_rasters(state["rasters"])
        _array_of(self.empty)[...] = state["empty"]
        for cell in self:
            cell.random = self.random
        for coordinate, guests in state["guests"].items():
            self[coordinate]._agents.guests = guests


def _array_of(layer: Any) -> Array:
    return layer if isinstance(layer, np.ndarray) else layer.data  # an array in Mesa 4


def _new_grid(nx: int, ny: int) -> CellGrid:
    return CellGrid(nx, ny, Random(0))


class PopulationModel(mesa.Model):
    """A Mesa model whose agents are rows of tables.

    A subclass makes its tables, says ``settle(nx, ny, populations...)`` once, counts months in
    ``month``, ends each step with ``refresh()``, and may offer ``rasters``. Ordinary Mesa agents
    may live beside the views.
    """

    month: int = 0
    _size: tuple[int, int] = (1, 1)
    _populations: tuple[Population, ...] = ()
    _grid: CellGrid | None = None

    def __init__(self, seed: SupportsInt = 0) -> None:
        # numpy integers give another stream in one version of Mesa and a TypeError in another
        super().__init__(rng=int(seed))

    def settle(self, nx: int, ny: int, *populations: Population) -> None:
        """Let populations live on a raster of ``ny`` rows and ``nx`` columns.

        Raises ValueError for two populations of one kind.
        """
        if len({population.kind for population in populations}) < len(populations):
            raise ValueError("two populations of one kind")
        self._size, self._populations, self._grid = (nx, ny), populations, None

    def rasters(self) -> dict[str, Array]:
        """Return property layers as they are now: name -> (ny, nx), row 0 in the north."""
        return {}

    @property
    def grid(self) -> CellGrid:
        """The grid of cells; built when first asked for."""
        if self._grid is None:
            self._grid = CellGrid(*self._size, self.random, self._populations)
            self._grid.write(self.rasters())
        return self._grid

    def refresh(self) -> None:
        """Say that the tables have changed: call it at the end of a step."""
        for population in self._populations:
            population.invalidate()
        if self._grid is not None:
            self._grid.write(self.rasters())

    @property
    def agents(self) -> Any:
        """All agents that exist now."""
        views = Rows(self._populations, self.random)
        others = super().agents
        return AgentSet([*views, *others], random=self.random) if len(others) else views

    @property
    def agents_by_type(self) -> dict[type, Any]:
        """Kind -> the agents of that kind that exist now."""
        views = {p.kind: Rows((p,), self.random) for p in self._populations}
        return {**views, **super().agents_by_type}

    @property
    def agent_types(self) -> list[type]:
        """The kinds of agents."""
        return list(self.agents_by_type)

    def release(self) -> None:
        """Let go of all agent objects and of what Mesa keeps of this model beyond its life."""
        self.remove_all_agents()
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        for population in self._populations:
            population.release()
        self._grid = None
        for name in ("get_neighborhood", "_neighborhood"):  # caches of Mesa that keep cells
            getattr(getattr(Cell, name, None), "cache_clear", lambda: None)()
