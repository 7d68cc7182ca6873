"""Rewards of the user's own in the `file` task: functions by import path, reward models, groups."""

import json
import math

import pytest

from rltune.errors import TaskError
from rltune.tasks import BatchTask, Task, breakdown, build_task, grades_of, rewards_of

FUNCTIONS = '''
"""Rewards for the tests."""

def brevity(completion, limit=10):
    return limit - len(completion)

def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
    """As in verl."""
    right = solution_str.strip() == ground_truth
    return {"score": float(right) - 0.25 * extra_info["weight"], "acc": right, "from": data_source}

def greedy(completion, tokenizer): return 1.0
def deaf(prompt): return 1.0
def broken(completion): return 1 / 0
def nothing(completion): return None
def infinite(completion): return float("inf")
number = 3
'''


@pytest.fixture
def functions(tmp_path):
    path = tmp_path / "rewards.py"
    path.write_text(FUNCTIONS)
    return str(path)


@pytest.fixture
def data(tmp_path):
    def write(name, rows):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(path)

    def options(rows, **more):
        half = len(rows) // 2
        return {"train": write("train", rows[:half]), "test": write("test", rows[half:]), "validation_size": 1, **more}

    return options


def prompts(count: int) -> list[dict]:
    return [{"prompt": f"Say {n}."} for n in range(count)]


def test_a_function_needs_no_reference_answer(data, functions):
    task = build_task("file", data(prompts(6), reward=f"{functions}:brevity"))
    example = task.examples("test")[0]
    assert example.answer == ""
    assert task.reward(example, "four") == 6.0
    assert task.correct(example, "four") == 1.0
    assert task.reward(example, "x" * 12) == -2.0
    assert task.correct(example, "x" * 12) == 0.0


def test_a_verl_reward_function_gets_what_verl_gives_it(data, functions):
    rows = [
        {
            "data_source": f"source {n}",
            "prompt": [{"role": "user", "content": f"Say {n}."}],
            "reward_model": {"ground_truth": str(n)},
            "extra_info": {"weight": n},
        }
        for n in range(6)
    ]
    task = build_task("file", data(rows, reward=f"{functions}:compute_score"))
    example = next(example for example in task.examples("test") if example.answer == "3")
    assert task.reward(example, " 3") == 0.25
    assert task.correct(example, " 3") == 1.0
    assert task.reward(example, "4") == -0.75
    assert task.correct(example, "4") == 0.0
    assert isinstance(task, BatchTask)
    assert rewards_of(task, [example] * 2, ["3", "4"]) == [0.25, -0.75]
    assert grades_of(task, [example] * 2, ["3", "4"]) == [1.0, 0.0]


def test_by_module_name(data, tmp_path, monkeypatch):
    (tmp_path / "rewards_of_mine.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))
    task = build_task("file", data(prompts(6), reward="rewards_of_mine:brevity"))
    assert task.reward(task.examples("test")[0], "four") == 6.0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "has no function 'missing'"),
        ("number", "has no function 'number'"),
        ("greedy", "asks for 'tokenizer'; a reward function is called with some of prompt, completion"),
        ("deaf", "doesn't ask for the completion"),
    ],
)
def test_functions_that_cannot_serve(functions, data, name, message):
    with pytest.raises(TaskError) as caught:
        build_task("file", data(prompts(4), reward=f"{functions}:{name}"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no_such_module_here:f", "ModuleNotFoundError"),
        ("nowhere.py:f", "no such file: nowhere.py"),
        (":f", "expected package.module:function"),
        ("json:", "expected package.module:function"),
    ],
)
def test_paths_that_lead_nowhere(data, path, message):
    with pytest.raises(TaskError) as caught:
        build_task("file", data(prompts(4), reward=path))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"), [("broken", "ZeroDivisionError"), ("nothing", "TypeError"), ("infinite", "a finite number")]
)
def test_a_function_that_fails_is_named_with_the_completion(functions, data, name, message):
    task = build_task("file", data(prompts(4), reward=f"{functions}:{name}"))
    with pytest.raises(TaskError) as caught:
        task.reward(task.examples("test")[0], "this text")
    assert message in str(caught.value)
    assert "this text" in str(caught.value)
    assert f"rewards.py:{name}" in str(caught.value)


def test_groups_from_columns(data):
    rows = [{"prompt": f"{n}?", "answer": n, "level": n % 2 + 1, "meta": {"kind": "Easy One"}} for n in range(8)]
    task = build_task("file", data(rows, reward="exact", group_columns=["level", "meta.kind"]))
    test = sorted(task.examples("test"), key=lambda example: example.prompt)
    assert test[0].groups == ("level_1", "easy_one")
    assert breakdown(test, [1.0, 0.0, 1.0, 1.0]) == {"easy_one": 0.75, "level_1": 1.0, "level_2": 0.5}


