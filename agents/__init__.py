"""Who decides: farmers, migrant workers, logistics hubs, urban buyers.

One package per kind of agent: the columns of its state, its parameters, its rules. Nothing here
knows the world (``model``): a rule gets what it needs as arguments.
"""

import mesa  # noqa: F401 - first: its loggers look through every module loaded by then

import agents.base  # noqa: F401 - names the kernel cache before any kernel is compiled
