"""Prior knowledge: what earlier studies measured, on the same or a similar space, model and task."""

from rltune.priors.evaluation import Prior, PriorEvaluation
from rltune.priors.file import read_prior, write_prior

__all__ = ["Prior", "PriorEvaluation", "read_prior", "write_prior"]