def test_impossible_groups(data):
    rows = [{"prompt": f"{n}?", "answer": n, "id": n} for n in range(240)]
    with pytest.raises(TaskError, match="at most 100 groups"):
        build_task("file", data(rows, reward="exact", group_columns=["id"])).examples("train")
    with pytest.raises(TaskError, match="no column 'kind'"):
        build_task("file", data(rows, reward="exact", group_columns=["kind"])).examples("train")
    with pytest.raises(TaskError, match="must be a list"):
        build_task("file", data(rows, group_columns="id"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reward": "exact", "reward_model": "x"}, "got both"),
        ({"reward_label": 1}, "there is none"),
        ({"final_answer": "all"}, "'marked' or 'any'"),
    ],
)
def test_contradictions(data, options, message):
    with pytest.raises(TaskError, match=message):
        build_task("file", data(prompts(4), **options))


def test_number_and_letter(data):
    def task(answer: str, **options: str) -> Task:
        return build_task("file", data([{"prompt": f"{n}?", "answer": answer} for n in range(4)], **options))

    numbers = task("7", reward="number")
    assert numbers.reward(numbers.examples("test")[0], "I get 3, then 7.") == 1.0
    letters = task("B", reward="letter", final_answer="marked")
    b = letters.examples("test")[0]
    assert letters.reward(b, "\\boxed{B}") == 1.0
    assert letters.reward(b, "I take B, as said") == 0.0


@pytest.mark.parametrize(
    ("reward", "answer", "message"),
    [
        ("number", "1/2", "row 1: expected a number as answer, got '1/2'"),
        ("number", "6 * 7 #### 42", "answer_after"),
        ("letter", "(B)", "the letter of a choice as answer, A to J, got '\\(B\\)'"),
        ("letter", "b", "the bare capital letter"),
    ],
)
def test_an_answer_that_nothing_could_equal(data, reward, answer, message):
    rows = [{"prompt": f"{n}?", "answer": answer} for n in range(4)]
    with pytest.raises(TaskError, match=message):
        build_task("file", data(rows, reward=reward)).examples("train")


def test_of_equal_prompts_the_first_row_counts_with_all_its_fields(data, functions):
    rows = [{"prompt": f"Learn {n}.", "answer": "yes", "extra_info": {"weight": 9}} for n in range(4)]
    rows += [{"prompt": f"Say {n % 2}.", "answer": "yes", "extra_info": {"weight": n}} for n in range(4)]
    task = build_task("file", data(rows, reward=f"{functions}:compute_score"))
    assert {e.prompt: task.reward(e, "yes") for e in task.examples("test")} == {"Say 0.": 1.0, "Say 1.": 0.75}


@pytest.mark.slow  # imports torch and transformers
class TestRewardModel:
    @pytest.fixture(scope="class")
    def models(self, tmp_path_factory):
        """A folder with a classifier of one label and one of three, random and tiny."""
        torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
        tokenizers = pytest.importorskip("tokenizers")
        words = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[SEP]", "say", "good", "bad", "words", "."])}
        backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
        backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]", eos_token="[SEP]", model_max_length=32
        )
        folder = tmp_path_factory.mktemp("models")
        for labels in (1, 3):
            torch.manual_seed(labels)
            config = transformers.LlamaConfig(
                vocab_size=8, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                num_key_value_heads=2, max_position_embeddings=32, pad_token_id=0,
                id2label=dict(enumerate(["bad", "neutral", "good"][:labels])),
            )  # fmt: skip
            transformers.LlamaForSequenceClassification(config).save_pretrained(folder / str(labels))
            tokenizer.save_pretrained(folder / str(labels))
        return folder

    def test_one_label_gives_its_logit(self, models, data):
        task = build_task("file", data(prompts(6), reward_model=str(models / "1")))
        examples = list(task.examples("test")) * 12
        completions = [" ".join(["good", "bad", "words"][: 1 + n % 3] * (1 + n % 7)) for n in range(len(examples))]
        rewards, grades = rewards_of(task, examples, completions), grades_of(task, examples, completions)
        assert len(set(rewards)) > 5
        assert grades == pytest.approx([1 / (1 + math.exp(-r)) for r in rewards], abs=1e-5)
        # One by one, unpadded, they are the same as in batches.
        alone = [task.reward(e, c) for e, c in zip(examples, completions, strict=True)]
        assert alone == pytest.approx(rewards, abs=1e-4)

    def test_several_labels_give_a_probability(self, models, data):
        found = []
        for label in ("bad", 1, "good"):
            task = build_task("file", data(prompts(6), reward_model=str(models / "3"), reward_label=label))
            found.append(task.reward(task.examples("test")[0], "good words"))
        assert sum(found) == pytest.approx(1.0, abs=1e-5)
        assert len(set(found)) == 3

    def test_longer_texts_than_the_model_reads_are_cut(self, models, data):
        task = build_task("file", data(prompts(6), reward_model=str(models / "1")))
        assert math.isfinite(task.reward(task.examples("test")[0], "good " * 500))

    def test_a_label_that_it_lacks(self, models, data):
        for label in (None, "best", 3):
            options = {"reward_model": str(models / "3"), "reward_label": label}
            task = build_task("file", data(prompts(6), **options))
            with pytest.raises(TaskError, match="one of bad, neutral, good"):
                task.reward(task.examples("test")[0], "good")

    def test_no_such_model(self, tmp_path, data):
        task = build_task("file", data(prompts(6), reward_model=str(tmp_path / "nowhere")))
        with pytest.raises(TaskError, match="can't be loaded"):
            task.reward(task.examples("test")[0], "good")
