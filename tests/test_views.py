"""Rows of tables as Mesa agents: everything a user of Mesa does with agents, on a small world.

The world: a raster of 4 rows and 5 columns, two villages, farmers who never move, and people of
whom those away from home are migrants. Comparisons are exact: views read and write the arrays, so
there is nothing to tolerate. Only the bound on memory is a choice (of the project): 4 MB for
100,000 rows that nobody looks at, where ordinary Mesa agents take about 40 MB.
"""

from __future__ import annotations

import copy
import gc
import pickle
import tracemalloc
import warnings
import weakref
from random import Random
from typing import Annotated, NamedTuple, SupportsInt

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet
from mesa.discrete_space import CellAgent

from agents.base.rows import Rows
from agents.base.space import CellGrid, PopulationModel
from agents.base.tables import Array, Column, allocate
from agents.base.views import Population, View

NX, NY = 5, 4
VILLAGES = np.array([6, 13])  # flat cells: row 1 column 1, row 2 column 3
COAST, SEAT = 19, 3  # flat cells
HOME, AT_COAST, AT_SEAT = 0, 1, 2


class Houses(NamedTuple):
    uid: Annotated[Array, Column(np.uint64, "", "identity")]
    village: Annotated[Array, Column(np.int32, "row", "village")]
    cash: Annotated[Array, Column(np.float64, "yuan", "money held")]
    members: Annotated[Array, Column(np.int8, "persons", "members")]
    ring: Annotated[Array, Column(np.int32, "row", "neighbours", width=3)]


class Stalls(NamedTuple):
    turnover: Annotated[Array, Column(np.float64, "yuan/month", "sold online")]


class Persons(NamedTuple):
    uid: Annotated[Array, Column(np.uint64, "", "identity")]
    place: Annotated[Array, Column(np.int8, "Place", "where the person lives")]
    wage: Annotated[Array, Column(np.float64, "yuan/month", "wage")]
    cash: Annotated[Array, Column(np.float32, "yuan", "money held")]


class Hiding(NamedTuple):
    uid: Annotated[Array, Column(np.uint64, "", "identity")]
    cell: Annotated[Array, Column(np.int32, "row", "a name that views need themselves")]


class Farmer(View, tables=(Houses, Stalls)):
    def earn(self, yuan: float) -> float:
        self.cash += yuan
        return self.cash


class Migrant(View, tables=(Persons,)):
    def enter(self, cell) -> None:
        flat = self.model.grid.flat(cell.coordinate)
        if flat not in (COAST, SEAT):
            raise ValueError("a Migrant works at a seat or at the coast")
        # to the array itself, as a hook may: the move must be seen all the same
        self.model.persons.place[self.row] = AT_COAST if flat == COAST else AT_SEAT


class Absent(View, tables=(Persons,)):
    """A second kind over the same table, to test several populations at once."""


class Tractor(CellAgent):
    """An ordinary Mesa agent that a user may add."""

    cash = 7.0


class World(PopulationModel):
    def __init__(self, houses: int = 8, seed: SupportsInt = 1) -> None:
        super().__init__(seed)
        n = np.arange(houses)
        self.houses, self.stalls = allocate(Houses, houses), allocate(Stalls, houses)
        self.persons = allocate(Persons, 2 * houses)
        self.houses.uid[:] = (n + 1) * 2**40
        self.houses.village[:] = n * 2 // houses
        self.houses.cash[:] = (n * 3) % 5
        self.houses.members[:] = 100
        self.stalls.turnover[::2] = 10.0
        self.persons.uid[:] = (np.arange(2 * houses) + 1) * 2**40 + 1
        self.persons.place[1::4] = AT_COAST
        self.persons.place[3::4] = AT_SEAT
        self.farmers = Population(
            self, Farmer, self.houses, self.stalls, cell_of=self.farm_cell, decides=("village",)
        )
        self.migrants = Population(
            self,
            Migrant,
            self.persons,
            cell_of=self.work_cell,
            exists=self.away,
            decides=("place",),
        )
        self.settle(NX, NY, self.farmers, self.migrants)
        self.datacollector = mesa.DataCollector(
            model_reporters={"cash": total_cash},
            agent_reporters={"cash": "cash", "x": agent_column},
            agenttype_reporters={Farmer: {"turnover": "turnover"}},
        )

    def farm_cell(self, rows: Array) -> Array:
        return VILLAGES[self.houses.village[rows]]

    def work_cell(self, rows: Array) -> Array:
        return np.array([-1, COAST, SEAT])[self.persons.place[rows]]

    def away(self) -> Array:
        return self.persons.place != HOME

    def rasters(self) -> dict[str, Array]:
        return {"index": np.arange(NX * NY).reshape(NY, NX) + 100 * self.month}

    def step(self) -> None:
        self.month += 1
        self.houses.cash[:] += 1.0
        self.refresh()


