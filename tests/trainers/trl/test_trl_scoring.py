"""Scores: what mean@k, greedy and their error mean, and that scoring is repeatable and leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from trl_toys import Recorder, ToyTask

from rltune.errors import CheckpointError, ModelError, TaskError, TrainerError
from rltune.store.stripping import strip
from rltune.tasks.base import Example, Split
from rltune.trainers import answers as kept
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.trl.loading import choose_device, load_model, load_tokenizer
from rltune.trainers.trl.scoring import Answerer, score_split
from rltune.trainers.trl.team import ALONE
from rltune.trainers.trl.trainer import TrlTrainer


class Scripted:
    """Stands for an `Answerer`: the first of every two samples is right, and so is each third greedy answer."""

    team = ALONE

    def answers(self, prompts: Sequence[str], *, temperature: float, alive: Callable[[], None]) -> list[str]:
        period = 2 if temperature else 3
        return ["1" if i % period == 0 else "x" for i in range(len(prompts))]


def score_job(model: str, **changes: object) -> ScoreJob:
    fields = {"model": model, "checkpoint": None, "task": "toy", "split": "test", "scoring": Scoring(6, 4), "seed": 1}
    return ScoreJob(**{**fields, **changes})  # type: ignore[arg-type]


def test_scores_are_accuracies_over_prompts() -> None:
    scores = score_split(Scripted(), ToyTask(), "test", Scoring(6, 2), 0)  # type: ignore[arg-type]
    assert scores == {"mean": 0.5, "greedy": 2 / 6, "mean_stderr": 0.0}
    scores = score_split(Scripted(), ToyTask(), "test", Scoring(6, 1), 0)  # type: ignore[arg-type]
    assert scores["mean"] == 0.5
    assert scores["mean_stderr"] == pytest.approx((0.3 / 6) ** 0.5)  # 0/1 over 6 prompts: variance 0.25 * 6 / 5


class Graded(ToyTask):
    """A task with groups that grades many answers at once; a grade lies between right and wrong."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def examples(self, split: Split) -> Sequence[Example]:
        names = [("odd", "level_5"), ("even",), ("odd",), ("even",), ("odd",), ()]
        return [Example(e.prompt, e.answer, g) for e, g in zip(super().examples(split), names, strict=True)]

    def rewards(self, examples: Sequence[Example], completions: Sequence[str]) -> list[float]:
        raise AssertionError("scores are made of grades")

    def grades(self, examples: Sequence[Example], completions: Sequence[str]) -> list[float]:
        self.batches.append(len(examples))
        return [
            0.8 if text == "1" else 0.25 * ("odd" in e.groups) for e, text in zip(examples, completions, strict=True)
        ]


def test_groups_of_the_split_have_scores_of_their_own() -> None:
    task = Graded()
    scores = score_split(Scripted(), task, "test", Scoring(6, 2), 0)  # type: ignore[arg-type]
    odd, even = (0.8 + 0.25) / 2, 0.8 / 2
    assert scores["odd"] == pytest.approx(odd) and scores["even"] == pytest.approx(even)
    assert scores["level_5"] == pytest.approx(odd)  # its only prompt is an odd one
    assert scores["mean"] == pytest.approx((3 * odd + 3 * even) / 6)
    assert scores["greedy"] == pytest.approx((2 * 0.8 + 2 * 0.25) / 6)
    assert "level_5" in score_split(Scripted(), task, "test", Scoring(1, 2), 0)  # type: ignore[arg-type]
    assert "even" not in score_split(Scripted(), task, "test", Scoring(1, 2), 0)  # type: ignore[arg-type]


def test_answers_are_kept_with_what_they_were_measured_against(tmp_path: Path) -> None:
    file, task = tmp_path / "new" / "test.jsonl", Graded()
    score_split(Scripted(), task, "test", Scoring(6, 2), 0, keep=file)  # type: ignore[arg-type]
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    first = task.examples("test")[0]
    asked = {"prompt": first.prompt, "reference": first.answer, "groups": ["odd", "level_5"]}
    assert lines[:3] == [
        {**asked, "how": "greedy", "answer": "1", "score": 0.8},
        {**asked, "how": "sampled", "answer": "1", "score": 0.8},
        {**asked, "how": "sampled", "answer": "x", "score": 0.25},
    ]
    assert len(lines) == 6 * 3 and [p.name for p in file.parent.iterdir()] == ["test.jsonl"]


def test_a_file_of_answers_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 1000)
    score_split(Scripted(), Graded(), "test", Scoring(6, 2), 0, keep=tmp_path / "a")  # type: ignore[arg-type]
    text = (tmp_path / "a").read_text(encoding="utf-8")
    assert 500 < len(text) <= 1000 and all(json.loads(line) for line in text.splitlines())


def test_answers_that_cannot_be_kept_cost_no_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    scores = score_split(Scripted(), ToyTask(), "test", Scoring(6, 2), 0, keep=tmp_path / "file" / "a")  # type: ignore[arg-type]
    assert scores["mean"] == 0.5 and "can't be kept" in capsys.readouterr().out


def test_a_lone_surrogate_can_be_kept(tmp_path: Path) -> None:
    kept.keep_answers(tmp_path / "a", [Example("?", "1")], [[kept.Graded("\ud800", 0.0, "greedy")]])
    assert json.loads((tmp_path / "a").read_text(encoding="utf-8"))["answer"] == "\ud800"


