"""Anything at all in the files that rltune reads: an error of its own or a result, never a crash, hang or way out."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltune.config.load import load_study
from rltune.config.names import check_name
from rltune.errors import LogError, RltuneError, TrainerError
from rltune.executors.naming import LONGEST, storable
from rltune.executors.records import SegmentFiles, collect, read_identity, read_metrics, read_started
from rltune.store.manifest import MANIFEST, verify
from rltune.trainers.external.rows import CsvRows, JsonRows
from rltune.trainers.external.script import export_lines
from rltune.trainers.logs.build import READERS, read_log
from rltune.trainers.logs.numbers import number_of
from rltune.visible import is_plain

quick = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
texts = st.text(st.characters(), max_size=60)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
odd = st.sampled_from(
    ["1e400", "-1e400", "NaN", "9" * 5000, "[" * 1_200, '{"a":' * 1_200, "\x00", "\ud800", "1e-400", '{"$float": []}']
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


MINIMAL = {"name": "x", "models": "embedded/xs", "task": "arithmetic/easy", "budget": "5m"}
KEYS = st.sampled_from(["name", "models", "task", "trainer", "space", "budget", "steps", "rungs", "store", "output"])


@quick
@given(text=texts | odd | st.binary(max_size=80).map(lambda b: b.decode("latin-1")))
def test_any_text_as_a_study_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(RltuneError):
        load_study(written(tmp_path / "study.yaml", text))


@quick
@given(changes=st.dictionaries(KEYS | texts, values, max_size=3))
def test_any_values_in_a_study_file(tmp_path: Path, changes: dict[str, object]) -> None:
    path = written(tmp_path / "study.yaml", json.dumps({**MINIMAL, **changes}))
    try:
        config = load_study(path).config
    except RltuneError as error:
        assert str(error).encode("utf-8", "backslashreplace")
    else:
        assert (tmp_path / config.name).resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + "".join(f"k{i}: &k{i} [*c, *c]\n" for i in range(1500)),
        "a: &a [*a]",
        "!!python/object/apply:os.system [true]",
        "name: !!binary aGk=",
        'name: "\\U00110000"',
        'name: "\\ud800"',
        "name: \"a\\e[31mb\"",
        'name: "a\\u202eb"',
        "{" * 1200,
        "name: " + "9" * 300_000,
        "? [a]\n: b",
    ],
    ids=["bomb", "itself", "object", "binary", "beyond", "surrogate", "escape", "bidi", "deep", "digits", "list key"],
)  # fmt: skip
def test_known_attacks_on_yaml(tmp_path: Path, text: str) -> None:
    with pytest.raises(RltuneError):
        load_study(written(tmp_path / "study.yaml", text))


@quick
@given(name=texts | st.sampled_from(["..", "a..b", "../x", "/etc", "a/b", "con\n", ".hidden", "-rf", "x" * 81, "a\n"]))
def test_a_name_is_one_file_name_or_refused(tmp_path: Path, name: str) -> None:
    try:
        check_name(name)
    except ValueError:
        return
    assert (tmp_path / name).parent == tmp_path and is_plain(name) and not name.startswith(("-", "."))


metrics = st.dictionaries(st.sampled_from(["step", "reward", "score/x", "data", "run", "log_history"]) | texts, values)


@quick
@given(lines=st.lists(metrics.map(json.dumps) | odd | texts, max_size=5), form=st.sampled_from([None, *READERS]))
def test_any_lines_in_a_log(tmp_path: Path, lines: list[str], form: str | None) -> None:
    try:
        runs = read_log(written(tmp_path / "run.log", "\n".join(lines)), form)
    except LogError:
        return
    for run in runs:
        assert all(isinstance(value, float) for metrics in run.steps for value in metrics.values.values())


@quick
@given(line=metrics.map(json.dumps) | odd | texts)
def test_any_line_of_metrics(line: str) -> None:
    for parser in (JsonRows(), JsonRows("reward"), CsvRows()):
        for row in (*parser.parse("step,reward"), *parser.parse(line)):
            assert 0 <= row.step < 10**12 and all(isinstance(v, float) for v in row.numbers.values())


@quick
@given(content=values.map(json.dumps) | odd | texts, name=st.sampled_from(["outcome", "started", "process", "order"]))
def test_any_record_of_a_segment(tmp_path: Path, content: str, name: str) -> None:
    files = SegmentFiles(tmp_path)
    written(tmp_path / f"{name}.json", content)
    written(files.metrics, content + "\n")
    read_identity(tmp_path), read_started(tmp_path), read_metrics(tmp_path)
    assert collect(tmp_path, tmp_path / "checkpoints").stop.step >= 0
    (tmp_path / f"{name}.json").unlink()


plain_outcome = {"stop": {"kind": "reached", "step": 1, "reason": "r"}, "cost": {}, "checkpoints": [], "scores": {}}


@quick
@given(changes=st.dictionaries(st.sampled_from(["stop", "cost", "checkpoints", "scores", "abstained"]), values))
def test_any_outcome_of_a_segment(tmp_path: Path, changes: dict[str, object]) -> None:
    written(SegmentFiles(tmp_path).outcome, json.dumps({**plain_outcome, "abstained": {}, **changes}))
    collect(tmp_path, tmp_path / "checkpoints")


@quick
@given(entries=values | st.lists(st.fixed_dictionaries({"name": texts, "bytes": scalars, "sha256": texts}), max_size=3))
def test_any_manifest(tmp_path: Path, entries: object) -> None:
    written(tmp_path / MANIFEST, json.dumps({"format": 1, "files": entries}))
    assert verify(tmp_path) is None or isinstance(verify(tmp_path), str)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "a/../../outside", "", ".", "/dev/zero", "link"])
def test_a_manifest_leads_to_no_file_outside(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "step-000001"
    folder.mkdir()
    (tmp_path / "outside").write_text("")
    (folder / "link").symlink_to(tmp_path / "outside")
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of nothing
    written(folder / MANIFEST, json.dumps({"files": [{"name": name, "bytes": 0, "sha256": digest}]}))
    assert verify(folder) is not None


@quick
@given(names=st.dictionaries(texts | st.just("score/" + "x" * LONGEST), st.floats(), max_size=5))
def test_names_of_numbers_that_are_recorded_can_be(names: dict[str, float]) -> None:
    kept = storable({**names, "reward": 1.0})
    assert kept["reward"] == 1.0 or "reward" in names
    assert all(name.encode() and len(name) <= LONGEST for name in kept if name)


def test_a_million_names_are_not_recorded() -> None:
    assert len(storable({f"score/{i}": 0.0 for i in range(10_000)})) == 1_000


@pytest.mark.parametrize("text", ["1" * 300_000 + "x", "1." * 500_000, "(" * 1_000_000, "np.float64(" * 1000])
def test_a_long_line_is_read_in_no_time(text: str) -> None:
    assert number_of(text) is None
    lines = (text, f"step:3 - critic/score/mean:{text}", f"{{'reward': '{text}', 'epoch': 1}}", f"{text} step:1 - a:1")
    assert all(not list(JsonRows().parse(line)) for line in lines)


@pytest.mark.parametrize("form", ["verl_console", "printed_dicts", "csv", "json_lines"])
def test_lines_of_a_megabyte_in_a_log(tmp_path: Path, form: str) -> None:
    long = "7" * 300_000
    lines = (f"step:3 - critic/score/mean:{long}x", f"{{'reward': '{long}x', 'epoch': 1}}", f"reward,{long}", long)
    path = written(tmp_path / "run.log", "\n".join(lines))
    with pytest.raises(LogError):
        read_log(path, form)


@quick
@given(environment=st.dictionaries(st.sampled_from(["A", "B_C", "x1"]) | texts, texts, max_size=3))
def test_an_exported_environment_is_what_the_shell_gets(tmp_path: Path, environment: dict[str, str]) -> None:
    plain = {n: v.replace("\0", "").encode("utf-8", "replace").decode() for n, v in environment.items()}
    try:
        lines = export_lines(plain)
    except TrainerError:
        return
    script = lines + "".join(f'printf "%s\\0" "${name}"\n' for name in plain)
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={}, timeout=20)
    assert done.stdout.decode().split("\0")[:-1] == list(plain.values())


def test_a_secret_is_not_exported() -> None:
    lines = export_lines({"HF_TOKEN": "planted", "PLAIN": "a b"})
    assert "planted" not in lines and "export PLAIN='a b'\n" in lines
    assert subprocess.run(["bash", "-c", lines], capture_output=True, env={}).returncode != 0
    asked = subprocess.run(["bash", "-c", lines + "echo $HF_TOKEN"], capture_output=True, env={"HF_TOKEN": "mine"})
    assert asked.stdout == b"mine\n"


def test_absurd_numbers_become_infinite(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", '{"step": 1, "reward": 1e400}\n{"step": 2, "reward": -1e999, "kl": NaN}\n')
    (run,) = read_log(path)
    assert [m.values["reward"] for m in run.steps] == [math.inf, -math.inf]