def total_cash(model: World) -> float:
    return float(model.agents.agg("cash", np.sum))


def agent_column(agent: View) -> int:
    return agent.cell.coordinate[0]


def quietly(call):
    """Return the result without Mesa's notices of what a later version will change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


@pytest.fixture
def world() -> World:
    return World()


# --- one agent -----------------------------------------------------------------------------------


def test_an_agent_is_a_mesa_agent_and_always_the_same_object(world):
    farmer = world.agents[3]
    assert isinstance(farmer, mesa.Agent) and isinstance(farmer, Farmer)
    assert farmer is world.agents[3] is world.farmers.view(3)
    assert farmer.unique_id == 4 * 2**40 and type(farmer.unique_id) is int
    assert farmer.model is world and farmer.row == 3 and farmer.random is world.random
    assert len({agent.unique_id for agent in world.agents}) == len(world.agents)
    with pytest.raises(IndexError):
        world.farmers.view(8)


def test_attributes_read_and_write_the_arrays(world):
    farmer = world.agents_by_type[Farmer][2]
    world.houses.cash[2] = 12.5
    assert farmer.cash == 12.5 and type(farmer.cash) is float and type(farmer.members) is int
    farmer.cash += 1
    farmer.turnover = 99.0  # a column of the second table
    farmer.ring[1] = 7
    assert world.houses.cash[2] == 13.5 and world.stalls.turnover[2] == 99.0
    assert world.houses.ring[2].tolist() == [0, 7, 0]
    assert Farmer.cash.__doc__ == "money held [yuan]"
    farmer.nickname = "Li"  # an attribute of the user's own is kept with the object
    gc.collect()
    assert world.agents[2].nickname == "Li"


def test_a_kind_with_unfit_tables_is_refused(world):
    with pytest.raises(TypeError, match="two tables have a column 'uid'"):
        type("Twice", (View,), {}, tables=(Houses, Persons))
    with pytest.raises(TypeError, match="no column 'uid'"):
        type("Nameless", (View,), {}, tables=(Stalls,))
    with pytest.raises(TypeError, match=r"hides View\.cell"):
        type("Hidden", (View,), {}, tables=(Hiding,))
    with pytest.raises(TypeError, match=r"needs the tables \(Houses, Stalls\)"):
        Population(world, Farmer, world.houses, cell_of=world.farm_cell)
    with pytest.raises(ValueError, match="differ in their number of rows"):
        Population(world, Farmer, world.houses, allocate(Stalls, 3), cell_of=world.farm_cell)


# --- sets of agents ------------------------------------------------------------------------------


def test_sets_by_type(world):
    assert world.agent_types == [Farmer, Migrant]
    assert len(world.agents_by_type[Farmer]) == 8 and len(world.agents_by_type[Migrant]) == 8
    assert len(world.agents) == 16 == len(list(world.agents)) == len(world.agents.to_list())
    assert isinstance(world.agents, AgentSet)
    assert [type(agent) for agent in world.agents] == [Farmer] * 8 + [Migrant] * 8
    assert [agent.row for agent in world.agents_by_type[Migrant]] == list(range(1, 16, 2))
    assert world.agents[-1].row == 15 and [a.row for a in world.agents[1:3]] == [1, 2]
    assert world.farmers.view(0) in world.agents
    assert world.farmers.view(0) not in world.agents_by_type[Migrant]
    assert world.migrants.view(0) not in world.agents and "nobody" not in world.agents


def test_get_set_and_agg_are_column_operations(world):
    farmers = world.agents_by_type[Farmer]
    assert farmers.get("cash").tolist() == world.houses.cash.tolist()
    assert farmers.get(["cash", "members"])[2] == [1.0, 100]
    # eight times 100 does not fit the column's int8: sums must not wrap around
    assert farmers.agg("members", sum) == 800
    assert farmers.agg("cash", [min, max, np.mean]) == [0.0, 4.0, world.houses.cash.mean()]
    farmers.set("cash", 3.0).set("turnover", np.arange(8.0))
    assert (world.houses.cash == 3.0).all() and world.stalls.turnover[5] == 5.0
    farmers.get("cash")[:] = -1.0  # what get returns is a copy
    assert (world.houses.cash == 3.0).all()
    world.agents.set("cash", 2.0)  # both kinds, float64 and float32
    assert (world.persons.cash[1::2] == 2.0).all() and (world.persons.cash[::2] == 0.0).all()
    assert world.agents.agg("cash", np.sum) == 32.0
    assert world.agents.get("unique_id").tolist() == [a.uid for a in world.agents]
    with pytest.raises(AttributeError):
        world.agents.get("wage")
    assert world.agents.get("wage", "default", None)[:9] == [None] * 8 + [0.0]
    with pytest.raises(ValueError, match="valid are 'error' and 'default'"):
        world.agents.get("cash", handle_missing="ignore")


def test_nothing_is_made_in_a_run_that_nobody_looks_at(world):
    for _ in range(3):
        world.step()
        world.agents.agg("cash", np.mean)
        world.agents.select(world.agents.get("cash") > 2).groupby("cash").count()
        world.agents.groupby("cash").agg("cash", sum)
        world.agents.sort("cash").shuffle().set("cash", 1.0)
        sum(not cell.is_empty for cell in world.grid)
        repr(world.agents), repr(world.grid.cell(6)), len(world.grid.cell(6)._agents)
    assert world.farmers.made == world.migrants.made == 0
    world.agents.select(lambda a: a.cash == 1.0, at_most=2)
    assert world.farmers.made == 2  # and no more than were asked


def test_results_equal_those_of_a_plain_mesa_agent_set(world):
    """The same calls on Mesa's own set of the same agents, with the same random state."""

    def both(call):
        plain = AgentSet(world.agents.to_list(), random=Random(5))
        return call(Rows(world.agents.populations, Random(5))), call(plain)

    calls = [
        lambda s: list(s.select(lambda a: a.cash > 1)),
        lambda s: list(s.select(lambda a: a.cash > 1, at_most=0.2)),
        lambda s: list(s.select(at_most=3, agent_type=Migrant)),
        lambda s: list(s.select(at_most=1)),
        lambda s: list(s.sort("cash")),
        lambda s: list(s.sort("cash", ascending=True)),
        lambda s: list(s.sort(lambda a: -a.cash)),
        lambda s: list(s.sort("unique_id", inplace=True)),
        lambda s: list(s.shuffle()),
        lambda s: list(s.shuffle(inplace=True).select(at_most=5)),
        lambda s: s.groupby("cash").count(),
        lambda s: {k: list(v) for k, v in s.groupby(lambda a: type(a).__name__)},
        lambda s: {k: list(v) for k, v in s.groupby("cash", result_type="list")},
        lambda s: s.groupby("cash").agg("cash", sum),
        lambda s: s.map(lambda a, k: a.cash * k, 2),
        lambda s: s.agg("cash", [min, max, sum]),
        lambda s: list(s.get("cash")),
        lambda s: s.get(["cash", "row"]),
        lambda s: list(copy.copy(s)),
    ]
    for number, call in enumerate(calls):
        ours, mesas = both(call)
        assert ours == mesas, number
        assert ours, number  # an empty answer would prove nothing


