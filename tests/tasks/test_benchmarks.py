"""The named tasks: rows of every publisher, prompts, groups, splits, and what counts as right."""

import json
from pathlib import Path

import pytest

from rltune.errors import TaskError
from rltune.tasks import SPLITS, Task, breakdown, build_task
from rltune.tasks.mmlu import DOMAINS


def write(folder: Path, **splits: list[dict]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder)


def word_problems(start: int, stop: int) -> list[dict]:
    return [
        {"question": f"What is {n:,} + 1?", "answer": f"{n} + 1 = {n + 1}\n#### {n + 1:,}"} for n in range(start, stop)
    ]


def finished(question: str, answer: str, **more: object) -> dict:
    prompt = [{"role": "user", "content": question}]
    return {"prompt": prompt, "reward_model": {"ground_truth": answer, "style": "rule"}, **more}


def only(task: Task, split="test"):
    (example,) = task.examples(split)
    return example


@pytest.fixture
def gsm8k(tmp_path) -> str:
    return write(tmp_path / "gsm8k", train=word_problems(0, 40), test=word_problems(995, 1005))


class TestGsm8k:
    def test_splits_and_prompts(self, gsm8k):
        task = build_task("gsm8k", {"data": gsm8k, "validation_size": 10})
        assert isinstance(task, Task)
        assert (task.name, task.max_response_length) == ("gsm8k", 1024)
        assert [len(task.examples(split)) for split in SPLITS] == [30, 10, 10]
        prompts = {example.prompt: example.answer for split in SPLITS for example in task.examples(split)}
        assert len(prompts) == 50
        asked = 'What is 999 + 1? Let\'s think step by step and output the final answer after "####".'
        assert prompts[asked] == "1000"

    def test_held_out_questions_stay_whatever_the_prompt(self, gsm8k):
        plain = build_task("gsm8k", {"data": gsm8k, "validation_size": 5})
        other = build_task("gsm8k", {"data": gsm8k, "validation_size": 5, "prompt": "{question} Answer in {braces}."})
        assert [e.answer for e in plain.examples("validation")] == [e.answer for e in other.examples("validation")]
        assert other.examples("validation")[0].prompt.endswith("+ 1? Answer in {braces}.")

    def test_a_file_in_verls_schema_gives_the_same_task(self, gsm8k, tmp_path):
        suffix = ' Let\'s think step by step and output the final answer after "####".'
        rows = [finished(r["question"] + suffix, r["answer"].split("#### ")[1]) for r in word_problems(995, 1005)]
        assert len(rows) == 10
        copy = write(tmp_path / "verl", test=rows)
        assert build_task("gsm8k", {"data": copy}).examples("test") == build_task("gsm8k", {"data": gsm8k}).examples(
            "test"
        )

    def test_an_instruction_that_is_not_known_stays(self, tmp_path):
        data = write(tmp_path / "own", test=[finished("1 + 1? Mark it with ####.", "2")])
        assert only(build_task("gsm8k", {"data": data})).prompt == "1 + 1? Mark it with ####."
        asked = build_task("gsm8k", {"data": data, "prompt": "Q: {question}"})
        assert only(asked).prompt == "Q: 1 + 1? Mark it with ####."

    def test_rewards(self, gsm8k):
        strict = build_task("gsm8k", {"data": gsm8k})
        lenient = build_task("gsm8k", {"data": gsm8k, "final_answer": "any"})
        example = next(e for e in strict.examples("test") if e.answer == "1000")
        for right in ("999 + 1\n#### 1,000", "\\boxed{1000}", "#### $1000.00"):
            assert strict.reward(example, right) == 1.0
            assert strict.correct(example, right) is True
        for wrong in (
            "#### 1001",
            "#### 100",
            "1000 #### 999",
            "\\boxed{1000, 1001}\\boxed{2}",
            "",
            "#### one thousand",
        ):
            assert strict.reward(example, wrong) == lenient.reward(example, wrong) == 0.0
        assert strict.reward(example, "So it is 1000.") == 0.0
        assert lenient.reward(example, "So it is 1000.") == 1.0

    def test_the_test_split_needs_no_other(self, tmp_path):
        data = write(tmp_path / "only", test=word_problems(0, 3))
        task = build_task("gsm8k", {"data": data})
        assert len(task.examples("test")) == 3
        with pytest.raises(TaskError, match=r"no data of the train split.*expected files called train"):
            task.examples("validation")

    def test_at_most_a_fifth_is_held_out_unless_a_size_is_given(self, gsm8k):
        task = build_task("gsm8k", {"data": gsm8k})
        assert [len(task.examples(split)) for split in SPLITS] == [32, 8, 10]

    def test_its_own_validation_split(self, tmp_path):
        data = write(
            tmp_path / "own", train=word_problems(0, 10), validation=word_problems(8, 14), test=word_problems(12, 15)
        )
        task = build_task("gsm8k", {"data": data})
        assert [len(task.examples(split)) for split in SPLITS] == [8, 4, 3]
        held_out = build_task("gsm8k", {"data": data, "validation_size": 2})
        assert [len(held_out.examples(split)) for split in SPLITS] == [8, 2, 3]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"validation_size": 0}, "validation_size must be a positive"),
            ({"max_response_length": True}, "max_response_length must be a positive"),
            ({"prompt": "Solve this."}, "expected a prompt with {question} in it"),
            ({"final_answer": "first"}, "use 'marked' or 'any'"),
            ({"folder": "x"}, "unknown option 'folder'; task 'gsm8k' knows data"),
        ],
    )
    def test_impossible_options(self, options, message):
        with pytest.raises(TaskError) as caught:
            build_task("gsm8k", options)
        assert message in str(caught.value)

    def test_other_data(self, tmp_path):
        data = write(tmp_path / "other", test=[{"sentence": "a", "label": 1}])
        with pytest.raises(TaskError, match="test row 1: expected text in one of answer.*sentence, label"):
            build_task("gsm8k", {"data": data}).examples("test")
        data = write(tmp_path / "words", test=[{"question": "a", "answer": "#### blue"}])
        with pytest.raises(TaskError, match="expected a number as answer, got 'blue'"):
            build_task("gsm8k", {"data": data}).examples("test")


