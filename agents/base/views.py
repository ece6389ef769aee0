"""Rows of tables as Mesa agents.

The state of a kind of agent is one or more tables (``agents.base.tables``). A ``View`` is one row
of them as a real Mesa agent: its attributes read and write the arrays. Views are made on first
touch and then kept by their ``Population``, because Mesa's agent sets hold agents weakly and would
silently drop them; a population nobody looks at costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from mesa.discrete_space import CellAgent

from agents.base.tables import Array, Column, columns


class ColumnProperty(property):
    """An attribute of a view that is a column of its population's tables."""


def _column_property(name: str, column: Column) -> ColumnProperty:
    def get_number(view: View) -> Any:
        return view.population.columns[name].item(view.row)

    def get_vector(view: View) -> Array:
        return view.population.columns[name][view.row]

    def put(view: View, value: Any) -> None:
        view.population.write(name, view.row, value)

    unit = f" [{column.unit}]" if column.unit else ""
    get = get_number if column.width == 1 else get_vector
    # a property of a subclass takes its documentation from the getter only
    get.__doc__ = column.meaning + unit
    return ColumnProperty(get, put)


class View(CellAgent):
    """One row of a population's tables as a Mesa agent.

    A kind of agent names its tables and gets a property per column, documented by the column:

        class Farmer(View, tables=(Households, Shops)): ...

    The first table holds the column ``uid``; row i of every table is the same agent. A property
    written in the body of the class wins over the column of that name.

    Raises TypeError, when the class is made, for a missing ``uid``, a column that two tables
    share, or one that hides an attribute of ``View``.
    """

    __slots__ = ("population", "row")

    columns: ClassVar[dict[str, Column]] = {}
    tables: ClassVar[tuple[type, ...]] = ()
    population: Population
    row: int

    def __init_subclass__(cls, tables: tuple[type, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not tables:
            return
        found: dict[str, Column] = {}
        for table in tables:
            for name, column in columns(table).items():
                if name in found:
                    raise TypeError(f"{cls.__name__}: two tables have a column {name!r}")
                if name in View.__dict__:
                    raise TypeError(f"{cls.__name__}: the column {name!r} hides View.{name}")
                found[name] = column
        if "uid" not in columns(tables[0]):
            raise TypeError(f"{cls.__name__}: the first table has no column 'uid'")
        cls.tables, cls.columns = tables, found
        for name, column in found.items():
            if name not in cls.__dict__:
                setattr(cls, name, _column_property(name, column))

    def __init__(self, population: Population, row: int) -> None:
        # Mesa's own __init__ is left out on purpose: it would number and register the agent in
        # the model, which is what the population does.
        self.population = population
        self.row = row

    if TYPE_CHECKING:  # the columns, which the class gets when it is made

        def __getattr__(self, name: str) -> Any: ...

    @property
    def model(self) -> Any:
        """The model in which the agent lives."""
        return self.population.model

    @property
    def unique_id(self) -> int:
        """The uid of the row: fixed at birth, the same in every arm."""
        return int(self.population.columns["uid"][self.row])

    @property
    def present(self) -> bool:
        """True while the row exists as an agent of this kind (a migrant: while away)."""
        return self.population.present(self.row)

    @property
    def cell(self) -> Any:
        """The cell in which the agent stands, or None outside the grid; assign it to move."""
        flat = self.population.cell_at(self.row)
        return None if flat < 0 else self.model.grid.cell(flat)

    @cell.setter
    def cell(self, cell: Any) -> None:
        if cell is None or self.model.grid[cell.coordinate] is not cell:
            raise ValueError(f"{self!r} can only move to a cell of its own model's grid")
        self.enter(cell)
        self.population.invalidate()

    @property
    def pos(self) -> tuple[int, int] | None:
        """The coordinate (x, y) of the cell, as Mesa's drawing reads it."""
        cell = self.cell
        return None if cell is None else cell.coordinate

    def enter(self, cell: Any) -> None:
        """Write the move to ``cell`` into the tables; kinds that can move override this.

        Raises ValueError where the agent cannot move to that cell.
        """
        raise ValueError(f"a {type(self).__name__} cannot move: its place is fixed")

    def remove(self) -> None:
        """Refuse: rows leave by the rules of the model, not one by one from outside."""
        raise ValueError(f"{self!r} leaves by the rules of the model; it cannot be removed")

    def __repr__(self) -> str:
        """Return the kind, the identity and the row."""
        return f"<{type(self).__name__} {self.unique_id} (row {self.row})>"


class Population:
    """All agents of one kind: tables, which rows exist now, and in which cell each stands.

    model : has ``month`` (an integer that grows) and ``grid`` (``agents.base.space.CellGrid``).
    kind, tables : the class of the views and one table of each type that it names.
    cell_of : rows -> flat cell index, both integer arrays of one length; -1 outside the grid.
    exists : () -> boolean array over all rows; without it every row exists.
    decides : the columns on which ``exists`` and ``cell_of`` depend. Writing one of them through
        a view is seen at once; without ``decides`` writing any column is taken to matter.

    ``cell_of`` and ``exists`` must be functions of a module or methods of the model, so that the
    model can be copied and pickled. What they say is kept until the month changes or
    ``invalidate`` is called. Raises TypeError or ValueError for tables that do not fit.
    """

    def __init__(
        self,
        model: Any,
        kind: type[View],
        *tables: Any,
        cell_of: Callable[[Array], Array],
        exists: Callable[[], Array] | None = None,
        decides: Collection[str] | None = None,
    ) -> None:
        if tuple(type(table) for table in tables) != kind.tables:
            names = ", ".join(table.__name__ for table in kind.tables)
            raise TypeError(f"{kind.__name__} needs the tables ({names}), in this order")
        self.model = model
        self.kind = kind
        self.columns: dict[str, Array] = {}
        for table in tables:
            self.columns.update(zip(columns(type(table)), table, strict=True))
        self.size = len(self.columns["uid"])
        if any(len(column) != self.size for column in self.columns.values()):
            raise ValueError(f"the tables of {kind.__name__} differ in their number of rows")
        unknown = set(decides or ()) - set(self.columns)
        if unknown:
            raise ValueError(f"{kind.__name__} has no column {min(unknown)!r}")
        self._cell_of = cell_of
        self._exists = exists
        self._decides = None if decides is None else frozenset(decides)
        self._views: dict[int, View] = {}
        self._version = 0
        self._stamp: tuple[int, int] | None = None
        self._rows: Array | None = None
        self._by_cell: tuple[Array, Array] | None = None

    def invalidate(self) -> None:
        """Forget which rows exist and where they are: they are asked again when needed."""
        self._version += 1

    def _forget_if_old(self) -> None:
        stamp = (self.model.month, self._version)
        if stamp != self._stamp:
            self._stamp, self._rows, self._by_cell = stamp, None, None

    @property
    def rows(self) -> Array:
        """The rows that exist now, ascending; read-only."""
        self._forget_if_old()
        if self._rows is None:
            rows = np.arange(self.size) if self._exists is None else np.flatnonzero(self._exists())
            rows.flags.writeable = False
            self._rows = rows
        return self._rows

    def __len__(self) -> int:
        """Return how many rows exist now."""
        return self.size if self._exists is None else len(self.rows)

    def present(self, row: int) -> bool:
        """Return whether ``row`` exists now."""
        if self._exists is None:
            return 0 <= row < self.size
        at = int(np.searchsorted(self.rows, row))
        return at < len(self.rows) and bool(self.rows[at] == row)

    def cell_at(self, row: int) -> int:
        """Return the flat cell index of ``row``, -1 outside the grid."""
        return int(self._cell_of(np.array([row]))[0])

    def _sorted_by_cell(self) -> tuple[Array, Array]:
        """Return the cells of all present rows, ascending, and the rows in that order."""
        self._forget_if_old()
        if self._by_cell is None:
            cells = np.asarray(self._cell_of(self.rows))
            order = np.argsort(cells, kind="stable")
            self._by_cell = cells[order], self.rows[order]
        return self._by_cell

    def in_cell(self, flat: int) -> Array:
        """Return the rows that stand in the cell of flat index ``flat``, ascending."""
        cells, rows = self._sorted_by_cell()
        first, end = np.searchsorted(cells, (flat, flat + 1))
        return rows[first:end]

    def cells_taken(self) -> Array:
        """Return the flat indices of the cells in which somebody of this kind stands."""
        cells = self._sorted_by_cell()[0]
        return np.unique(cells[cells >= 0])

    def view(self, row: int) -> View:
        """Return the agent of ``row``: the same object each time, whether present or not.

        Raises IndexError where there is no such row.
        """
        view = self._views.get(row)
        if view is None:
            if not 0 <= row < self.size:
                raise IndexError(f"{self.kind.__name__} has no row {row}")
            view = self._views[row] = self.kind(self, int(row))
        return view

    @property
    def made(self) -> int:
        """How many agent objects have been made so far."""
        return len(self._views)

    def column(self, name: str) -> Array | None:
        """Return the whole column behind attribute ``name`` of the views, or None if it is none."""
        if name == "unique_id":
            return self.columns["uid"]
        is_column = isinstance(getattr(self.kind, name, None), ColumnProperty)
        return self.columns[name] if is_column else None

    def write(self, name: str, rows: int | Array, value: Any) -> None:
        """Write ``value`` to column ``name`` at ``rows``."""
        self.columns[name][rows] = value
        if self._decides is None or name in self._decides:
            self.invalidate()

    def release(self) -> None:
        """Drop the views and all that was kept; new ones are made when touched again."""
        self._views.clear()
        self._stamp = None
        self._forget_if_old()