def test_order_of_groups_is_that_of_appearance(world):
    labels = world.houses.cash.tolist()
    groups = world.agents_by_type[Farmer].groupby("cash")
    assert list(groups.groups) == list(dict.fromkeys(labels)) and len(groups) == 5


def test_do_calls_each_agent(world):
    before = world.houses.cash.copy()
    farmers = world.agents_by_type[Farmer]
    assert farmers.do("earn", 2.0) is farmers
    farmers.shuffle_do(lambda a: a.earn(1.0))
    assert (world.houses.cash == before + 3.0).all()
    assert farmers.map("earn", 0.0) == world.houses.cash.tolist()
    world.agents.do("step")


def test_a_selection_is_fixed_and_can_be_changed(world):
    rich = world.agents.select(np.r_[world.houses.cash > 2, np.zeros(8, bool)])
    agents = list(rich)
    world.houses.cash[:] = 0.0
    assert list(rich) == agents
    rich.add(world.farmers.view(0))
    rich.add(agents[0])
    rich.discard(agents[1])
    assert list(rich) == [agents[0], *agents[2:], world.farmers.view(0)]
    assert agents[0] in rich and agents[1] not in rich
    with pytest.raises(KeyError):
        rich.remove(agents[1])
    with pytest.raises(TypeError, match="no agent of these populations"):
        rich.add("somebody")
    with pytest.raises(ValueError, match=r"shape \(3,\) for 16 agents"):
        world.agents.select(np.ones(3, dtype=bool))
    assert set(rich & world.agents) == set(rich)
    assert list(world.agents.select(inplace=True, at_most=2)) == world.agents[:2]
    assert len(world.agents) == 16  # in place, but only that set


