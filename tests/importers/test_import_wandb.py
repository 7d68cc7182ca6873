"""Exports of W&B become prior files: the runs table, the documented script's table, JSON with and without histories."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from rltune.errors import PriorError
from rltune.importers.build import read_table
from rltune.importers.convert import Imported, Wishes, convert
from rltune.priors import read_prior, write_prior

ABOUT = ["Name", "Agent", "State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep"]
VERL = {
    "actor_rollout_ref.actor.kl_loss_coef": ["0.001", "0.001", "0.01", "0.001"],
    "actor_rollout_ref.actor.optim.lr": ["0.000001", "5e-06", "0.00001", "0.00003"],
    "actor_rollout_ref.actor.ppo_mini_batch_size": ["256"] * 4,
    "actor_rollout_ref.actor.use_kl_loss": ["true", "true", "true", "false"],
    "actor_rollout_ref.model.path": ["Qwen/Qwen2.5-0.5B"] * 4,
    "actor_rollout_ref.rollout.n": ["5", "8", "5", "5"],
    "data.train_batch_size": ["1024"] * 4,
    "trainer.experiment_name": ["a", "b", "c", "d"],
}
METRICS = {
    "_step": ["200", "200", "200", "31"],
    "actor/lr": ["0", "0", "0", "0.00003"],
    "critic/score/mean": ["0.6", "0.7", "0.65", "0.1"],
    "training/global_step": ["200", "200", "200", "31"],
    "val-core/openai/gsm8k/reward/mean@1": ["0.61", "0.71", "NaN", ""],
}
STATES = ["finished", "finished", "finished", "crashed"]


def table(path: Path, settings: dict[str, list[str]], metrics: dict[str, list[str]], states: list[str]) -> str:
    """The runs table as the page exports it: all cells quoted, settings and metrics each sorted by name."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([*ABOUT, *sorted(settings), *sorted(metrics)])
        for row, state in enumerate(states):
            about = [f"wise-sun-{row}", "", state, "-", "me", "", "2026-01-13T09:48:11.000Z", "9910", ""]
            cells = [settings[n][row] for n in sorted(settings)] + [metrics[n][row] for n in sorted(metrics)]
            writer.writerow([*about, *cells])
    return str(path)


def imported(source: str, **wishes: object) -> Imported:
    return convert(read_table(source), Wishes(**wishes))  # type: ignore[arg-type]


def test_a_table_of_verls_runs(tmp_path: Path) -> None:
    found = imported(table(tmp_path / "runs.csv", VERL, METRICS, STATES))
    prior = found.prior
    assert prior.metric == "val-core/openai/gsm8k/reward/mean@1"  # its one validation score
    assert [dict(e.configuration) for e in prior.evaluations] == [
        {"kl_coef": 0.001, "learning_rate": 1e-6, "rollouts": 5},
        {"kl_coef": 0.001, "learning_rate": 5e-6, "rollouts": 8},
        {"kl_coef": 0.01, "learning_rate": 1e-5, "rollouts": 5},
    ]
    assert [e.score for e in prior.evaluations] == [0.61, 0.71, None]  # NaN is a bad result
    assert {e.steps for e in prior.evaluations} == {200}
    assert {e.model for e in prior.evaluations} == {"Qwen/Qwen2.5-0.5B"}
    assert prior.fixed == {"prompts_per_step": 1024, "updates_per_step": 4}
    told = "\n".join(found.lines)
    assert "left out: 1 run, failed without a score" in told
    assert "not taken for hyperparameters: trainer.experiment_name" in told
    write_prior(tmp_path / "p", prior)
    assert read_prior(tmp_path / "p") == prior


def test_a_crashed_run_with_a_score_counts_at_its_own_steps(tmp_path: Path) -> None:
    found = imported(table(tmp_path / "r.csv", VERL, METRICS, STATES), metric="critic/score/mean", horizon=200)
    last = found.prior.evaluations[-1]
    assert (last.score, last.steps) == (0.1, 31) and last.configuration["kl_coef"] == 0.0  # switched off
    assert found.prior.horizon == 200