def competition_problem(n: int, level: object = "Level 5", subject: str = "Counting & Probability") -> dict:
    solution = f"It is a half of {n}, so $\\boxed{{\\frac{{{n}}}{{2}}}}$."
    return {"problem": f"Halve {n}.", "solution": solution, "level": level, "type": subject}


class TestMath:
    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("math_verify")

    def test_rows_of_the_hub(self, tmp_path):
        data = write(tmp_path / "math", test=[competition_problem(7)])
        example = only(build_task("math", {"data": data}))
        assert example.prompt.startswith("Halve 7. Let's think step by step")
        assert example.answer == "\\frac{7}{2}"
        assert example.groups == ("level_5", "counting_and_probability")

    def test_rows_of_math_500_and_of_verl(self, tmp_path):
        given = {"problem": "1+1?", "answer": "2", "solution": "none", "subject": "Algebra", "level": 3}
        assert only(build_task("math", {"data": write(tmp_path / "a", test=[given])})).groups == ("level_3", "algebra")
        prompt = "You are a knowledgeable math assistant. Answer the following questions and think step by step. 1+1? "
        row = finished(
            prompt + "Please output the final answer within \\boxed{}.", "2", level="Level ?", type="Algebra"
        )
        example = only(build_task("math", {"data": write(tmp_path / "b", test=[row])}))
        assert example.prompt == "1+1? Let's think step by step and output the final answer within \\boxed{}."
        assert example.groups == ("algebra",)

    def test_levels_and_subjects_choose_what_is_trained_not_what_is_tested(self, tmp_path):
        kinds = [(level, subject) for level in (1, 4, 5) for subject in ("Algebra", "Geometry")]
        problems = [competition_problem(n, f"Level {kinds[n % 6][0]}", kinds[n % 6][1]) for n in range(60)]
        data = write(tmp_path / "math", train=problems[:48], test=problems[48:])
        options = {"data": data, "levels": [4, 5], "subjects": ["geometry"], "validation_size": 6}
        task = build_task("math", options)
        assert [len(task.examples(split)) for split in SPLITS] == [10, 6, 12]
        learned = {e.groups for split in ("train", "validation") for e in task.examples(split)}
        assert learned == {("level_4", "geometry"), ("level_5", "geometry")}
        scores = breakdown(task.examples("test"), [float("level_5" in e.groups) for e in task.examples("test")])
        assert scores == {"algebra": 1 / 3, "geometry": 1 / 3, "level_1": 0.0, "level_4": 0.0, "level_5": 1.0}

    @pytest.mark.parametrize("options", [{"levels": [6]}, {"levels": 5}, {"levels": []}, {"subjects": ["Algebra"]}])
    def test_impossible_choices(self, options):
        with pytest.raises(TaskError, match="must be a list of some of"):
            build_task("math", options)

    def test_a_level_that_the_data_lacks(self, tmp_path):
        data = write(tmp_path / "m", train=[competition_problem(1, "Level 1")], test=[competition_problem(2)])
        task = build_task("math", {"data": data, "levels": [5]})
        with pytest.raises(TaskError, match="levels"):
            task.examples("train")

    def test_problems_without_an_answer_are_left_out(self, tmp_path):
        lost = {"problem": "Which?", "solution": "None of them: \\boxed{}.", "level": "Level 5", "type": "Algebra"}
        data = write(tmp_path / "m", test=[lost, competition_problem(2), finished("Which?", "")])
        assert only(build_task("math", {"data": data})).answer == "\\frac{2}{2}"

    def test_only_the_marked_answer_counts(self, tmp_path):
        task = build_task("math", {"data": write(tmp_path / "m", test=[competition_problem(7)])})
        example = only(task)
        assert task.reward(example, "So \\boxed{\\dfrac{7}{2}}.") == 1.0
        assert task.reward(example, "#### \\frac{7}{2}") == 1.0
        for wrong in ("So \\frac{7}{2}.", "\\boxed{\\frac{7}{2}} or \\boxed{}", "\\boxed{\\frac{7}{2}", ""):
            assert task.reward(example, wrong) == 0.0


