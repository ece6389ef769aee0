"""Sets of agents as rows of tables: Mesa's ``AgentSet`` with column operations.

Where Mesa asks each agent in turn, ``get``, ``set``, ``agg``, ``groupby`` and ``sort`` by a column
read or write the arrays and make no agent object. Whatever needs agents (a function of the agent,
an attribute that is no column) makes them on the way.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
from mesa.agent import AgentSet

from agents.base.tables import Array
from agents.base.views import Population, View

try:
    from mesa.agentset import GroupBy  # Mesa 3.5 and later
except ImportError:
    from mesa.agent import GroupBy


class Groups(GroupBy):
    """Mesa's ``GroupBy``, whose ``agg`` reads columns where a group is a ``Rows``."""

    def agg(self, attr_name: str, func: Callable[[Any], Any]) -> dict[Any, Any]:
        """Return group -> ``func`` of the values of ``attr_name`` in that group."""
        return {
            key: group.agg(attr_name, func)
            if isinstance(group, Rows)
            else func([getattr(agent, attr_name) for agent in group])
            for key, group in self.groups.items()
        }


class Rows(AgentSet):
    """An ordered set of agents of one or several populations.

    Live (``fixed`` None): always the agents that exist now, population by population, in the
    order of rows. Fixed: two arrays of one length, the number of the population and the row; what
    ``select``, ``sort``, ``shuffle`` and ``groupby`` return. An operation in place turns a live
    set into a fixed one.

    Differs from Mesa: ``get`` of a column gives an array (integers as int64, so that sums do not
    overflow), ``set`` takes an array with one value per agent too, and ``select`` a boolean array,
    as in ``agents.select(agents.get("cash") < 0)``, which makes no agent object.
    """

    def __init__(
        self,
        populations: Sequence[Population],
        random: Random,
        fixed: tuple[Array, Array] | None = None,
    ) -> None:
        self.populations = tuple(populations)
        self.random = random
        self._fixed = fixed
        self._masks: list[Array] | None = None

    # --- what is in the set ------------------------------------------------------------------

    def _where(self) -> tuple[Array, Array]:
        """Return the number of the population and the row of each agent, in order."""
        if self._fixed is not None:
            return self._fixed
        rows = [population.rows for population in self.populations]
        which = np.repeat(np.arange(len(rows), dtype=np.int8), [len(r) for r in rows])
        return which, np.concatenate([np.empty(0, dtype=np.intp), *rows])

    def _parts(self) -> Iterator[tuple[Population, Array, Array]]:
        """Yield each population that has agents here, their positions in order and their rows."""
        which, rows = self._where()
        for number, population in enumerate(self.populations):
            positions = np.flatnonzero(which == number)
            if len(positions):
                yield population, positions, rows[positions]

    def _take(self, positions: Any, inplace: bool = False) -> Rows:
        """Return the agents at ``positions``, in that order."""
        which, rows = self._where()
        positions = np.asarray(positions, dtype=np.intp)
        return self._put((which[positions], rows[positions]), inplace)

    def _put(self, fixed: tuple[Array, Array], inplace: bool) -> Rows:
        if not inplace:
            return Rows(self.populations, self.random, fixed)
        self._fixed, self._masks = fixed, None
        return self

    def _number(self, agent: object) -> int | None:
        """Return the number of the agent's population, or None where it is none of these."""
        if isinstance(agent, View):
            for number, population in enumerate(self.populations):
                if agent.population is population:
                    return number
        return None

    @property
    def _agents(self) -> weakref.WeakKeyDictionary[Any, None]:
        # what methods of Mesa read that are not overridden here
        return weakref.WeakKeyDictionary(dict.fromkeys(self))

    def __len__(self) -> int:
        """Return the number of agents."""
        if self._fixed is not None:
            return len(self._fixed[1])
        return sum(len(population) for population in self.populations)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the agents that are in the set now."""
        which, rows = self._where()
        views = [population.view for population in self.populations]
        return (
            views[number](row) for number, row in zip(which.tolist(), rows.tolist(), strict=True)
        )

    def __contains__(self, agent: object) -> bool:
        """Return whether the agent is in the set."""
        number = self._number(agent)
        if number is None:
            return False
        row = agent.row  # type: ignore[attr-defined]
        if self._fixed is None:
            return self.populations[number].present(row)
        if self._masks is None:
            self._masks = [np.zeros(p.size, dtype=bool) for p in self.populations]
            for other, mask in enumerate(self._masks):
                mask[self._fixed[1][self._fixed[0] == other]] = True
        return bool(self._masks[number][row])

    def __getitem__(self, item: int | slice) -> Any:
        """Return the agent at a position, or the list of agents of a slice."""
        which, rows = self._where()
        if isinstance(item, slice):
            return list(Rows(self.populations, self.random, (which[item], rows[item])))
        return self.populations[which[item]].view(int(rows[item]))

    def __repr__(self) -> str:
        """Return how many agents of each kind there are."""
        counts = (
            f"{population.kind.__name__}: {len(rows)}" for population, _, rows in self._parts()
        )
        return f"Rows({', '.join(counts)})"

    def __copy__(self) -> Rows:
        """Return a fixed set of the agents that are in the set now."""
        return self._take(np.arange(len(self)))

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for copying and pickling."""
        return {"populations": self.populations, "random": self.random, "_fixed": self._fixed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state."""
        self.__dict__.update(state, _masks=None)

    @classmethod
    def _from_iterable(cls, agents: Iterable[Any]) -> AgentSet:
        # results of set operators (|, &, -), which may hold agents that are no views
        return AgentSet(list(agents))

    def to_list(self) -> list[Any]:
        """Return the agents as a list."""
        return list(self)

    def add(self, agent: Any) -> None:
        """Add a view of one of these populations. Raises TypeError for any other agent."""
        number = self._number(agent)
        if number is None:
            raise TypeError(f"{agent!r} is no agent of these populations")
        if agent not in self:
            which, rows = self._where()
            self._put((np.append(which, np.int8(number)), np.append(rows, agent.row)), True)

    def discard(self, agent: Any) -> None:
        """Take the agent out of this set (not out of the model) if it is in it."""
        if agent in self:
            which, rows = self._where()
            keep = (which != self._number(agent)) | (rows != agent.row)
            self._put((which[keep], rows[keep]), True)

    def remove(self, agent: Any) -> None:
        """Take the agent out of this set. Raises KeyError if it is not in it."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    # --- columns -------------------------------------------------------------------------------

    def get(
        self,
        attr_names: str | Sequence[str],
        handle_missing: str = "error",
        default_value: Any = None,
    ) -> Any:
        """Return the values of an attribute: an array for a column, else a list.

        Several names give a list with one list of values per agent, as in Mesa. Raises
        AttributeError for an attribute that an agent lacks, unless ``handle_missing`` is "default".
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"handle_missing={handle_missing!r}: valid are 'error' and 'default'")
        if not isinstance(attr_names, str):
            values = (self.get(name, handle_missing, default_value) for name in attr_names)
            lists = (v.tolist() if isinstance(v, np.ndarray) else v for v in values)
            return [list(of_agent) for of_agent in zip(*lists, strict=True)]
        found = self._column(attr_names)
        if found is not None:
            return found
        if handle_missing == "error":
            return [getattr(agent, attr_names) for agent in self]
        return [getattr(agent, attr_names, default_value) for agent in self]

    def _column(self, name: str) -> Array | None:
        """Return the values of a column, or None unless all kinds here have it, of one shape."""
        found = None
        for population, positions, rows in self._parts():
            column = population.column(name)
            if column is None:
                return None
            values = _wide(column[rows])
            if found is None:
                found = np.zeros((len(self), *values.shape[1:]), dtype=values.dtype)
            elif found.shape[1:] != values.shape[1:]:
                return None
            found = found.astype(np.result_type(found, values), copy=False)
            found[positions] = values
        return found

    def set(self, attr_name: str, value: Any) -> Rows:
        """Set an attribute of all agents to ``value``, or to an array of one value per agent."""
        each = np.ndim(value) > 0 and len(value) == len(self)
        for population, positions, rows in self._parts():
            if population.column(attr_name) is not None:
                population.write(attr_name, rows, np.asarray(value)[positions] if each else value)
            else:
                for row in rows.tolist():
                    setattr(population.view(row), attr_name, value)
        return self

    def agg(self, attribute: str, func: Any) -> Any:
        """Return ``func`` of the values of an attribute, or a list for several functions."""
        values = self.get(attribute)
        return func(values) if callable(func) else [each(values) for each in func]

    # --- subsets and orders ----------------------------------------------------------------------

    def select(
        self,
        filter_func: Callable[[Any], bool] | Array | None = None,
        at_most: float = float("inf"),
        inplace: bool = False,
        agent_type: Any = None,
    ) -> Rows:
        """Return the agents of a type that pass a filter: a function, or a boolean array.

        ``at_most`` is a number, or, as a float up to 1, a share of all agents. Raises ValueError
        for a boolean array of another length.
        """
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(self) * at_most)
        chosen = np.ones(len(self), dtype=bool)
        if agent_type is not None:
            fits = np.array([issubclass(p.kind, agent_type) for p in self.populations], dtype=bool)
            chosen = fits[self._where()[0]]
        if isinstance(filter_func, np.ndarray):
            if filter_func.shape != chosen.shape:
                raise ValueError(f"a filter of shape {filter_func.shape} for {len(self)} agents")
            chosen = chosen & filter_func.astype(bool)
        positions = np.flatnonzero(chosen)
        if callable(filter_func):
            return self._take(self._passing(filter_func, positions, at_most), inplace)
        return self._take(
            positions if at_most >= len(positions) else positions[: int(at_most)], inplace
        )

    def _passing(
        self, passes: Callable[[Any], bool], positions: Array, at_most: float
    ) -> list[int]:
        """Return the first ``at_most`` positions whose agent passes; asks no agent after those."""
        found: list[int] = []
        agents = iter(self._take(positions))
        for position in positions.tolist():
            if len(found) >= at_most:
                break
            if passes(next(agents)):
                found.append(position)
        return found

    def shuffle(self, inplace: bool = False) -> Rows:
        """Return the agents in random order, drawn from ``random`` as Mesa does."""
        positions = list(range(len(self)))
        self.random.shuffle(positions)
        return self._take(positions, inplace)

    def sort(
        self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False
    ) -> Rows:
        """Return the agents ordered by an attribute or a function; equal ones keep their order."""
        keys = self.get(key) if isinstance(key, str) else [key(agent) for agent in self]
        if not isinstance(keys, np.ndarray):
            order = sorted(range(len(keys)), key=keys.__getitem__, reverse=not ascending)
            return self._take(order, inplace)
        if ascending:
            return self._take(np.argsort(keys, kind="stable"), inplace)
        # stable and descending: the reverse of the ascending order of the reversed keys
        return self._take(len(keys) - 1 - np.argsort(keys[::-1], kind="stable")[::-1], inplace)

    def groupby(self, by: Callable[[Any], Any] | str, result_type: str = "agentset") -> Groups:
        """Return the agents grouped by an attribute or a function, in order of appearance."""
        labels = self.get(by) if isinstance(by, str) else [by(agent) for agent in self]
        groups: defaultdict[Any, list[int]] = defaultdict(list)
        for position, label in enumerate(
            labels.tolist() if isinstance(labels, np.ndarray) else labels
        ):
            groups[label].append(position)
        sets = {label: self._take(positions) for label, positions in groups.items()}
        if result_type == "agentset":
            return Groups(sets)
        return Groups({label: list(group) for label, group in sets.items()})

    # --- agents one by one -----------------------------------------------------------------------

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Return the results of a method, or a function of the agent, called for each agent."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Rows:
        """Call a method, or a function of the agent, for each agent."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Rows:
        """Call a method, or a function of the agent, for each agent in random order."""
        self.shuffle().do(method, *args, **kwargs)
        return self


def _wide(values: Array) -> Array:
    """Return integers as int64 (uint64 stays): Python's ``sum`` of int8 would overflow."""
    narrow = values.dtype.kind in "iu" and values.dtype.itemsize < 8
    return values.astype(np.int64) if narrow else values
