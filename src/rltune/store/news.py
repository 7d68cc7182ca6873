"""What has come into a study since it was last read: ten thousand runs aren't read anew for each of them."""

from __future__ import annotations

from sqlalchemy import Connection

from rltune.store import schema as t
from rltune.store.base import Begun, Mark, News, SegmentState
from rltune.store.damage import names_damage
from rltune.store.reading import evaluation_of, proposal_of, select_evaluations, select_proposals
from rltune.store.rows import segment_record
from rltune.store.scope import Scope


@names_damage
def news(connection: Connection, scope: Scope, mark: Mark) -> News:
    """As `rltune.store.base.StudyStore.news`."""
    begun, ended, segment, running = [], [], mark.segment, set(mark.running)
    ends = t.segment.c.pk.in_(sorted(mark.running)) & (t.segment.c.state == SegmentState.ENDED.value)
    for row in connection.execute(select_proposals(scope).where((t.segment.c.pk > mark.segment) | ends)):
        record = segment_record(row, scope)
        if row.pk > mark.segment:
            begun.append(Begun(record, row.run_number, proposal_of(row)))
        if record.state is SegmentState.ENDED:
            ended.append(record)
            running.discard(row.pk)
        else:
            running.add(row.pk)
        segment = max(segment, row.pk)
    # The last one again: if it was replaced, its successor may have been given its key.
    rows = connection.execute(select_evaluations(scope).where(t.evaluation.c.pk >= mark.evaluation)).all()
    newest = max((row.pk for row in rows), default=mark.evaluation)
    return News(
        Mark(segment, newest, frozenset(running)),
        tuple(begun),
        tuple(ended),
        tuple((row.pk, row.run_id, evaluation_of(row)) for row in rows),
    )
