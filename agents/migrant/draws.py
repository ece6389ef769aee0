"""The decisions and fates for which a person draws luck (see agents.base.draws).

0-63 belong to demography; the choices of migrants follow from 64 on.
"""

from __future__ import annotations

from enum import IntEnum


class PersonDraw(IntEnum):
    """Purpose of a draw by a person; each number once."""

    COHORT = 0
    AGE_GAP = 1
    SURVIVED = 2
    STEM = 3
    SEX = 4
    MARRIAGE = 5
    SCHOOLING = 6
    DEATH = 7
    BIRTH = 8
    RECONSIDER = 64
    LOSE_JOB = 65
    FOLLOW = 66
    TALENT = 67
    HUKOU = 68
    TASTE = 70  #: to 79: one for each alternative
    LUCK = 80  #: to 89: one for each alternative
    ARRIVAL = 90
