"""The records that an analysis is given, of the board: real ones, without what the page doesn't need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rltune.analysis.finalists import finalist_configurations
from rltune.analysis.records import Records
from rltune.store.base import RunRecord
from rltune.store.lines import EvaluationLine
from rltune.types import Cost, Evaluation, Fidelity, Phase, StopKind, StopReason
from rltune.web.board import Entry
from rltune.web.live import Live


def records_of(live: Live, *, whole: bool = False) -> Records:
    """The study with its scores and the evaluations of its finalists, or (`whole`) all evaluations and runs."""
    study = live.study()
    entries = live.board.entries.values()
    if not whole:
        chosen = set(finalist_configurations(study))
        entries = [e for e in entries if e.run.configuration in chosen]
    scores = tuple(live.store.scores())
    scored = {s.run_id for s in scores if s.run_id is not None}
    shown = {e.run.id: e for e in entries} | {i: e for i in scored if (e := live.board.by_id.get(i)) is not None}
    runs = {name: run_record(entry) for name, entry in shown.items()}
    return Records(study=study, runs=runs, evaluations=tuple(evaluations_of(live, entries)), scores=scores)


def evaluations_of(live: Live, entries: Iterable[Entry]) -> Iterator[tuple[str, Evaluation]]:
    """(run id, evaluation) of these runs, in the order of their commit."""
    lines = sorted((line for e in entries for line in e.evaluations.values()), key=lambda line: line.key)
    for line in lines:
        entry = live.board.entries[line.run]
        yield entry.run.id, evaluation_record(entry, line)


def evaluation_record(entry: Entry, line: EvaluationLine) -> Evaluation:
    """The evaluation, with all of its seconds as training, and without the values that a rule saw."""
    run = entry.run
    return Evaluation(
        configuration=run.configuration,
        fidelity=Fidelity(run.model, line.step),
        seed=run.seed,
        phase=Phase(line.phase),
        score=line.score,
        cost=Cost(line.seconds),
        stop=StopReason(StopKind(line.stop_kind), line.steps_trained, line.stop_reason),
        steps_trained=line.steps_trained,
        last_score=line.last_score,
    )


def run_record(entry: Entry) -> RunRecord:
    """The run, without its checkpoints and how it ended."""
    run = entry.run
    return RunRecord(run.id, run.number, run.configuration, run.model, run.seed, 0, None)
