"""Does what a proxy says hold on the target: pairs of scores of the same configurations."""

from __future__ import annotations

from dataclasses import dataclass

from rltune.analysis.records import Records
from rltune.types import Evaluation, Phase

FEW = 10
"""Fewer pairs than this give a rank correlation that chance alone changes a lot."""


@dataclass(frozen=True, slots=True)
class TransferPair:
    """A configuration's score on a proxy and on the target (r_max), trained with the search's seed."""

    configuration: str
    proxy: str
    proxy_steps: int
    proxy_score: float
    target_score: float


def transfer_pairs(records: Records) -> tuple[TransferPair, ...]:
    """One pair for each configuration that has a score at r_max on the target and a score on some proxy.

    The proxy's score is that of the largest proxy at its largest step.
    """
    best: dict[str, Evaluation] = {}
    target: dict[str, Evaluation] = {}
    for _, e in records.evaluations:
        # The winner's and the recipe's final runs have other seeds than the runs they are compared with.
        if e.score is None or e.phase is Phase.FINAL:
            continue
        if e.fidelity.model != records.target:
            best[e.configuration.id] = _better(records, best.get(e.configuration.id), e)
        elif e.fidelity.steps == records.horizon:
            target[e.configuration.id] = _better(records, target.get(e.configuration.id), e)
    return tuple(
        TransferPair(key, p.fidelity.model, p.fidelity.steps, p.score, t.score)
        for key, t in target.items()
        if (p := best.get(key)) is not None and p.score is not None and t.score is not None
    )


def _better(records: Records, old: Evaluation | None, new: Evaluation) -> Evaluation:
    if old is None:
        return new

    def rank(e: Evaluation) -> tuple[float, int]:
        return records.parameters(e.fidelity.model), e.fidelity.steps

    return new if rank(new) > rank(old) else old
