"""`rltune forecast` on logs as they lie around: what is printed, what is written, and which mistakes are told."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rltune.cli.main import main

_DATA = os.environ.get("RLTUNE_SHARED_DATA")
LOGS = (Path(_DATA) if _DATA else Path(__file__).parents[3] / "shared" / "data") / "verl_logs"
KEYS = {
    *("file", "run", "metric", "steps_seen", "horizon", "now", "forecast", "interval", "coverage", "phase", "phases"),
    *("law", "laws", "advised_stop", "worth", "noise", "actual", "inside", "refused", "notes"),
}

Command = Callable[..., tuple[int, str, str]]
Curve = Callable[[int], float]


def rising(step: int) -> float:
    return 0.2 + 0.6 * (1 - math.exp(-step / 25)) + 0.02 * random.Random(step).gauss(0, 1)


@pytest.fixture
def rltune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command in a folder of its own: arguments -> (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rltune", "forecast", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        return int(end.value.code or 0), out, err

    return call


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON lines, strictly: a NaN or an Infinity among them is an error."""

    def refuse(token: str) -> float:
        raise AssertionError(f"{token} in the JSON")

    found = [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
    assert all(set(each) == KEYS for each in found)
    return found


def canonical(path: Path, n: int = 100, reward: Curve = rising, run: str | None = None) -> Path:
    named = {"run": run} if run else {}
    lines = [json.dumps({"step": i, "reward": reward(i), "kl": 0.01, **named}) for i in range(1, n + 1)]
    with path.open("a") as file:
        file.write("\n".join(lines) + "\n")
    return path


def verl(path: Path, n: int = 100, planned: int | None = None) -> Path:
    lines = [f"(TaskRunner pid=1) Total training steps: {planned}"] if planned else []
    lines += [
        f"(TaskRunner pid=1) step:{i} - actor/kl_loss:0.001 - actor/grad_norm:0.2 - critic/score/mean:{rising(i):.3f}"
        for i in range(1, n + 1)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def table(path: Path, n: int = 100) -> Path:
    path.write_text("step,reward,kl\n" + "".join(f"{i},{rising(i)},0.01\n" for i in range(1, n + 1)))
    return path


@pytest.mark.parametrize("write", [canonical, verl, table])
def test_every_kind_of_log_gives_one_object(write: Callable[[Path], Path], rltune: Command, tmp_path: Path) -> None:
    name = write(tmp_path / "my_run.log").name
    status, out, err = rltune(name, "--horizon", "200", "--json")
    (found,) = objects(out)
    assert status == 0 and err == ""
    assert (found["file"], found["run"], found["metric"]) == (name, None, "reward")
    assert (found["steps_seen"], found["horizon"], found["coverage"]) == (100, 200, 0.8)
    low, high = found["interval"]
    assert low < found["forecast"] < high and abs(found["forecast"] - 0.8) < 0.1
    assert found["phase"] == found["phases"][-1]["name"] and found["phases"][0]["first_step"] == 1
    assert found["law"] == found["laws"][0] and len(found["laws"]) >= 3
    assert set(found["law"]) == {"name", "parameters", "asymptote", "weight"}
    assert set(found["advised_stop"]) == {"step", "reward_given_up", "compute_saved", "reason"}
    assert found["refused"] is None and found["actual"] is None and found["inside"] is None
    assert abs(found["noise"] - 0.02) < 0.01 and abs(found["worth"] - 0.01) < 1e-9


def test_upto_sees_the_first_part_and_tells_what_came(rltune: Command, tmp_path: Path) -> None:
    canonical(tmp_path / "run.jsonl")
    by_share, by_step = (objects(rltune("run.jsonl", "--upto", part, "--json")[1])[0] for part in ("0.4", "40"))
    assert by_share == by_step
    assert (by_share["steps_seen"], by_share["horizon"]) == (40, 100)
    assert by_share["actual"] == pytest.approx(sum(map(rising, range(91, 101))) / 10)
    assert by_share["inside"] == (by_share["interval"][0] <= by_share["actual"] <= by_share["interval"][1])
    status, out, _ = rltune("run.jsonl", "--upto", "0.4")
    assert status == 0 and "over the last tenth of the steps" in out and "seen to 40" in out


def test_the_plan_of_a_log_is_its_horizon(rltune: Command, tmp_path: Path) -> None:
    verl(tmp_path / "run.log", planned=300)
    assert objects(rltune("run.log", "--json")[1])[0]["horizon"] == 300
    assert objects(rltune("run.log", "--json", "--upto", "0.5")[1])[0]["horizon"] == 100


@pytest.mark.parametrize(
    ("n", "reward", "words"),
    [
        (120, lambda i: 0.8 if i < 60 else max(0.05, 0.8 - 0.05 * (i - 60)), "has fallen"),
        (5, rising, "too few"),
        (60, lambda i: math.nan if i > 30 else rising(i), "step 31"),
        (60, lambda i: -math.inf if i == 40 else rising(i), "step 40"),
        (60, lambda i: 0.0, "at all 60 steps"),
    ],
)
def test_a_refusal_is_an_answer(n: int, reward: Curve, words: str, rltune: Command, tmp_path: Path) -> None:
    canonical(tmp_path / "run.jsonl", n, reward)
    status, out, err = rltune("run.jsonl", "--horizon", "200", "--json")
    (found,) = objects(out)
    assert status == 0 and err == "" and words in found["refused"]
    assert found["forecast"] is found["interval"] is found["advised_stop"] is None
    status, out, _ = rltune("run.jsonl", "--horizon", "200")
    assert status == 0 and "no forecast" in out and words in " ".join(out.split())


def test_several_runs_in_a_file_are_several_objects(rltune: Command, tmp_path: Path) -> None:
    for run in ("a", "b"):
        canonical(tmp_path / "runs.jsonl", run=run)
    assert [each["run"] for each in objects(rltune("runs.jsonl", "--json")[1])] == ["a", "b"]


def test_one_unreadable_file_doesn_t_stop_the_others(rltune: Command, tmp_path: Path) -> None:
    canonical(tmp_path / "run.jsonl")
    (tmp_path / "empty.log").write_text("")
    (tmp_path / "binary.log").write_bytes(bytes(range(256)) * 20)
    status, out, err = rltune("nowhere.log", "empty.log", "run.jsonl", "binary.log", "--json")
    assert status == 2 and [each["file"] for each in objects(out)] == ["run.jsonl"]
    assert err.count("error:") == 3 and all(name in err for name in ("nowhere.log", "empty.log", "binary.log"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--upto", "1.5"), ("upto", "1.5", "hint:")),
        (("--upto", "0"), ("upto", "hint:")),
        (("--upto", "half"), ("upto", "half", "hint:")),
        (("--upto", "0.3", "--horizon", "500"), ("upto", "hint:")),
        (("--horizon", "50"), ("before the last step 100", "run.jsonl", "hint:")),
        (("--coverage", "80"), ("coverage", "hint:")),
        (("--bounds", "1", "0"), ("bounds", "LOW < HIGH")),
        (("--bounds", "0.5", "1"), ("outside of the bounds", "run.jsonl", "hint:")),
        (("--worth", "-1"), ("worth",)),
        (("--metric", "rewrd"), ("rewrd", "did you mean 'reward'", "kl", "run.jsonl")),
        (("--format", "verl"), ("verl", "verl_console", "hint:")),
        (("--html", "run.jsonl/page.html"), ("run.jsonl/page.html", "hint:")),
    ],
)
def test_mistakes(arguments: tuple[str, ...], words: tuple[str, ...], rltune: Command, tmp_path: Path) -> None:
    canonical(tmp_path / "run.jsonl")
    status, _, err = rltune("run.jsonl", *arguments)
    assert status == 2 and err.count("error:") == 1 and "Traceback" not in err
    assert all(word in err for word in words), err


def test_options_reach_the_forecast(rltune: Command, tmp_path: Path) -> None:
    canonical(tmp_path / "run.jsonl", reward=lambda i: -100 * (1 - rising(i)))
    arguments = ("run.jsonl", "--horizon", "150", "--json")
    narrow = objects(rltune(*arguments, "--coverage", "0.5")[1])[0]
    wide = objects(rltune(*arguments, "--coverage", "0.95", "--bounds", "-200", "0", "--worth", "3")[1])[0]
    assert narrow["coverage"] == 0.5 and wide["worth"] == 3.0
    assert wide["interval"][1] - wide["interval"][0] > narrow["interval"][1] - narrow["interval"][0]
    assert objects(rltune(*arguments, "--metric", "kl")[1])[0]["metric"] == "kl"


def test_html_is_written_only_when_asked_for(rltune: Command, tmp_path: Path) -> None:
    canonical(tmp_path / "run.jsonl")
    status, out, _ = rltune("run.jsonl")
    assert status == 0 and [path.name for path in tmp_path.iterdir()] == ["run.jsonl"]
    assert max(map(len, out.splitlines())) <= 80
    status, out, err = rltune("run.jsonl", "--html", "new/page.html", "--json")
    assert status == 0 and len(objects(out)) == 1 and "wrote new/page.html" in err
    assert "run.jsonl" in (tmp_path / "new" / "page.html").read_text(encoding="utf-8")
    assert "wrote new/page.html" in rltune("run.jsonl", "--html", "new/page.html")[1]
    status, out, err = rltune("run.jsonl", "--html", "run.jsonl/page.html")
    assert status == 2 and "stop" in out and "can't be written" in err  # the forecast isn't lost with the page


def test_help_shows_how(rltune: Command) -> None:
    status, out, _ = rltune("--help")
    assert status == 0 and "--upto 0.3" in out and "--horizon 400" in out


@pytest.mark.slow
def test_it_needs_no_torch(tmp_path: Path) -> None:
    canonical(tmp_path / "run.jsonl", 20)
    code = (
        "import sys; sys.argv = ['rltune', 'forecast', 'run.jsonl', '--json']\n"
        "from rltune.cli.main import app\n"
        "app(standalone_mode=False)\n"
        "assert not {'torch', 'transformers', 'trl', 'botorch', 'ray'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_function_for_arrays_is_at_the_top() -> None:
    code = "import rltune, sys; assert 'scipy' not in sys.modules; print(rltune.forecast([0.1] * 5).reason)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "too few" in done.stdout


@pytest.mark.skipif(not LOGS.is_dir(), reason=f"no published logs in {LOGS}")
@pytest.mark.parametrize("arguments", [(), ("--upto", "0.3"), ("--upto", "0.5")])
def test_published_logs(arguments: tuple[str, ...], rltune: Command) -> None:
    files = sorted(map(str, LOGS.glob("*.log")))
    status, out, err = rltune(*files, *arguments, "--json")
    found = objects(out)
    assert status == 0 and err == "" and [each["file"] for each in found] == files
    for each in found:
        assert each["refused"] is None and 0.6 < each["forecast"] <= 1.0
        if arguments:
            assert abs(each["forecast"] - each["actual"]) < 0.06
        else:
            assert each["steps_seen"] == each["horizon"] and each["advised_stop"]["reward_given_up"] <= 0.01
