"""Does what a proxy says hold on the target: pairs of scores of the same configurations."""

from __future__ import annotations

from dataclasses import dataclass

from rltune.analysis.records import Records
from rltune.types import Fidelity, Phase

FEW = 10
"""Fewer pairs than this give a rank correlation that chance alone changes a lot."""


@dataclass(frozen=True, slots=True)
class TransferPair:
    """A configuration's score on a proxy and on the target (r_max), trained with the search's seed; the proxy and its
    step are the same in all pairs of a study."""

    configuration: str
    proxy: str
    proxy_steps: int
    proxy_score: float
    target_score: float


def transfer_pairs(records: Records) -> tuple[tuple[TransferPair, ...], int]:
    """One pair for each configuration with a score at r_max on the target and one at a common step of one proxy.

    Scores of different steps or proxies don't compare, so all are read at the (proxy, step) that most of these
    configurations have: of several such, on the largest proxy at its largest step.

    Returns:
        The pairs, and how many configurations were left out since they have no score there.
    """
    proxies: dict[Fidelity, dict[str, float]] = {}
    target: dict[str, float] = {}
    for _, e in records.evaluations:
        # The winner's and the recipe's final runs have other seeds than the runs they are compared with.
        if e.score is None or e.phase is Phase.FINAL:
            continue
        if e.fidelity.model != records.target:
            proxies.setdefault(e.fidelity, {})[e.configuration.id] = e.score
        elif e.fidelity.steps == records.horizon:
            target[e.configuration.id] = e.score

    def rank(at: Fidelity) -> tuple[int, float, int]:
        return len(proxies[at].keys() & target.keys()), records.parameters(at.model), at.steps

    common = max(proxies, key=rank, default=None)
    if common is None:
        return (), len(target)
    scores = proxies[common]
    pairs = tuple(
        TransferPair(key, common.model, common.steps, scores[key], score)
        for key, score in target.items()
        if key in scores
    )
    return pairs, len(target) - len(pairs)