class TestCompetitions:
    @pytest.fixture(autouse=True)
    def _library(self):
        pytest.importorskip("math_verify")

    @pytest.mark.parametrize(
        ("name", "row", "answer"),
        [
            ("amc23", {"id": 0, "question": "Sum?", "answer": 27.0, "url": "u"}, "27"),
            ("aime24", {"id": 60, "problem": "Sum?", "solution": "\\boxed{204}", "url": "u"}, "204"),
            ("aime24", {"ID": "2024-I-1", "Problem": "Sum?", "Solution": "long", "Answer": 204}, "204"),
            ("aime25", {"problem": "Sum?", "answer": "070", "id": "0"}, "070"),
        ],
    )
    def test_rows_of_the_hub(self, name, row, answer, tmp_path):
        math = write(tmp_path / "math", train=[competition_problem(n) for n in range(6)])
        data = write(tmp_path / name, test=[row])
        task = build_task(name, {"data": data, "train_data": math, "validation_size": 2})
        example = only(task)
        assert (example.answer, example.groups) == (answer, ())
        assert example.prompt.startswith("Sum? Let's think step by step")
        assert [len(task.examples(split)) for split in SPLITS] == [4, 2, 1]
        assert task.reward(example, f"\\boxed{{{answer.lstrip('0')}}}") == 1.0
        assert task.reward(example, "\\boxed{999}") == 0.0

    def test_one_file_of_any_name_without_math(self, tmp_path):
        write(tmp_path, aime2025=[{"question": "Sum?", "answer": "7"}])
        assert only(build_task("aime25", {"data": str(tmp_path / "aime2025.jsonl")})).answer == "7"


CHOICES = {"text": ["water", "fire", "earth", "air"], "label": ["A", "B", "C", "D"]}