def test_shuffles_are_reproducible(world):
    rows = [a.row for a in world.agents.shuffle()]
    assert rows == [a.row for a in World().agents.shuffle()]
    assert rows != [a.row for a in World(seed=2).agents.shuffle()]
    assert rows == [a.row for a in World(seed=np.int64(1)).agents.shuffle()]


# --- coming and going ----------------------------------------------------------------------------


def test_agents_come_and_go_and_come_back_the_same(world):
    migrants = world.agents_by_type[Migrant]
    agent = migrants[0]
    assert agent.present and agent in migrants
    agent.place = HOME
    assert not agent.present and agent not in migrants and len(migrants) == 7
    assert agent.cell is None and agent.pos is None and agent.wage == 0.0  # still an object
    world.persons.place[1] = AT_SEAT  # the rules write arrays...
    assert agent not in world.agents  # ...which is seen when the month is over
    world.month += 1
    assert agent in world.agents and world.agents_by_type[Migrant][0] is agent
    world.agents_by_type[Migrant].set("place", HOME)
    assert len(world.agents) == 8 and len(world.agents_by_type[Migrant]) == 0
    assert world.agents_by_type[Migrant].get("wage") == []
    with pytest.raises(ValueError, match="leaves by the rules of the model"):
        agent.remove()


def test_only_columns_that_decide_are_asked_again(world):
    rows = world.migrants.rows
    world.migrants.view(1).wage = 5.0
    assert world.migrants.rows is rows and not rows.flags.writeable
    world.migrants.view(1).place = HOME
    assert world.migrants.rows is not rows


# --- space ---------------------------------------------------------------------------------------


