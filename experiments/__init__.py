"""Questions asked of the model: runs, paired arms, sweeps, calibration. They return tables."""