class TestOpenBookQa:
    def test_rows_of_the_hub_and_of_the_authors(self, tmp_path):
        hub = {"id": "1", "question_stem": "What burns?", "choices": CHOICES, "answerKey": "B"}
        pairs = [{"text": t, "label": n} for t, n in zip(CHOICES["text"], CHOICES["label"], strict=True)]
        authors = {"id": "1", "question": {"stem": "What burns?", "choices": pairs}, "answerKey": "B"}
        first = build_task("openbookqa", {"data": write(tmp_path / "a", test=[hub])})
        second = build_task("openbookqa", {"data": write(tmp_path / "b", test=[authors])})
        assert only(first) == only(second)
        assert only(first).prompt.startswith("What burns?\nA. water\nB. fire\nC. earth\nD. air\n\nLet's think")
        assert first.reward(only(first), "It needs fuel. \\boxed{B}") == 1.0
        assert first.reward(only(first), "It needs fuel. \\boxed{C}") == 0.0
        assert first.reward(only(first), "A, B, C and D") == 0.0

    def test_its_own_validation_split_is_used(self, tmp_path):
        questions = [{"question_stem": f"{n}?", "choices": CHOICES, "answerKey": "A"} for n in range(9)]
        data = write(tmp_path / "o", train=questions[:5], dev=questions[4:7], test=questions[6:])
        task = build_task("openbookqa", {"data": data})
        assert [len(task.examples(split)) for split in SPLITS] == [4, 2, 3]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"answerKey": "E"}, "expected the right choice: one of A, B, C, D"),
            ({"answerKey": None}, "got None"),
            ({"choices": {"text": ["one"], "label": ["A"]}}, "expected 2 to 10 choices"),
            ({"choices": None}, "the columns are question_stem, choices, answerKey"),
            ({"question_stem": " "}, "expected text in one of question_stem"),
        ],
    )
    def test_broken_rows(self, change, message, tmp_path):
        row = {"question_stem": "What burns?", "choices": CHOICES, "answerKey": "B"} | change
        with pytest.raises(TaskError) as caught:
            build_task("openbookqa", {"data": write(tmp_path / "o", test=[row])}).examples("test")
        assert message in str(caught.value)
        assert "test row 1" in str(caught.value)


def quiz(n: int, subject: str, answer: object = 2) -> dict:
    return {"question": f"{n}?", "subject": subject, "choices": ["w", "x", "y", "z"], "answer": answer}


class TestMmlu:
    def test_the_four_domains(self, tmp_path):
        subjects = ["philosophy", "virology", "sociology", "astronomy"]
        task = build_task("mmlu", {"data": write(tmp_path / "m", test=[quiz(n, s) for n, s in enumerate(subjects)])})
        groups = {e.prompt[0]: e.groups for e in task.examples("test")}
        assert groups == {"0": ("humanities",), "1": ("other",), "2": ("social_sciences",), "3": ("stem",)}
        assert {e.answer for e in task.examples("test")} == {"C"}
        assert len(DOMAINS) == 57

    def test_auxiliary_train_and_validation_of_a_clone(self, tmp_path):
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        (tmp_path / "all").mkdir()
        splits = {"auxiliary_train": [quiz(n, "") for n in range(5)], "validation": [quiz(7, "anatomy")]}
        for split, rows in {**splits, "dev": [quiz(8, "anatomy")], "test": [quiz(9, "marketing")]}.items():
            pq.write_table(pa.Table.from_pylist(rows), tmp_path / "all" / f"{split}-00000-of-00001.parquet")
        (tmp_path / "anatomy").mkdir()
        pq.write_table(pa.Table.from_pylist([quiz(1, "anatomy")]), tmp_path / "anatomy/test-00000-of-00001.parquet")
        task = build_task("mmlu", {"data": str(tmp_path)})
        assert [len(task.examples(split)) for split in SPLITS] == [5, 1, 1]
        assert task.examples("train")[0].groups == ()
        assert only(task).groups == ("other",)

    def test_rows_in_a_field_of_their_own(self, tmp_path):
        data = write(tmp_path / "m", train=[{"train": quiz(n, "", "C")} for n in range(4)], test=[quiz(9, "law")])
        task = build_task("mmlu", {"data": data, "validation_size": 1})
        with pytest.raises(TaskError, match="unknown subject 'law'"):
            task.examples("test")
        data = write(tmp_path / "m", test=[quiz(9, "international_law")])
        task = build_task("mmlu", {"data": data, "validation_size": 1})
        assert len(task.examples("train")) == 3
