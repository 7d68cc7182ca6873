"""What the phases see: the store and the work in flight, as one frozen view, kept up with what is new in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rltune.store.base import Mark, News, SegmentRecord, SegmentState, StudyStore
from rltune.store.reading import OPTIMIZED_PHASES
from rltune.study.errands import errands_of
from rltune.study.retries import RETRY_SECONDS, tried_again
from rltune.study.work import Resting, Score, Timing, Train, View, Work, resting
from rltune.tasks.ood import other_of
from rltune.types import SAYS_NOTHING, Configuration, Evaluation, Fidelity, History, Phase, Proposal


@dataclass(frozen=True, slots=True)
class Moment:
    """What a view holds beside the store: see `rltune.study.work.View`. `waiting`: work that waits for room; `waits`:
    work beside training that waits until a time."""

    running: Sequence[Work] = ()
    waiting: Sequence[Work] = ()
    tried: Collection[tuple[Configuration, str, int]] = ()
    failed: Mapping[Score | Timing, str] = field(default_factory=dict)
    waits: Mapping[Resting, float] = field(default_factory=dict)


def _of_search(proposals: Iterable[Proposal]) -> set[Resting]:
    """The runs of the search among these."""
    return {resting(Train(p)) for p in proposals if p.phase is Phase.SEARCH}


class Snapshots:
    """Makes views of a store that only this process writes.

    Args:
        retry_seconds: the first wait of a run that was lost twice.
    """

    def __init__(self, store: StudyStore, retry_seconds: float = RETRY_SECONDS) -> None:
        self.store = store
        self.retry_seconds = retry_seconds
        self._mark = Mark()
        self._numbers: dict[str, int] = {}
        self._segments: dict[str, dict[str, SegmentRecord]] = {}
        self._proposals: dict[str, Proposal] = {}
        self._pending: dict[str, Proposal] = {}
        self._evaluations: dict[tuple[str, int], Evaluation] = {}
        self._evaluation_numbers: dict[tuple[str, int], int] = {}
        self._trials: dict[str, int] = {}
        self._unfinished: dict[str, Proposal] = {}
        self._again: dict[str, float] = {}

    def take(self, moment: Moment) -> View:
        """All that a phase may decide from, but for the time."""
        self._catch_up(self.store.news(self._mark))
        scores = tuple(self.store.scores())
        evaluations = tuple(self._evaluations.values())
        waiting = [work.proposal for work in moment.waiting if isinstance(work, Train)]
        base = {s.model: s for s in scores if s.run_id is None and s.split == "validation"}
        facts = self.store.study().facts
        return View(
            history=History(
                tuple(e for e in evaluations if e.phase in OPTIMIZED_PHASES),
                (*self._pending.values(), *(p for p in waiting if p.phase in OPTIMIZED_PHASES)),
                {model: s.values["mean"] for model, s in base.items() if "mean" in s.values},
            ),
            evaluations=evaluations,
            unfinished=tuple(self._unfinished[run] for run in sorted(self._unfinished, key=self._numbers.__getitem__)),
            scores=scores,
            facts=facts,
            running=(*moment.running, *moment.waiting),
            seconds=0.0,
            trials=sum(self._trials.values()) + len(_of_search([*waiting, *self._unfinished.values()])),
            tried=frozenset(moment.tried),
            tested=frozenset(
                (proposal.configuration, proposal.seed, other_of(s.split) or "")
                for s in scores
                if s.run_id is not None and (s.split == "test" or other_of(s.split))
                for proposal in [self._proposals[s.run_id]]
            ),
            failed=dict(moment.failed),
            waits={
                **moment.waits,
                **{resting(Train(p)): self._again[run_id] for run_id, p in self._unfinished.items()},
            },
            asked=tuple(self._still_asked(facts)),
        )

    def _still_asked(self, facts: Mapping[str, object]) -> list[Proposal]:
        """What people have asked for and what isn't done."""
        errands = errands_of(facts)
        if not errands:
            return []
        ids = {resting(Train(p)): run_id for run_id, p in self._proposals.items()}
        steps_of: dict[str, dict[int, Evaluation]] = {}
        for (run_id, step), evaluation in self._evaluations.items():
            steps_of.setdefault(run_id, {})[step] = evaluation
        found = []
        for errand in errands:
            run_id = ids.get(resting(Train(errand.proposal)), "")
            segments = list(self._segments.get(run_id, {}).values())
            if not errand.is_done(segments, steps_of.get(run_id, {}), run_id in self._unfinished):
                found.append(errand.proposal)
        return found

    def best(self, fidelity: Fidelity) -> str | None:
        """The run with the highest score at a fidelity, as far as the last view goes; of equals the last by its id."""
        found = [
            (e.score, run_id)
            for (run_id, _), e in self._evaluations.items()
            if e.fidelity == fidelity and e.score is not None
        ]
        return max(found)[1] if found else None

    def _catch_up(self, news: News) -> None:
        self._mark = news.mark
        touched: set[str] = set()
        for begun in news.begun:
            run_id = begun.segment.run_id
            self._numbers[run_id], self._proposals[run_id] = begun.run_number, begun.proposal
            self._segments.setdefault(run_id, {})[begun.segment.id] = begun.segment
            if begun.segment.state is SegmentState.RUNNING and begun.proposal.phase in OPTIMIZED_PHASES:
                self._pending[begun.segment.id] = begun.proposal
            touched.add(run_id)
        for segment in news.ended:
            self._segments[segment.run_id][segment.id] = segment
            self._pending.pop(segment.id, None)
            touched.add(segment.run_id)
        for number, run_id, evaluation in news.evaluations:
            key = (run_id, evaluation.fidelity.steps)
            if self._evaluations.get(key) != evaluation or self._evaluation_numbers[key] != number:
                self._evaluations.pop(key, None)
                self._evaluations[key] = evaluation
                self._evaluation_numbers[key] = number
            touched.add(run_id)
        for run_id in touched:
            self._look_at(run_id)

    def _look_at(self, run_id: str) -> None:
        """Counts a run's trials, and whether and when it has to be tried again."""
        segments = list(self._segments.get(run_id, {}).values())
        found = {s.to_step: self._evaluations.get((run_id, s.to_step)) for s in segments}
        steps = {step for step, evaluation in found.items() if evaluation is not None}
        scored = {step for step in steps if (evaluation := found[step]) is not None and evaluation.score is not None}
        self._trials[run_id] = count_trials(segments, scored)
        again = tried_again(segments, steps, self.retry_seconds) if segments else None
        if again is not None:
            self._unfinished[run_id], self._again[run_id] = self._proposals[run_id], again
        else:
            self._unfinished.pop(run_id, None)


def count_trials(segments: Sequence[SegmentRecord], scored: Collection[int]) -> int:
    """Search trials of a run begun so far. One that was lost doesn't count, since it is begun again; unless all of its
    steps were there, so that it has its score without that.

    Args:
        scored: steps of the run that have a score.
    """
    search = [s for s in segments if s.phase is Phase.SEARCH]
    begun = [s.to_step for s in search if s.stop is None or s.stop.kind not in SAYS_NOTHING]
    return len(begun) + len(({s.to_step for s in search} & set(scored)) - set(begun))
