"""What is exported: the winner with all its hyperparameters, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rltune.analysis.finalists import Finalist
from rltune.config.study import EMBEDDED_PREFIX
from rltune.errors import ReportError
from rltune.report.data import ReportData
from rltune.types import Scalar
from rltune.visible import visible


@dataclass(frozen=True, slots=True)
class Winner:
    """The chosen configuration, ready to be written for a trainer.

    Attributes:
        hyperparameters: canonical names and the trainer's own fields, fixed and searched ones.
        horizon: r_max. seed: the first that it was trained with on the target without failing.
        target: the model's name, folder or hub name. response_length: what it was trained with, in tokens.
        provenance: short facts by name, for people and scripts.
        trainer: what the study trained with, and `settings`: how. config: the study file. versions: of packages.
        memory_level: at which the target was trained (`rltune.trainers.resources.SavesMemory`).
    """

    finalist: Finalist
    hyperparameters: Mapping[str, Scalar]
    horizon: int
    seed: int
    target: str
    response_length: int | None
    provenance: Mapping[str, object]
    trainer: str = "trl"
    settings: Mapping[str, object] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, object] = field(default_factory=dict)
    memory_level: int = 0

    @property
    def embedded(self) -> bool:
        """True if the target is one of rltune's own tiny models, which no other program finds by name."""
        return self.target.startswith(EMBEDDED_PREFIX)

    def comment(self) -> str:
        """The provenance as comment lines (`#`), one fact a line."""
        facts = (f"{name}: {value}" for name, value in self.provenance.items())
        # A newline in a name would end the comment and begin a command.
        return "".join(f"# {visible(' '.join(fact.split()))}\n" for fact in facts)


def find_winner(data: ReportData) -> Winner:
    """The study's winner.

    Raises:
        ReportError: if the study has none yet; says which phase is missing and what to do.
    """
    records, finalist = data.records, data.summary.winner
    if finalist is None or records.target is None or records.horizon is None:
        raise _no_winner(data)
    fixed = records.fact("fixed") or _mapping(records.study.config.get("fixed"))
    scalars = {k: v for k, v in fixed.items() if isinstance(v, (bool, int, float, str))}
    hyperparameters = {**scalars, **finalist.configuration.values}
    length = hyperparameters.get("max_completion_length", records.study.facts.get("max_response_length"))
    trainer = _mapping(records.study.config.get("trainer"))
    memory = _mapping(records.fact("memory").get(records.target))
    trained = sorted(set(finalist.test or finalist.validation) - set(finalist.failed_seeds))
    return Winner(
        finalist=finalist,
        hyperparameters=hyperparameters,
        horizon=records.horizon,
        seed=trained[0] if trained else 0,
        target=records.target,
        response_length=length if isinstance(length, int) else None,
        provenance={
            **_provenance(data, finalist, records.target, records.horizon),
            **_spared(memory),
            **_uploads(records.study.facts.get("winner_uploads")),
        },
        trainer=str(trainer.get("name", "trl")),
        settings=_mapping(trainer.get("settings")),
        config=records.study.config,
        versions=records.fact("versions"),
        memory_level=int(str(memory.get("level", 0))),
    )


def _no_winner(data: ReportData) -> ReportError:
    state, phase = data.summary.state, data.summary.phase or "search"
    if state == "running":
        hint = "wait: `rltune status` shows how far it is"
    elif state == "created":
        hint = "start it with `rltune run`"
    else:
        hint = "go on with `rltune resume`, then export again"
    return ReportError(
        "there is no winner to export: it is chosen at the end of the confirm phase, and this study "
        f"({state}) is in the phase {phase}",
        where=f"study {data.summary.name}",
        hint=hint,
    )


def _provenance(data: ReportData, finalist: Finalist, target: str, horizon: int) -> dict[str, object]:
    records, gain = data.records, data.summary.gain
    size = records.parameters(target)
    count = f" ({size:,.0f} parameters)" if 0 < size < float("inf") else ""
    clips = "clip_ratio" in finalist.configuration.values
    moving = "learning rate and clip ratio move" if clips else "learning rate moves"
    return {
        "source": f"rltune {records.fact('versions').get('rltune', '')}".strip(),
        "study": data.summary.name,
        "state": data.summary.state,
        "created": datetime.fromtimestamp(records.study.created, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "configuration": finalist.configuration.id,
        "target": f"{target}{count}",
        "steps": f"{horizon} (schedules span all of them)",
        "test accuracy": _score(finalist),
        "seeds": _seeds(finalist),
        "against the recipe": gain.sentence if gain else data.summary.undecided or "not tested yet",
        "caveat": (f"found for {target}; the best {moving} with model size, so tune again for another model"),
    }


def _score(finalist: Finalist) -> str:
    if finalist.mean is None:
        return "not tested yet"
    seeds = len(finalist.counted or finalist.test)
    spread = "" if finalist.sd is None else f", s.d. {finalist.sd:.4f} over {seeds} seeds"
    return f"{finalist.mean:.4f}{spread}"


def _seeds(finalist: Finalist) -> str:
    """The seeds that the score is over, failed runs marked."""
    marks = dict.fromkeys(finalist.failed_seeds, " (failed, counts as the untrained model)")
    return ", ".join(f"{s}{marks.get(s, '')}" for s in finalist.counted or finalist.test) or "none yet"


def _spared(memory: Mapping[str, object]) -> dict[str, object]:
    """What was done to fit the target into memory; nothing if it fitted as it was set."""
    return {"memory": memory["settings"]} if memory.get("level") else {}


def _uploads(urls: object) -> dict[str, object]:
    """Where the winner's checkpoints lie, if that is on object storage."""
    return {"checkpoints": ", ".join(map(str, urls))} if isinstance(urls, (list, tuple)) and urls else {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