def test_a_table_of_trls_runs(tmp_path: Path) -> None:
    settings = {
        "beta": ["0", "0.04"],
        "generation_batch_size": ["64", "64"],
        "gradient_accumulation_steps": ["2", "2"],
        "learning_rate": ["0.000001", "0.000002"],
        "lr_scheduler_type": ["SchedulerType.COSINE", "constant_with_warmup"],
        "max_grad_norm": ["1", "0.2"],
        "num_generations": ["8", "8"],
        "steps_per_generation": ["4", "4"],
        "_name_or_path": ["Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"],
    }
    metrics = {
        "eval/reward": ["0.5", "0.6"],
        "learning_rate": ["0", "0"],  # the metric of the same name is that of the last step
        "train/global_step": ["100", "100"],
    }
    found = imported(table(tmp_path / "r.csv", settings, metrics, ["finished"] * 2)).prior
    assert [dict(e.configuration) for e in found.evaluations] == [
        {"grad_clip": 1, "kl_coef": 0, "learning_rate": 1e-6, "lr_scheduler": "cosine"},
        {"grad_clip": 0.2, "kl_coef": 0.04, "learning_rate": 2e-6, "lr_scheduler": "constant"},
    ]
    assert found.fixed == {"prompts_per_step": 8, "rollouts": 8, "updates_per_step": 2}
    assert {e.steps for e in found.evaluations} == {50}  # its counter counts updates, of which a step makes two
    assert found.metric == "eval/reward" and found.evaluations[0].model == "Qwen/Qwen3-0.6B"


def test_names_of_ones_own_are_mapped(tmp_path: Path) -> None:
    settings = {"adam.rate": ["1e-5", "2e-5"], "bonus=x": ["1", "2"], "start_from": ["m1", "m2"], "zeta": ["3", "4"]}
    metrics = {"accuracy": ["0.1", "0.2"], "done_steps": ["50", "60"]}
    source = table(tmp_path / "r.csv", settings, metrics, ["finished"] * 2)
    with pytest.raises(PriorError, match="doesn't say which metric.*accuracy, done_steps"):
        imported(source)
    with pytest.raises(PriorError, match="no hyperparameter that is known"):
        imported(source, metric="accuracy")
    mapping = {"adam.rate": "learning_rate", "bonus=x": "bonus", "zeta": "zeta"}
    found = imported(source, metric="accuracy", mapping=mapping, steps="done_steps", model_from="start_from")
    assert [(e.steps, e.model) for e in found.prior.evaluations] == [(50, "m1"), (60, "m2")]
    assert dict(found.prior.evaluations[1].configuration) == {"bonus": 2, "learning_rate": 2e-5, "zeta": 4}
    with pytest.raises(PriorError, match="no run has a value 'done_step'.*did you mean 'done_steps'"):
        imported(source, metric="accuracy", mapping=mapping, steps="done_step")


def test_two_names_for_one_hyperparameter_are_told(tmp_path: Path) -> None:
    settings = {"learning_rate": ["1e-5", "2e-5"], "lr": ["1e-5", "3e-5"]}
    source = table(tmp_path / "r.csv", settings, {"eval/reward": ["1", "2"]}, ["finished"] * 2)
    with pytest.raises(PriorError, match="both mean learning_rate.*--map lr=learning_rate"):
        imported(source)
    found = imported(source, mapping={"lr": "learning_rate"}).prior
    assert [e.configuration["learning_rate"] for e in found.evaluations] == [1e-5, 3e-5]


def test_less_is_better_can_be_negated(tmp_path: Path) -> None:
    source = table(tmp_path / "r.csv", {"lr": ["1e-5", "2e-5"]}, {"eval/loss": ["1", "2"]}, ["finished"] * 2)
    found = imported(source, metric="eval/loss", negate=True).prior
    assert [e.score for e in found.evaluations] == [-1.0, -2.0] and found.metric == "-eval/loss"


