"""Hours of GPUs and disk, before and after anything was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.cli.plan_words import disk_lines, hours_line, plan_lines
from rltune.study.api import read_source
from rltune.study.blueprint import draw_blueprint
from rltune.study.disk import forecast_disk, free_bytes, gigabytes
from rltune.study.guess import ERROR, guess_timing
from rltune.study.hours import total
from rltune.study.plan import ModelTiming, PlanTerms, make_plan
from rltune.study.terms import footprints, guess_plan, memory_levels
from rltune.trainers.resources import Footprint

TERMS = PlanTerms(
    budget=36000.0,
    search_share=0.5,
    trials=10,
    slots=8,
    search_models=("small",),
    target="large",
    rungs=(10, 20, 40),
    confirm=3,
    seeds=3,
    gpus={"small": 1, "large": 8},
    there=8,
    pairs=4,
    sizes={"small": 10**9, "large": 90 * 10**9},
    free=10**12,
)
TIMINGS = {"small": ModelTiming(1.0, 10.0, 30.0), "large": ModelTiming(10.0, 60.0, 120.0)}


def test_hours_count_each_gpu_of_a_trial() -> None:
    plan = make_plan(TERMS, TIMINGS)
    full = 120 + 40 * 10 + 3 * 60
    assert plan.search_trials == 10 and plan.unit == "GPU-hours"
    assert plan.hours["confirm"] == {"large": pytest.approx(4 * full * 8 / 3600)}
    assert plan.hours["final"] == {"large": pytest.approx(6 * full * 8 / 3600)}
    small = 3 / sum(1 / (30 + rung * 1.0 + passed * 10) for rung, passed in ((10, 1), (20, 2), (40, 3)))
    assert plan.hours["search"] == {"small": pytest.approx(10 * small / 3600)}
    alone = make_plan(replace(TERMS, gpus={}, there=0), TIMINGS)
    assert alone.unit == "trial-hours" and alone.hours["final"]["large"] * 8 == pytest.approx(
        plan.hours["final"]["large"]
    )
    line = hours_line(plan.to_json())
    assert line.startswith(f"costs about {total(plan.hours):.0f} GPU-hours: prepare") and "small 0." in line


def test_a_model_that_fills_the_machine_runs_alone() -> None:
    assert (TERMS.at_once("small"), TERMS.at_once("large")) == (8, 1)
    assert replace(TERMS, there=0).at_once("large") == 8
    crowded = make_plan(replace(TERMS, trials=None), TIMINGS)
    spread = make_plan(replace(TERMS, trials=None, gpus={"small": 1, "large": 1}), TIMINGS)
    assert crowded.after.seconds > spread.after.seconds and crowded.search_trials == spread.search_trials


def test_checkpoints_that_may_not_fit_are_told_before_anything_is_spent() -> None:
    plan = make_plan(TERMS, TIMINGS)
    assert plan.disk is not None
    # Two of each run: 10 of the search, and on the target 4 confirmed, 6 final, 4 pairs; the one in flight has 3 more.
    assert plan.disk.most == 2 * 10 * 10**9 + 2 * 14 * 90 * 10**9 + 3 * 90 * 10**9
    assert [w for w in plan.warnings if "checkpoints may take up to 2.8 TB, and 1.0 TB are free" in w]
    assert disk_lines(plan.to_json()) == [
        "checkpoints: small 1.0 GB (computed), large 90 GB (computed); all that are kept take 2.8 TB at most, 1.0 TB "
        "are free"
    ]
    assert not make_plan(replace(TERMS, free=10**13), TIMINGS).disk.warnings  # type: ignore[union-attr]
    assert make_plan(replace(TERMS, sizes={}), TIMINGS).disk is None
    assert "checkpoints" not in "".join(plan_lines(make_plan(replace(TERMS, sizes={}), TIMINGS).to_json()))


def test_a_measured_size_takes_the_place_of_a_computed_one() -> None:
    timed = {**TIMINGS, "large": replace(TIMINGS["large"], checkpoint_bytes=50 * 10**9)}
    disk = make_plan(TERMS, timed).disk
    assert disk is not None and disk.sizes["large"] == 50 * 10**9 and disk.measured == ("large",)
    assert "large 50 GB;" in disk_lines(make_plan(TERMS, timed).to_json())[0]


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**12), min_size=1),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 100)),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 8)),
)
def test_more_runs_never_take_less(sizes: dict[str, int], runs: dict[str, int], flying: dict[str, int]) -> None:
    more = {model: count + 1 for model, count in runs.items()}
    assert forecast_disk(sizes, more, flying).most >= forecast_disk(sizes, runs, flying).most
    assert forecast_disk(sizes, runs, flying, free=None).warnings == []


def test_free_space_is_that_of_the_nearest_folder_there_is(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") == pytest.approx(free_bytes(tmp_path), rel=0.1)


@pytest.mark.parametrize(
    ("size", "text"), [(500, "0.0 MB"), (9.1e5, "0.9 MB"), (91.2e9, "91 GB"), (1.24e12, "1.2 TB"), (5e15, "5000 TB")]
)
def test_sizes_read_well(size: float, text: str) -> None:
    assert gigabytes(size) == text


# From the console logs of verl's published runs on GSM8K: seconds of a step times GPUs, validation left out.
PUBLISHED = {
    "deepseek-llm-7b-chat, GRPO": (6.9e9, Footprint(5120, 1024, 10, 0), 8, 92.7 * 8),
    "Qwen2-7B-Instruct, GPG": (7.6e9, Footprint(5120, 1024, 8, 0), 8, (363.9 - 138.0) * 8),
    "Qwen2.5-0.5B-Instruct, PPO": (0.49e9, Footprint(256, 256, 18, 0), 1, 66.0),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_guess_is_within_its_error_of_published_runs(name: str) -> None:
    parameters, footprint, gpus, measured = PUBLISHED[name]
    timing = guess_timing(parameters, footprint, response=footprint.response or 0, answers=1319, gpus=gpus)
    assert 1 / ERROR < timing.step_seconds * gpus / measured < ERROR


def test_a_guess_grows_with_the_model_and_shrinks_with_gpus() -> None:
    def seconds(parameters: float, gpus: int = 1) -> float:
        return guess_timing(parameters, Footprint(256, None, 8, 0), response=512, answers=256, gpus=gpus).step_seconds

    assert seconds(1e8) < seconds(1e9) < seconds(7e9) < seconds(7e10)
    assert seconds(7e9, 8) == pytest.approx(seconds(7e9) / 8)


def test_a_guess_for_another_machine_gives_it_the_gpus_of_the_largest_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    source = {
        "name": "eight",
        "models": {"target": "org/thing-7B", "proxies": ["org/thing-0.5B"]},
        "task": "arithmetic/easy",
        "trainer": {"name": "trl", "settings": {"accelerate": {"num_processes": {"target": 8, "proxy": 1}}}},
        "budget": "48h",
        "output": str(tmp_path),
    }
    plan = guess_plan(draw_blueprint(read_source(source)))
    assert plan is not None and plan.slots == 8 and plan.unit == "GPU-hours"
    # The target takes all of them: its hours are those of eight GPUs, one run after the other.
    runs = plan.after.confirm + 1
    full = runs * 8 * plan.full_target_seconds / 3600
    assert plan.hours["confirm"]["org/thing-7B"] == pytest.approx(full)


def test_a_study_is_guessed_from_its_models_sizes(tmp_path: Path) -> None:
    source = {
        "name": "seven",
        "models": {"target": "org/thing-7B", "proxies": ["org/thing-0.5B"]},
        "task": "arithmetic/easy",
        "budget": "48h",
        "output": str(tmp_path),
        "executor": {"device": "cpu"},
    }
    blueprint = draw_blueprint(read_source(source))
    plan = guess_plan(blueprint)
    assert plan is not None and plan.guessed and plan.disk is not None
    assert 80e9 <= plan.disk.sizes["org/thing-7B"] <= 100e9 and plan.disk.measured == ()
    assert "up to 5 times as much or as little" in hours_line(plan.to_json())
    assert footprints(blueprint).keys() == {"org/thing-7B", "org/thing-0.5B"}
    assert len(memory_levels(blueprint)["org/thing-7B"]) > 3
