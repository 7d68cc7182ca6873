from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rltune.executors import codec
from rltune.executors.base import Limits, Outcome, SavedCheckpoint
from rltune.types import Cost, StepMetrics, StopKind, StopReason

from .orders import score_order, train_order

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
METRICS = st.builds(StepMetrics, st.integers(0, 10**9), st.dictionaries(st.text(), NUMBERS))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: key != "$float"), inner),
)


def same(a: object, b: object) -> bool:
    """Equal, of the same type, with NaN equal to itself."""
    if isinstance(a, float) and isinstance(b, float):
        return repr(a) == repr(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@given(PLAIN)
def test_every_plain_value_comes_back_as_it_was(value: object) -> None:
    assert same(codec.loads(codec.dumps(value)), value)


@given(METRICS)
def test_metrics_come_back_exactly_in_one_line_of_strict_json(metrics: StepMetrics) -> None:
    line = codec.dumps(codec.metrics_to_plain(metrics))
    assert "\n" not in line
    json.loads(line, parse_constant=lambda name: 1 / 0)  # NaN and Infinity are not JSON
    back = codec.metrics_from_plain(codec.loads(line))
    assert back.step == metrics.step and same(dict(back.values), dict(metrics.values))


def test_orders_come_back_equal(tmp_path: Path) -> None:
    train = train_order(
        tmp_path,
        start=3,
        stop=9,
        resume=tmp_path / "step-000003",
        rules=({"rule": "kl_growth", "floor": 0.2, "patience": 5},),
        limits=Limits(10.0, None, 2**33),
        earlier=(StepMetrics(1, {"kl": math.inf}),),
        checkpoint_at=(4, 6),
        learning_rate=1e-6,
        lr_scheduler="cosine",
        rollouts=8,
        use_it=True,
    )
    train = replace(train, job=replace(train.job, task_options={"path": "a.jsonl", "nested": {"k": [1, 2.5, None]}}))
    for order in (train, score_order(tmp_path, tmp_path / "c", temperature=0.7), score_order(tmp_path, None)):
        assert codec.order_from_plain(codec.loads(codec.dumps(codec.order_to_plain(order)))) == order


@given(st.sampled_from(StopKind), st.integers(0, 10**6), st.text(), st.dictionaries(st.text(), NUMBERS))
def test_outcomes_come_back_equal(kind: StopKind, step: int, reason: str, values: dict[str, float]) -> None:
    outcome = Outcome(
        StopReason(kind, step, reason, "a_rule", values),
        Cost(1.25, 0.5, 0.125),
        (StepMetrics(1, {}),),
        (SavedCheckpoint(4, Path("/x/step-000004"), 17),),
        {"mean": 0.5},
    )
    back = codec.outcome_from_plain(codec.loads(codec.dumps(codec.outcome_to_plain(outcome))), outcome.metrics)
    assert repr(back) == repr(outcome)
