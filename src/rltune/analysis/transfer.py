"""Does what a proxy says hold on the target: everything that a study's records say about it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rltune.analysis.leaning import Leaning, leanings
from rltune.analysis.matched import Matched, matched_pairs, worths
from rltune.analysis.records import Records
from rltune.analysis.shift import NoShift, Shift, log_shift
from rltune.analysis.verdict import Verdict, judge
from rltune.analysis.written_space import written_space
from rltune.errors import SpaceError
from rltune.types import Evaluation, Fidelity, Phase

FEW = 10
"""Fewer pairs than this give a rank correlation that chance alone changes a lot."""
RATE = "learning_rate"


@dataclass(frozen=True, slots=True)
class TransferPair:
    """A configuration's score on a proxy and on the target (r_max), mean over its seeds; the proxy and its step are the
    same in all pairs of a study."""

    configuration: str
    proxy: str
    proxy_steps: int
    proxy_score: float
    target_score: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """How well proxies stood in for the target.

    Attributes:
        pairs: of configurations that were run on the target to its end. verdict: on these pairs.
        spearman, kendall: of these pairs; None with fewer than three, or equal scores. note: what they rest on.
        check: what the check during the search has written down, empty if there was none.
        shift: of the best learning rate, from all pairs at one step; None if it isn't searched, or nothing is paired.
        leanings: of each hyperparameter, from the same pairs; empty if they are too few.
    """

    pairs: tuple[TransferPair, ...]
    spearman: float | None
    kendall: float | None
    note: str
    verdict: Verdict
    check: Mapping[str, object]
    shift: Shift | NoShift | None = None
    leanings: tuple[Leaning, ...] = ()


def measure_transfer(
    records: Records,
    scored: int | None = None,
    evaluations_of: Callable[[str], Iterable[tuple[str, Evaluation]]] | None = None,
) -> Transfer:
    """What a study's records say about its proxies.

    Args:
        scored: how many configurations have a score at r_max on the target, and
        evaluations_of: all evaluations of a model, where `records` has only those of configurations that were
            evaluated on the target and elsewhere too.
    """
    pairs, left_out = transfer_pairs(records, scored)
    verdict = judge([p.proxy_score for p in pairs], [p.target_score for p in pairs])
    spearman, kendall = (None if e is None else e.value for e in (verdict.spearman, verdict.kendall))
    shift, leaning = _moves(records, evaluations_of or (lambda model: records.evaluations))
    check = records.fact("transfer_verdict") or records.fact("transfer_pairing")
    return Transfer(pairs, spearman, kendall, _note(pairs, left_out), verdict, check, shift, leaning)


def transfer_pairs(records: Records, scored: int | None = None) -> tuple[tuple[TransferPair, ...], int]:
    """One pair for each configuration with a score at r_max on the target and one at a common step of one proxy.

    Scores of different steps or proxies don't compare, so all are read at the (proxy, step) that most of these
    configurations have: of several such, on the largest proxy at its largest step.

    Args:
        scored: as for `measure_transfer`.

    Returns:
        The pairs, and how many configurations were left out since they have no score there.
    """
    proxies: dict[Fidelity, dict[str, list[float]]] = {}
    target: dict[str, list[float]] = {}
    for _, e in records.evaluations:
        # The winner's and the recipe's final runs have other seeds than the runs they are compared with.
        if e.score is None or not math.isfinite(e.score) or e.phase is Phase.FINAL:
            continue
        if e.fidelity.model != records.target:
            proxies.setdefault(e.fidelity, {}).setdefault(e.configuration.id, []).append(e.score)
        elif e.fidelity.steps == records.horizon:
            target.setdefault(e.configuration.id, []).append(e.score)

    def rank(at: Fidelity) -> tuple[int, float, int, str]:
        return len(proxies[at].keys() & target.keys()), records.parameters(at.model), at.steps, at.model

    common = max(proxies, key=rank, default=None)
    scored = len(target) if scored is None else scored
    if common is None:
        return (), scored
    scores = proxies[common]
    pairs = tuple(
        TransferPair(key, common.model, common.steps, statistics.fmean(scores[key]), statistics.fmean(score))
        for key, score in target.items()
        if key in scores
    )
    return pairs, scored - len(pairs)


def _note(pairs: Sequence[TransferPair], left_out: int) -> str:
    if len(pairs) < 3:
        return f"{len(pairs)} configuration{'' if len(pairs) == 1 else 's'} with both scores; three are needed"
    note = f"{len(pairs)} configurations at step {pairs[0].proxy_steps} of {pairs[0].proxy}"
    if left_out:
        note += f", {left_out} left out that {'has' if left_out == 1 else 'have'} no score there"
    if len(pairs) < FEW:
        note += ", too few for more than a hint, and chosen rather than drawn by chance"
    return note


def _moves(
    records: Records, evaluations_of: Callable[[str], Iterable[tuple[str, Evaluation]]]
) -> tuple[Shift | NoShift | None, tuple[Leaning, ...]]:
    """The shift of the best learning rate and the leanings, from the pairs at the step that has the most of them."""
    floors = {s.model: s.values["mean"] for s in records.scores if s.run_id is None and "mean" in s.values}
    proxy, pairs = _most_matched(records, floors)
    if proxy is None:
        return None, ()
    ours, theirs = [p.proxy for p in pairs], [p.target for p in pairs]
    space = written_space(records.study.facts)
    try:
        leaning = leanings(space, [p.configuration for p in pairs], ours, theirs) if space is not None else ()
    except SpaceError:  # the recipe may lack a parameter of the space
        leaning = ()
    rates = [_rate(p) for p in pairs]
    if any(rate is None for rate in rates) or len({*rates}) < 2:
        return None, leaning
    paired = {p.configuration for p in pairs}
    every = worths((e for _, e in evaluations_of(proxy.model) if e.phase is not Phase.FINAL), proxy, floors)
    more = [(float(c.values[RATE]), w) for c, w in every.items() if c not in paired and RATE in c.values]
    shift = log_shift([r for r in rates if r is not None], ours, theirs, [r for r, _ in more], [w for _, w in more])
    if isinstance(shift, Shift):  # a straight line through a response with a peak would say less, and may contradict
        leaning = tuple(each for each in leaning if each.name != RATE)
    return shift, leaning


def _most_matched(records: Records, floors: Mapping[str, float]) -> tuple[Fidelity | None, tuple[Matched, ...]]:
    """The (proxy, step) with the most pairs at the same step of the target; of several such, the largest."""
    best: tuple[Fidelity | None, tuple[Matched, ...]] = (None, ())
    evaluations = [e for _, e in records.evaluations]
    if records.target is None:
        return best
    places = {e.fidelity for e in evaluations if e.fidelity.model != records.target}
    for place in sorted(places, key=lambda f: (records.parameters(f.model), f.steps, f.model)):
        pairs = matched_pairs(evaluations, place, Fidelity(records.target, place.steps), floors)
        if pairs and len(pairs) >= len(best[1]):
            best = place, pairs
    return best


def _rate(pair: Matched) -> float | None:
    value = pair.configuration.values.get(RATE)
    return float(value) if isinstance(value, (int, float)) and value > 0 else None