def test_running_and_killed_runs_are_left_out(tmp_path: Path) -> None:
    states = ["running", "killed", "finished", "finished"]
    metrics = {**METRICS, "val-core/openai/gsm8k/reward/mean@1": ["0.1", "0.2", "0.3", "0.4"]}
    found = imported(table(tmp_path / "r.csv", VERL, metrics, states))
    assert [e.score for e in found.prior.evaluations] == [0.3, 0.4]
    assert any("left out: 2 runs, not finished" in line for line in found.lines)


def test_the_table_of_the_documented_script(tmp_path: Path) -> None:
    """`pd.DataFrame({"summary": ..., "config": ..., "name": ...}).to_csv(...)`: dictionaries as Python writes them."""
    with (tmp_path / "project.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["", "summary", "config", "name"])
        for row, (rate, score) in enumerate([(1e-5, "0.5"), (2e-5, "nan")]):
            config = f"{{'actor': {{'lr': {rate}}}, 'lr': {rate}, 'tags': [1, 2], 'note': \"it's nan\", 'seed': 3}}"
            summary = f"{{'_step': 40, 'eval/reward': {score}, '_wandb': {{'runtime': 7}}}}"
            writer.writerow([row, summary, config, f"sun-{row}"])
    found = imported(str(tmp_path / "project.csv")).prior
    assert [(e.score, e.steps, e.seed) for e in found.evaluations] == [(0.5, 40, 3), (None, 40, 3)]


@pytest.mark.parametrize("lines", [False, True])
def test_json_with_histories(tmp_path: Path, lines: bool) -> None:
    runs = [
        {
            "name": f"sun-{n}",
            "state": "finished",
            "config": {
                "learning_rate": {"value": 10.0**-n, "desc": None},
                "nested": {"kl_coef": 0.1},
                "_wandb": {"a": 1},
            },
            "summary": {"score/mean": 0.5 + n / 100, "train/global_step": 40},
            "history": [
                {"_step": 3, "train/global_step": step, "score/mean": 0.1 * step, "kl": None} for step in (1, 2)
            ]
            + ["odd"],
        }
        for n in (5, 6)
    ]
    text = "\n".join(map(json.dumps, runs)) if lines else json.dumps(runs)
    (tmp_path / "runs.json").write_text(text)
    found = imported(str(tmp_path / "runs.json"), mapping={"nested.kl_coef": "kl_coef"}).prior
    assert [(e.steps, e.score) for e in found.evaluations] == [(40, 0.55), (40, 0.56)]
    assert found.fixed == {"kl_coef": 0.1}
    found = imported(str(tmp_path / "runs.json"), reported=True).prior
    assert [(e.steps, e.score) for e in found.evaluations[:3]] == [(1, 0.1), (2, 0.2), (40, 0.55)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"Step","sun-1 - critic/score/mean"\n"1","2"\n', "chart's export.*rltune forecast"),
        ('"Name","State","lr"\n"a","finished"\n', "2 cells below a header of 3"),
        ('"Name","State"\n', "doesn't say which metric|no runs"),
        ("", "no column Name"),
        ('config,summary\n"{[1]: 2}",{}\n', "cell config isn't a dictionary"),
    ],
)
def test_a_table_of_another_kind_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(PriorError, match=told):
        convert(read_table(str(tmp_path / "r.csv"), "wandb-csv"), Wishes())


@pytest.mark.parametrize(
    "text",
    ["[1]", '{"runs": 3}', '[{"config": 3}]', '[{"config": "{"}]', "[" * 100_000, f'[{{"config": "{"[" * 100_000}"}}]'],
)
def test_json_of_another_kind_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(PriorError):
        convert(read_table(str(tmp_path / "r.json"), "wandb-json"), Wishes(metric="x"))
