"""Describing models by headers alone."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import ModelError
from rltune.models import describe_model, embedded_names, model_source
from rltune.models.inspect import ModelInfo


def safetensors(path: Path, **shapes: list[int]) -> Path:
    header = json.dumps(
        {"__metadata__": {"format": "pt"}}
        | {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    ).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text('{"hidden_size": 16, "num_hidden_layers": 2}')
    safetensors(tmp_path / "model.safetensors", embed=[10, 16], norm=[16], scale=[])
    return tmp_path


def test_local_folder(folder):
    info = describe_model(str(folder))
    assert info == ModelInfo(str(folder), folder, 10 * 16 + 16 + 1, 16, 2, estimated=False)
    assert model_source(str(folder)) == str(folder)


def test_shards(folder):
    (folder / "model.safetensors").unlink()
    safetensors(folder / "a.safetensors", one=[3, 5])
    safetensors(folder / "b.safetensors", two=[7])
    safetensors(folder / "stray.safetensors", three=[1000])
    (folder / "model.safetensors.index.json").write_text(
        '{"weight_map": {"one": "a.safetensors", "two": "b.safetensors"}}'
    )
    assert describe_model(str(folder)).parameters == 22
    (folder / "b.safetensors").unlink()
    with pytest.raises(ModelError, match=r"1 of 2 weight files are missing, such as b\.safetensors"):
        describe_model(str(folder))


def test_other_shape_names(folder):
    (folder / "config.json").write_text('{"n_embd": 8, "n_layer": 3}')
    info = describe_model(str(folder))
    assert (info.hidden_size, info.layers) == (8, 3)
    (folder / "config.json").write_text('{"text_config": {"hidden_size": 9, "num_hidden_layers": 4}}')
    info = describe_model(str(folder))
    assert (info.hidden_size, info.layers) == (9, 4)


def test_weights_of_another_format_are_unknown_in_size(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert describe_model(str(folder)).parameters is None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Qwen/Qwen2.5-7B", 7_000_000_000),
        ("Qwen/Qwen2.5-0.5B-Instruct", 500_000_000),
        ("HuggingFaceTB/SmolLM2-135M", 135_000_000),
        ("mistralai/Mixtral-8x7B-v0.1", 56_000_000_000),
        ("microsoft/phi-2", None),
        ("openai-community/gpt2", None),
        ("org/v2beta", None),
    ],
)
def test_hub_names(name, parameters):
    info = describe_model(name)
    assert (info.path, info.parameters, info.estimated) == (None, parameters, parameters is not None)
    assert model_source(name) == name


@given(whole=st.integers(1, 999), tenth=st.integers(0, 9), unit=st.sampled_from("MBmb"))
def test_sizes_in_hub_names(whole, tenth, unit):
    scale = {"m": 10**6, "b": 10**9}[unit.lower()]
    number = f"{whole}.{tenth}" if tenth else str(whole)
    found = describe_model(f"org/model-{number}{unit}-chat").parameters
    assert found == pytest.approx((whole + tenth / 10) * scale)


@pytest.mark.parametrize(
    "name", ["", " ", "nothing", "./nowhere", "a/b/c", "/no/such/folder", "~nobody/here", "a" * 5000, "a\0b"]
)
def test_what_is_no_model(name):
    with pytest.raises(ModelError) as caught:
        describe_model(name)
    assert all(known in str(caught.value) for known in embedded_names())


def test_unknown_embedded_and_near_names():
    with pytest.raises(ModelError, match="embedded/xs, embedded/s, embedded/m"):
        describe_model("embedded/xl")
    with pytest.raises(ModelError, match="did you mean 'embedded/xs'"):
        describe_model("xs")


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("config.json", b"{", "config.json: can't be read"),
        ("config.json", b"[]", "expected a JSON object"),
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("model.safetensors", b"", "not a safetensors file"),
        ("model.safetensors", struct.pack("<Q", 4) + b'{"a"', "not a safetensors file"),
        ("model.safetensors.index.json", b"{}", "damaged"),
    ],
)
def test_damaged_folders(folder, file, content, expected):
    (folder / file).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        describe_model(str(folder))
    assert expected in str(caught.value)


def test_incomplete_folders(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights"):
        describe_model(str(folder))
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="no config.json"):
        describe_model(str(folder))


def test_describing_loads_nothing_heavy():
    code = (
        "import sys; from rltune.models import describe_model; describe_model('embedded/xs');"
        "heavy = {'torch', 'transformers', 'tokenizers', 'safetensors', 'numpy'};"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "shapes",
    [{"a": [10**400]}, {"a": [1e400]}, {"a": ["x"]}, {"a": [-1]}, {"a": [10**9, 10**9]}, {"a": {"b": 1}}],
    ids=["huge", "infinite", "text", "negative", "product", "mapping"],
)
def test_an_impossible_header_is_refused(folder, shapes):
    safetensors(folder / "model.safetensors", **shapes)
    with pytest.raises(ModelError, match="not a safetensors file"):
        describe_model(str(folder))


@pytest.mark.parametrize("name", ["../other.safetensors", "/etc/hostname", "a/b.safetensors", 5, None])
def test_weights_outside_of_the_folder_are_not_read(folder, name):
    safetensors(folder.parent / "other.safetensors", a=[1])
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(ModelError, match="expected names of files in the model's folder"):
        describe_model(str(folder))


@pytest.mark.parametrize(
    "text", ["[" * 5000, '{"a":' * 5000, '{"hidden_size": 1e400}', '{"hidden_size": ' + "9" * 4000 + "}"]
)
def test_a_configuration_of_absurd_depth_or_size(folder, text):
    (folder / "config.json").write_text(text)
    try:
        assert describe_model(str(folder)).hidden_size is None
    except ModelError as error:
        assert "can't be read" in error.message
