"""State of people: every registered member of a rural household, at home or away.

A ``MigrantWorker`` is a person while away. Births and deaths depend on nothing that an arm can
change (MODEL 1), so each life is known when the world is made: a row holds the month of birth and
of death, and rows of people not yet born wait in their household's block. A household's people are
the rows ``first_person[h]`` to ``end_person[h]``.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.tables import Array, Column, Table


class People(Table):
    """One row per person, those to be born during the run included."""

    uid: Annotated[Array, Column(np.uint64, "", "identity, fixed at birth by origin")]
    household: Annotated[Array, Column(np.int32, "row", "household")]
    born: Annotated[Array, Column(np.int16, "months since 2003-01", "month of birth")]
    dies: Annotated[Array, Column(np.int16, "months since 2003-01", "month of death")]
    leaves: Annotated[
        Array, Column(np.int16, "months since 2003-01", "month of leaving for college, or NEVER")
    ]
    female: Annotated[Array, Column(np.int8, "0/1", "1 for a woman")]
    spouse: Annotated[Array, Column(np.int32, "row", "husband or wife in the household, or NOBODY")]
    mother: Annotated[Array, Column(np.int32, "row", "mother in the household, or NOBODY")]
    schooling: Annotated[Array, Column(np.float64, "years", "schooling when complete")]
    place: Annotated[Array, Column(np.int8, "Place", "where the person lives")]
    job: Annotated[Array, Column(np.int8, "Job", "main work this month")]
    job_seat: Annotated[Array, Column(np.int8, "seat", "seat of a job at a seat, or NOBODY")]
    since: Annotated[Array, Column(np.int16, "months since 2003-01", "arrival at this place")]
    months_away: Annotated[Array, Column(np.int16, "months", "spent away so far, all stays")]
    returned: Annotated[Array, Column(np.int8, "0/1", "1 once home again after a stay away")]
    settled: Annotated[Array, Column(np.int8, "0/1", "1 while the family lives together away")]
    local_hukou: Annotated[
        Array, Column(np.int8, "0/1", "1 while registered where it lives away, no more a migrant")
    ]
    wage: Annotated[Array, Column(np.float64, "yuan/month", "wage earned this month")]
    living_cost: Annotated[Array, Column(np.float64, "yuan/month", "paid for living away")]
    remitted: Annotated[Array, Column(np.float64, "yuan/month", "sent home this month")]
    brought: Annotated[Array, Column(np.float64, "yuan/month", "savings brought home this month")]
    savings: Annotated[Array, Column(np.float64, "yuan", "saved while away")]
    worth: Annotated[
        Array, Column(np.float64, "standard workers", "skill times work capacity, if in paid work")
    ]