def test_cells_hold_all_kinds(world):
    grid = world.grid
    world.migrants.view(1).place = AT_COAST
    village = grid.cell(6)
    assert village.coordinate == (1, 2)  # row 1 from the north is the third from the south
    assert village.agents == [world.farmers.view(i) for i in range(4)]
    assert all(a.cell is village and a.pos == (1, 2) for a in village.agents)
    assert [a.row for a in grid.cell(COAST).agents] == [1, 5, 9, 13]
    assert grid.cell(COAST).coordinate == (4, 0)
    world.persons.place[0] = AT_SEAT
    world.refresh()
    assert [a.row for a in grid.cell(SEAT).agents] == [0, 3, 7, 11, 15]
    assert len(list(grid.all_cells.agents)) == 17 == len(grid.agents)
    assert village in grid.cell(7).neighborhood.cells and len(village.neighborhood) == 8
    assert {c.coordinate for c in grid if not c.empty} == {(1, 2), (3, 1), (4, 0), (3, 3)}
    assert len(grid.empties) == 16 == len(grid.select_cells(only_empty=True))
    assert grid.select_cells(masks=grid.raster("index").T[:, ::-1] == 6, only_empty=True) == []
    assert int(np.sum(getattr(grid.empty, "data", grid.empty))) == 16  # the layer, for drawing
    assert grid.select_random_empty_cell().is_empty and not village.is_full
    assert all(grid.cell(grid.flat(cell.coordinate)) is cell for cell in grid)


def test_layers_follow_the_model_and_are_written_in_place(world):
    raster = world.grid.raster("index")
    assert raster.tolist() == np.arange(20).reshape(NY, NX).tolist()
    assert world.grid.cell(13).index == 13
    world.step()
    assert world.grid.raster("index")[2, 3] == 113 == world.grid.cell(13).index
    assert raster[2, 3] == 113  # the same memory
    with pytest.raises(KeyError):
        world.grid.raster("gold")


def test_moving_writes_the_tables(world):
    migrant, farmer = world.migrants.view(1), world.farmers.view(0)
    assert migrant in world.grid.cell(COAST).agents
    migrant.move_to(world.grid.cell(SEAT))
    assert world.persons.place[1] == AT_SEAT and migrant.cell is world.grid.cell(SEAT)
    assert migrant in world.grid.cell(SEAT).agents
    assert migrant not in world.grid.cell(COAST).agents
    with pytest.raises(ValueError, match="works at a seat or at the coast"):
        migrant.move_relative((0, -1))
    with pytest.raises(ValueError, match="a Farmer cannot move"):
        farmer.move_to(world.grid.cell(SEAT))
    with pytest.raises(ValueError, match="own model's grid"):
        migrant.move_to(World().grid.cell(COAST))
    with pytest.raises(TypeError, match="moves by move_to"):
        world.grid.cell(SEAT).add_agent(farmer)
    assert world.persons.place[1] == AT_SEAT and farmer.cell is world.grid.cell(6)


def test_ordinary_mesa_agents_live_beside_the_views(world):
    tractor = Tractor(world)
    tractor.cell = world.grid.cell(6)
    post = mesa.Agent(world)
    assert len(world.agents) == 18 and world.agent_types == [Farmer, Migrant, Tractor, mesa.Agent]
    assert list(world.agents_by_type[Tractor]) == [tractor] and post in world.agents
    assert world.grid.cell(6).agents[-1] is tractor and len(world.grid.cell(6).agents) == 5
    tractor.move_to(world.grid.cell(7))
    assert world.grid.cell(7).agents == [tractor] and tractor not in world.grid.cell(6).agents
    twin = copy.deepcopy(world)
    assert [a.cell.coordinate for a in twin.grid.cell(7).agents] == [(2, 2)]
    tractor.remove()
    post.remove()
    assert isinstance(world.agents, Rows) and len(world.agents) == 16


# --- Mesa's tools --------------------------------------------------------------------------------


def test_data_collector(world):
    world.datacollector.collect(world)
    cash = world.houses.cash.tolist()
    world.step()
    world.datacollector.collect(world)
    model = world.datacollector.get_model_vars_dataframe()
    assert model.cash.tolist() == [sum(cash), sum(cash) + 8]
    agents = world.datacollector.get_agent_vars_dataframe()
    assert len(agents) == 32 and agents.cash.tolist()[:8] == cash
    assert agents.index.get_level_values("AgentID")[0] == 2**40
    assert agents.x.tolist()[:8] == [1] * 4 + [3] * 4
    farmers = world.datacollector.get_agenttype_vars_dataframe(Farmer)
    assert farmers.turnover.tolist() == [10.0, 0.0] * 8


