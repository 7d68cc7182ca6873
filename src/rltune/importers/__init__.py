"""Results of other tools as prior evaluations: Optuna studies, exports of Weights & Biases."""