def test_grading_goes_in_batches_with_a_sign_of_life_each() -> None:
    task, signs = Graded(), []
    score_split(Scripted(), task, "test", Scoring(6, 20), 0, lambda: signs.append(None))  # type: ignore[arg-type]
    assert sorted(task.batches) == [6, 56, 64] and len(signs) == 3


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(TaskError, match="validation data"):
        score_split(Scripted(), ToyTask(), "validation", Scoring(0, 2), 0)  # type: ignore[arg-type]


def test_scoring_is_repeatable_and_leaves_no_trace(tiny_model: str) -> None:
    answerer = Answerer(load_model(tiny_model, torch.device("cpu")).train(), load_tokenizer(tiny_model), 5)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = score_split(answerer, ToyTask(), "validation", Scoring(8, 4), 1)
    assert torch.equal(torch.rand(3), expected)
    assert answerer.model.training
    assert score_split(answerer, ToyTask(), "validation", Scoring(8, 4), 1) == first
    assert 0 < first["mean"] < 1
    others = [score_split(answerer, ToyTask(), "validation", Scoring(8, 4), seed)["mean"] for seed in range(2, 6)]
    assert any(mean != first["mean"] for mean in others)


def test_temperature_zero_makes_the_mean_greedy(tiny_model: str) -> None:
    answerer = Answerer(load_model(tiny_model, torch.device("cpu")), load_tokenizer(tiny_model), 5)
    scores = score_split(answerer, ToyTask(), "validation", Scoring(8, 2, temperature=0.0), 1)
    assert scores["mean"] == scores["greedy"]


def test_small_batches_give_the_same_greedy_answers(tiny_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answerer = Answerer(load_model(tiny_model, torch.device("cpu")), load_tokenizer(tiny_model), 5)
    prompts = [e.prompt for e in ToyTask().examples("validation")]
    whole = answerer.answers(prompts, temperature=0.0)
    monkeypatch.setattr("rltune.trainers.trl.scoring._TOKENS_PER_BATCH", 24)
    assert answerer.answers(prompts, temperature=0.0) == whole


def test_a_base_model_is_scored_from_its_folder(toy: ToyTask, tiny_model: str) -> None:
    first = TrlTrainer().score(score_job(tiny_model))
    assert first == TrlTrainer().score(score_job(tiny_model))
    assert set(first) == {"mean", "greedy", "mean_stderr"}


def test_another_tasks_test_split_is_scored_in_place_of_the_own(
    tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, object]] = []

    def build(name: str, options: object) -> ToyTask:
        made.append((name, options))
        return ToyTask()

    monkeypatch.setattr("rltune.trainers.trl.run.build_task", build)
    options = {"test_ood": ["aime24", {"name": "math", "data": "somewhere"}]}
    TrlTrainer().score(score_job(tiny_model, task_options=options, other="math"))
    TrlTrainer().score(score_job(tiny_model, task_options=options))
    assert made == [("math", {"data": "somewhere"}), ("toy", options)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"other": "amc23"}, "one of the tasks math"), ({"other": "math", "split": "validation"}, "validation and math")],
)
def test_only_the_test_split_of_a_task_that_is_named_can_be_scored(changes: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        score_job("model", task_options={"test_ood": ["math"]}, **changes)


def test_each_batch_of_answers_is_a_sign_of_life(
    toy: ToyTask, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs: list[None] = []
    TrlTrainer().score(score_job(tiny_model), lambda: signs.append(None))
    assert len(signs) == 2 + 2, "all greedy answers are made and graded in one batch, and so are all samples"
    monkeypatch.setattr("rltune.trainers.trl.scoring._TOKENS_PER_BATCH", 1)
    signs.clear()
    TrlTrainer().score(score_job(tiny_model), lambda: signs.append(None))
    assert len(signs) == 6 + 6 * 4 + 2, "each answer is made alone now"


def test_a_missing_model_or_checkpoint_is_named(toy: ToyTask, tiny_model: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model"):
        TrlTrainer().score(score_job(str(tmp_path / "nowhere")))
    with pytest.raises(CheckpointError, match="nowhere"):
        TrlTrainer().score(score_job(tiny_model, checkpoint=str(tmp_path / "nowhere")))


def test_a_checkpoint_stripped_to_its_weights_scores_the_same(
    toy: ToyTask, make_job: Callable[..., TrainJob], tiny_model: str, tmp_path: Path
) -> None:
    job, recorder = make_job(2), Recorder(tmp_path)
    TrlTrainer().train(job, recorder)
    folder = tmp_path / "step-000002"
    whole = TrlTrainer().score(score_job(tiny_model, checkpoint=str(folder)))
    before = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    dropped = TrlTrainer().training_only(folder)
    assert {path.name for path in dropped} >= {"optimizer.pt", "scheduler.pt", "rng_state.pth"}
    assert strip(folder, dropped) < 0.5 * before
    assert TrlTrainer().score(score_job(tiny_model, checkpoint=str(folder))) == whole
    with pytest.raises(CheckpointError, match="lacks"):
        TrlTrainer().train(make_job(3, resume=folder, start=2), Recorder(tmp_path / "again"))
    assert TrlTrainer().training_only(tmp_path / "step-000009") == frozenset()


def test_devices() -> None:
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(TrainerError, match="expected auto, cpu or cuda"):
        choose_device("tpu")


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_one_visible_gpu_is_taken_and_several_are_refused(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    assert choose_device(device).type == "cuda"
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with pytest.raises(TrainerError, match="one visible CUDA device, got 2"):
        choose_device(device)
    assert choose_device("cpu").type == "cpu"
