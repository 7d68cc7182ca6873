"""Settings of the baselines, apart from them: checking a study file must not load their libraries."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, field_validator

from rltune.errors import suggest


class GridOptions(BaseModel):
    """Settings of grid search.

    Attributes:
        parameters: the swept ones, by name; the others stay at the recipe. Default: learning_rate and kl_coef, or else
            the first two numbers of the space.
        points: values per swept parameter in the coarse sweep, evenly spaced on its scale, ends included.
        fine_points: values per swept number in the fine sweep.
        narrow: width of the fine sweep's interval, as a fraction of the whole one.
        top: how many of the coarse sweep's best are refined.
        seeds: training seeds of each configuration of the fine sweep.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    parameters: tuple[str, ...] | None = Field(default=None, min_length=1)
    points: int = Field(default=5, ge=1, le=1_000_000)
    fine_points: int = Field(default=3, ge=1, le=1_000_000)
    narrow: float = Field(default=0.25, gt=0, le=1)
    top: int = Field(default=1, ge=1)
    seeds: int = Field(default=3, ge=1, le=1_000)


class BohbOptions(BaseModel):
    """Settings of BOHB, by the names and with the defaults of the authors' HpBandSter.

    Attributes:
        eta: of the runs on a level one in `eta` goes on, with about `eta` times the steps.
        top_n_percent: share of the configurations that counts as good.
        min_points_in_model: configurations that the good and the bad must have each; default and least: parameters + 1.
        num_samples: draws of which the most promising is taken.
        random_fraction: share of the configurations that is drawn at random.
        bandwidth_factor: how much wider than the good ones' density the draws are.
        min_bandwidth: least bandwidth, in units of a parameter's interval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    eta: float = Field(default=3, ge=2)
    top_n_percent: int = Field(default=15, ge=1, le=99)
    min_points_in_model: int | None = Field(default=None, ge=1)
    num_samples: int = Field(default=64, ge=1, le=100_000)
    random_fraction: float = Field(default=1 / 3, ge=0, le=1)
    bandwidth_factor: float = Field(default=3, gt=0)
    min_bandwidth: float = Field(default=1e-3, gt=0)


SAMPLERS: Mapping[str, str] = {
    "brute_force": "BruteForceSampler",
    "cmaes": "CmaEsSampler",
    "gp": "GPSampler",
    "nsgaii": "NSGAIISampler",
    "nsgaiii": "NSGAIIISampler",
    "qmc": "QMCSampler",
    "random": "RandomSampler",
    "tpe": "TPESampler",
}
"""Names of samplers and their classes in `optuna.samplers`."""

PRUNERS: Mapping[str, str] = {
    "hyperband": "HyperbandPruner",
    "median": "MedianPruner",
    "none": "NopPruner",
    "patient": "PatientPruner",
    "percentile": "PercentilePruner",
    "successive_halving": "SuccessiveHalvingPruner",
    "threshold": "ThresholdPruner",
    "wilcoxon": "WilcoxonPruner",
}
"""Names of pruners and their classes in `optuna.pruners`."""


class OptunaOptions(BaseModel):
    """Settings of the adapter to Optuna.

    Attributes:
        sampler: a key of `SAMPLERS`, or the name of its class. sampler_options: its arguments, but for `seed`, which
            follows from the study's.
        pruner: a key of `PRUNERS`, or the name of its class; with `none` each run goes to r_max at once.
        pruner_options: its arguments; a patient one's `wrapped_pruner` is a name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sampler: str = "tpe"
    sampler_options: dict[str, bool | int | float | str | None] = Field(default_factory=dict)
    pruner: str = "hyperband"
    pruner_options: dict[str, bool | int | float | str | None] = Field(default_factory=dict)

    @field_validator("sampler")
    @classmethod
    def _is_a_sampler(cls, name: str) -> str:
        return _key_of(name, SAMPLERS, "sampler")

    @field_validator("pruner", mode="before")
    @classmethod
    def _is_a_pruner(cls, name: object) -> object:
        # YAML reads an unquoted `off` or `null` as no string
        return "none" if name is None or name is False else _key_of(str(name), PRUNERS, "pruner")


def pruner_key(name: str) -> str:
    """The key in `PRUNERS` of a name. Raises ValueError if there is none."""
    return _key_of(name, PRUNERS, "pruner")


def _key_of(name: str, known: Mapping[str, str], kind: str) -> str:
    """TPESampler, TPE and tpe are the same, and so are successive_halving and SuccessiveHalvingPruner."""
    plain = {_plain(spelling, kind): key for key, spelling in known.items()} | {_plain(k, kind): k for k in known}
    if _plain(name, kind) not in plain:
        raise ValueError(f"there is no {kind} {name!r}; {suggest(name, known)}")
    return plain[_plain(name, kind)]


def _plain(name: str, kind: str) -> str:
    return name.lower().replace("_", "").replace("-", "").removesuffix(kind)