def test_mesa_draws_the_agents(world):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    pytest.importorskip("altair", reason="Mesa's renderers import altair")
    from mesa.visualization import SpaceRenderer
    from mesa.visualization.components import AgentPortrayalStyle, PropertyLayerStyle

    def portray(agent):
        return AgentPortrayalStyle(color="tab:red" if isinstance(agent, Migrant) else "tab:blue")

    def layer(_):
        return PropertyLayerStyle(colormap="viridis")

    def draw():
        renderer = SpaceRenderer(model=world, backend="matplotlib")
        if hasattr(renderer, "setup_agents"):  # Mesa 3.5
            renderer.setup_agents(portray).setup_propertylayer(layer)
            renderer.draw_propertylayer()
            return renderer.draw_agents()
        renderer.draw_propertylayer(layer)
        return renderer.draw_agents(portray)

    axes = quietly(draw)
    drawn = np.vstack([collection.get_offsets() for collection in axes.collections])
    assert {tuple(point) for point in drawn.tolist()} >= {(1, 2), (3, 1), (4, 0), (3, 3)}
    assert len(drawn) >= 16
    matplotlib.pyplot.close("all")


# --- copies and memory ---------------------------------------------------------------------------


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_is_a_whole_model_of_its_own(again):
    world = World()
    world.datacollector = None  # Mesa's collector holds local functions, which no pickle takes
    world.favourite = world.agents[3]
    world.town = world.grid.cell(SEAT)
    world.rich = world.agents.select(lambda a: a.cash > 2)
    world.step()
    twin = again(again(world))  # a copy of a copy too
    assert twin.favourite is twin.agents[3] and twin.favourite.model is twin
    assert twin.town is twin.grid.cell(SEAT) is not world.town
    assert [a.row for a in twin.rich] == [a.row for a in world.rich]
    assert twin.rich[0] is twin.agents[twin.rich[0].row]
    assert twin.grid.random is twin.random is twin.town.random
    assert twin.grid.cell(13).index == 113  # layers work in every cell of the copy
    assert len(twin.town.neighborhood) == 5
    twin.favourite.cash = 1e6
    twin.step()
    assert twin.houses.cash[3] == 1e6 + 1 and world.houses.cash[3] < 10
    assert (twin.month, world.month) == (2, 1) and twin.grid.cell(13).index == 213
    assert [a.row for a in twin.agents.shuffle()] == [a.row for a in world.agents.shuffle()]


def test_untouched_agents_cost_nearly_nothing():
    bare = World(100_000)
    size = 100_000
    gc.collect()
    tracemalloc.start()
    population = Population(
        bare, Farmer, bare.houses, bare.stalls, cell_of=bare.farm_cell, decides=("village",)
    )
    bare.settle(114, 95, population)
    bare.step()
    assert len(bare.agents) == size and len(bare.agents_by_type[Farmer]) == size
    bare.agents.agg("cash", np.mean)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert population.made == 0 and kept < 4e6


def test_a_model_is_freed_when_released():
    world = World()
    Tractor(world)  # Mesa 3.3 counts such agents in a dictionary that keeps the model
    list(world.agents), world.grid.cell(6).neighborhood
    kept = weakref.ref(world.grid.cell_klass), weakref.ref(world)
    world.release()
    assert world.farmers.made == 0 and len(world.agents) == 16
    del world
    gc.collect()
    assert kept[0]() is None and kept[1]() is None


def test_two_populations_of_one_kind_are_refused(world):
    with pytest.raises(ValueError, match="two populations of one kind"):
        world.settle(NX, NY, world.farmers, world.farmers)


def test_three_populations_two_of_one_table(world):
    absent = Population(world, Absent, world.persons, cell_of=world.work_cell, exists=world.away)
    world.settle(NX, NY, world.farmers, world.migrants, absent)
    assert len(world.agents) == 24 and absent.view(1) is not world.migrants.view(1)
    assert [a.row for a in world.agents.select(agent_type=Absent)] == list(range(1, 16, 2))
    assert CellGrid(3, 2, Random(1)).cell(0).coordinate == (0, 1)
