"""Questions asked of the model: runs, paired arms, sweeps, calibration. They return tables."""

import agents  # noqa: F401 - before pandas and numba: it says why
