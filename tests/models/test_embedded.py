"""The embedded family as it is shipped: sizes, tokenizer, and what each base model can do."""

import pytest

from rltune.errors import ModelError
from rltune.models import describe_model, embedded_folder, embedded_names, is_embedded
from rltune.tasks import build_task

PARAMETERS = {"embedded/xs": 135_296, "embedded/s": 795_520, "embedded/m": 1_931_520}


def test_names_and_folders():
    assert embedded_names() == ("embedded/xs", "embedded/s", "embedded/m")
    for name in embedded_names():
        assert is_embedded(name)
        assert (embedded_folder(name) / "model.safetensors").is_file()
    assert not is_embedded("org/model")
    for unknown in ("embedded/xxl", "xs", "embedded/"):
        with pytest.raises(ModelError, match="embedded/xs, embedded/s, embedded/m"):
            embedded_folder(unknown)


@pytest.mark.parametrize("name", PARAMETERS)
def test_described_sizes(name):
    info = describe_model(name)
    assert info.parameters == PARAMETERS[name]
    assert not info.estimated
    assert info.path == embedded_folder(name)


def test_packaged_weights_are_small():
    total = sum(file.stat().st_size for name in embedded_names() for file in embedded_folder(name).iterdir())
    assert total < 6_500_000


@pytest.mark.slow  # imports transformers
class TestLoaded:
    @pytest.fixture(scope="class")
    def tokenizer(self):
        transformers = pytest.importorskip("transformers")
        return transformers.AutoTokenizer.from_pretrained(embedded_folder("embedded/xs"))

    def test_tokenizer_is_one_token_a_character(self, tokenizer):
        text = "(12+7)=19 is? no."
        tokens = tokenizer(text)["input_ids"]
        assert len(tokens) == len(text)
        assert tokenizer.decode(tokens) == text
        assert len(tokenizer("1é\n2")["input_ids"]) == 2

    def test_packaged_tokenizers_are_the_built_one(self, tokenizer):
        from transformers import AutoTokenizer  # noqa: PLC0415

        from rltune.models.tokenizer import CHARACTERS, build_tokenizer  # noqa: PLC0415

        built = build_tokenizer()
        for name in PARAMETERS:
            packaged = AutoTokenizer.from_pretrained(embedded_folder(name))
            assert packaged.get_vocab() == built.get_vocab()
            assert packaged(CHARACTERS)["input_ids"] == built(CHARACTERS)["input_ids"] == list(range(4, len(built)))

    def test_tokenizer_pads_left(self, tokenizer):
        batch = tokenizer(["1+1=", "12+34="], padding=True)
        assert batch["attention_mask"] == [[0, 0, 1, 1, 1, 1], [1] * 6]
        assert batch["input_ids"][0][:2] == [tokenizer.pad_token_id] * 2
        assert len({tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.bos_token_id}) == 3

    @pytest.mark.parametrize("name", PARAMETERS)
    def test_ability_of_the_base(self, name, tokenizer):
        torch = pytest.importorskip("torch")
        from transformers import AutoModelForCausalLM  # noqa: PLC0415

        from rltune.models.measure import measure  # noqa: PLC0415

        model = AutoModelForCausalLM.from_pretrained(embedded_folder(name)).eval()
        assert model.dtype == torch.float32
        assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]
        before = torch.random.get_rng_state()
        for level, floor in (("easy", 0.9), ("hard", 0.8)):
            task = build_task(f"arithmetic/{level}", {})
            ability = measure(model, tokenizer, task, task.examples("validation"), samples=4, seed=0)
            assert ability.greedy >= floor
            assert 0.27 <= ability.sampled <= 0.48
        assert torch.equal(before, torch.random.get_rng_state())
