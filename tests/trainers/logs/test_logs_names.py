"""The table of names: the docs show all of it, and nothing means two things."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rltune.trainers.logs.names import OTHER_NAMES, canonical, hint_for, lookup
from rltune.trainers.logs.rollouts import averaged
from rltune.trainers.trl.metrics import NAMES
from rltune.types import METRIC_NAMES


def test_the_docs_show_every_name_that_is_read(repository: Path) -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (repository / "docs" / "metrics.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    for name in METRIC_NAMES:
        shown = " ".join(cell for row in rows if row[0] == f"`{name}`" for cell in row[1:])
        # Canonical names that no trainer uses under that name have no TRL name of their own.
        trl = [alias for alias, canonical_name in NAMES.items() if canonical_name == name and name != "policy_kl"]
        for alias in (*trl, *OTHER_NAMES.get(name, ())):
            assert f"`{alias}`" in shown, f"docs/metrics.md lacks {alias} in the row of {name}"


def test_a_name_means_one_thing() -> None:
    names = [alias for aliases in OTHER_NAMES.values() for alias in aliases]
    assert len(names) == len(set(names)) and not set(names) & {*NAMES, *METRIC_NAMES}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"critic/rewards/mean": 1.0, "critic/score/mean": 2.0}, {"reward": 2.0}),
        ({"critic/kl": 1.0, "actor/kl_loss": 2.0}, {"kl": 2.0}),
        ({"actor/entropy_loss": 1.0, "actor/entropy": 2.0}, {"entropy": 2.0}),
        ({"train/reward": 1.0, "train/completions/clipped_ratio": 0.5}, {"reward": 1.0, "truncated_fraction": 0.5}),
        ({"train/rewards/fn/mean": 1.0}, {"reward": 1.0}),
        ({"actor/lr(1e-4)": 0.01}, {"learning_rate": pytest.approx(1e-6)}),
        ({"val-core/gsm8k/acc/mean@4": 0.5, "val-aux/gsm8k/reward/std@4": 0.1}, {"score/gsm8k/acc/mean@4": 0.5}),
        ({"val/test_score/openai/gsm8k": 0.5}, {"score/openai/gsm8k": 0.5}),
        ({"eval/math/avg@8": 0.5, "eval/math/policy_version": 3.0}, {"score/math/avg@8": 0.5}),
        ({"eval_math_pass4": 0.5, "eval_loss": 3.0}, {"score/math_pass4": 0.5}),
        ({"actor/lr(nonsense)": 1.0, "train/": 1.0, "score/": 1.0, "": 1.0}, {}),
    ],
)
def test_names_of_trainers(raw: dict[str, float], expected: dict[str, float]) -> None:
    assert canonical(raw) == expected


def test_every_canonical_name_is_its_own() -> None:
    for name in (*METRIC_NAMES, "validate_seconds", "score/mean"):
        known = lookup(name)
        assert known is not None and (known.name, known.rank) == (name, 0)


def test_updates_are_averaged_but_tokens_add_up() -> None:
    merged = averaged([{"kl": 1.0, "tokens": 5.0, "reward": 0.5}, {"kl": 3.0, "tokens": 7.0, "entropy": math.nan}])
    assert math.isnan(merged.pop("entropy"))
    assert merged == {"kl": 2.0, "tokens": 12.0, "reward": 0.5}
    assert math.isnan(averaged([{"kl": math.inf}, {"kl": -math.inf}])["kl"])


def test_a_hint_guesses_what_was_meant() -> None:
    assert "'grad_nrom': did you mean 'grad_norm'?" in hint_for(("foo", "grad_nrom"))
