"""The scorecard: published facts with bands, estimators of the same quantities, and verdicts."""
