"""The parts that need no training: data order, metrics, random streams, what ends a step."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from trl_toys import Recorder, ToyTask

from rltune.tasks.base import Example
from rltune.trainers.base import TrainJob
from rltune.trainers.trl.data import data_order, reward_function, training_data
from rltune.trainers.trl.metrics import StepRecord
from rltune.trainers.trl.randomness import isolated, stream_seed
from rltune.trainers.trl.rollouts import policy_kl
from rltune.trainers.trl.segment import Segment
from rltune.types import METRIC_NAMES, StopKind, StopReason


@given(examples=st.integers(1, 40), prompts=st.integers(1, 200), seed=st.integers(0, 9))
def test_each_epoch_of_the_order_is_a_permutation(examples: int, prompts: int, seed: int) -> None:
    order = data_order(examples, prompts, seed)
    assert len(order) == prompts
    for start in range(0, prompts - examples + 1, examples):
        assert sorted(order[start : start + examples]) == list(range(examples))
    assert data_order(examples, prompts + 7, seed)[:prompts] == order


def test_epochs_and_seeds_differ() -> None:
    order = data_order(50, 100, seed=1)
    assert order[:50] != order[50:]
    assert order != data_order(50, 100, seed=2)


def test_the_reward_finds_the_answer_of_its_prompt() -> None:
    task = ToyTask()
    rows = training_data(task.examples("train"), [3, 0, 3])
    assert rows["prompt"][0] == rows["prompt"][2] == task.examples("train")[3].prompt
    reward = reward_function(task, task.examples("train"))
    assert reward(completions=["12x", "y"], example=[3, 0], prompts=["unused", ""]) == [0.4, 0.0]


def test_a_task_that_judges_many_at_once_is_asked_once_a_step() -> None:
    class Judged(ToyTask):
        def rewards(self, examples: Sequence[Example], completions: Sequence[str]) -> list[float]:
            return [float(f"{len(examples)}.{example.answer}") for example in examples]

        def grades(self, examples: Sequence[Example], completions: Sequence[str]) -> list[float]:
            raise AssertionError("training is rewarded, not graded")

    task = Judged()
    reward = reward_function(task, task.examples("train"))
    assert reward(completions=["12x", "y"], example=[3, 0]) == [2.3, 2.0]


def test_metrics_are_averaged_over_updates_under_canonical_names() -> None:
    record = StepRecord()
    record.add({"reward": [0.5], "entropy": [1.0], "grad_norm": [2.0], "clip_ratio/low_mean": [9.0]})
    record.add({"entropy": [3.0], "grad_norm": [4.0]})
    assert record.close() == {"reward": 0.5, "entropy": 2.0, "grad_norm": 3.0}
    assert record.close() == {}


def test_a_nan_is_not_averaged_away() -> None:
    record = StepRecord()
    record.add({"grad_norm": [1.0], "kl": [math.inf]})
    record.add({"grad_norm": [math.nan], "kl": [1.0]})
    values = record.close()
    assert math.isnan(values["grad_norm"])
    assert values["kl"] == math.inf


def test_policy_kl_is_zero_for_the_same_policy_and_estimates_the_divergence() -> None:
    generator = torch.Generator().manual_seed(0)
    old, new = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.5, 0.3, 0.2])
    drawn = torch.multinomial(old, 200_000, replacement=True, generator=generator)[None]
    mask = torch.ones_like(drawn)
    assert policy_kl(old.log()[drawn], old.log()[drawn], mask) == 0.0
    exact = float((old * (old / new).log()).sum())
    assert policy_kl(new.log()[drawn], old.log()[drawn], mask) == pytest.approx(exact, rel=0.02)


def test_an_isolated_stream_is_reproducible_and_leaves_no_trace() -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = draw()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    with isolated(5):
        first = draw()
    assert draw() == expected
    with isolated(5):
        assert draw() == first
    with pytest.raises(KeyError), isolated(5):
        raise KeyError


def test_stream_seeds_depend_on_all_parts() -> None:
    assert stream_seed("score", 1, "test") == 3_066_880_890
    assert len({stream_seed("score", s, split) for s in range(50) for split in ("validation", "test")}) == 100


def finish(segment: Segment, raw: dict[str, list[float]], *, weights_finite: bool = True) -> bool:
    segment.update(raw)
    return segment.finish_step(100 * (segment.step + 1), lambda: weights_finite)


def test_a_segment_ends_at_its_stop_step(make_job: Callable[..., TrainJob], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    segment = Segment(make_job(3, checkpoint_at=(1,), validate_at=(2,)), 1, recorder, lambda: {"mean": 0.25})
    segment.begin(0)
    due = [finish(segment, {"reward": [0.5]}) for _ in range(3)]
    assert due == [True, False, True]
    assert segment.stop is not None and (segment.stop.kind, segment.stop.step) == (StopKind.REACHED, 3)
    assert [m.values["tokens"] for m in recorder.steps] == [100.0, 100.0, 100.0]
    assert [m.values.get("score/mean") for m in recorder.steps] == [None, 0.25, None]
    assert "validate_seconds" in recorder.steps[1].values
    assert set(recorder.steps[0].values) <= set(METRIC_NAMES)


def test_the_reporters_reason_ends_the_segment_with_a_checkpoint(
    make_job: Callable[..., TrainJob], tmp_path: Path
) -> None:
    reason = StopReason(StopKind.RULE, 1, "because", rule="some_rule")
    segment = Segment(make_job(3), 1, Recorder(tmp_path, lambda _: reason), lambda: {})
    segment.begin(0)
    assert finish(segment, {"reward": [0.5]})
    assert segment.stop is reason


def test_broken_weights_end_the_segment_without_checkpoint_or_validation(
    make_job: Callable[..., TrainJob], tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path)
    segment = Segment(make_job(3, validate_at=(1,), checkpoint_at=(1,)), 1, recorder, lambda: {"mean": 1.0})
    segment.begin(0)
    assert not finish(segment, {"grad_norm": [math.nan]}, weights_finite=False)
    assert segment.stop is not None and segment.stop.kind is StopKind.DIVERGED
    assert math.isnan(recorder.steps[0].values["grad_norm"])
    assert "score/mean" not in recorder.steps[0].values


def test_a_nan_that_did_not_reach_the_weights_is_reported_and_training_goes_on(
    make_job: Callable[..., TrainJob], tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path)
    segment = Segment(make_job(3), 1, recorder, lambda: {})
    segment.begin(0)
    finish(segment, {"kl": [math.inf]})
    assert segment.stop is None
    assert recorder.steps[0].values["kl"] == math.inf
