"""Experiment trackers: each run of a study as one tracked run of W&B, MLflow or TensorBoard."""
