"""Every tutorial runs as a reader would run it, with budgets and models cut as tests/docs/cuts.py says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import tutorial
from cuts import CUTS

ROOT = Path(__file__).parents[2]
PAGES = {page.stem: page for page in sorted((ROOT / "docs" / "tutorials").glob("*.md"))}
VERL = os.environ.get("RLTUNE_VERL_PYTHON") or str(ROOT / ".venv-verl" / "bin" / "python")

TOGETHER = [
    ("first-study", "read-a-report"),  # the report is of that study
    ("own-model-with-trl",),
    ("bring-your-own-trainer",),
    ("forecast-a-log",),
    ("write-a-stopping-rule",),
    ("verl-on-a-cluster",),
]
"""Tutorials that are done one after the other in the same folder."""


def text_of(name: str) -> str:
    return PAGES[name].read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[0])
def test_a_tutorial_does_what_it_says(names: tuple[str, ...], tmp_path: Path) -> None:
    if "verl-on-a-cluster" in names and not Path(VERL).exists():
        pytest.skip("no environment with verl: see the end of docs/verl.md")
    tutorial.furnish(tmp_path)
    for name in names:
        wanted = CUTS[name]
        tutorial.prepare(wanted.before, tmp_path)
        page = tutorial.cut(text_of(name), wanted.cuts).replace("VERL_PYTHON", VERL)
        tutorial.follow(page, tmp_path, chance=wanted.chance)
    for report in tmp_path.glob("studies/demo/report.html"):
        check_sections(report.read_text(encoding="utf-8"))


def check_sections(report: str) -> None:
    """The sections that read-a-report sends its reader to are in a report."""
    listed = re.findall(r"^\| ([A-Z][^|]*?) \|", text_of("read-a-report"), flags=re.MULTILINE)
    assert len(listed) >= 6
    assert [section for section in listed if f">{section}<" not in report] == []


def test_every_tutorial_is_run() -> None:
    assert sorted(name for names in TOGETHER for name in names) == sorted(PAGES) == sorted(CUTS)


@pytest.mark.parametrize("name", PAGES)
def test_no_block_is_left_out_silently(name: str) -> None:
    """Each is run, compared with what is printed, or marked with the reason why it isn't."""
    blocks = list(tutorial.blocks_of(text_of(name)))
    assert [f"line {block.line}" for block in blocks if block.kind == "unknown"] == []
    assert any(block.kind == "run" for block in blocks)
    for before, block in zip(blocks, blocks[1:], strict=False):
        assert block.kind != "output" or before.kind in ("run", "program", "output", "skip"), f"line {block.line}"


@pytest.mark.parametrize("name", PAGES)
def test_what_is_cut_and_what_is_left_to_chance_stands_in_the_page(name: str) -> None:
    text = text_of(name)
    tutorial.cut(text, CUTS[name].cuts)
    shown = "".join(block.text for block in tutorial.blocks_of(text) if block.kind == "output")
    assert [word for word in CUTS[name].chance if word not in shown] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_of_a_tutorial_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text_of(name))
    assert [target for target in targets if not (PAGES[name].parent / target).exists()] == []
    assert targets


def test_a_block_that_is_neither_run_nor_marked_is_found() -> None:
    page = "```json\n{}\n```\n\n<!-- not run: needs GPUs -->\n```console\nray start\n```\n\n```console\nls\n```\n"
    assert [block.kind for block in tutorial.blocks_of(page)] == ["unknown", "skip", "run"]
    assert [block.kind for block in tutorial.blocks_of("<!-- not run: -->\n```json\n{}\n```\n")] == ["unknown"]
    for wrong in ("  ```console\n  ls\n  ```\n", "```console\nls\n"):
        with pytest.raises(ValueError, match="line 1"):
            list(tutorial.blocks_of(wrong))


@pytest.mark.parametrize(
    ("shown", "printed", "there"),
    [
        ("winner   test accuracy 0.919 (seeds: 0.916)", "winner test accuracy 0.5 (seeds: 0.5)", True),
        ("winner   test accuracy 0.919", "recipe   test accuracy 0.919", False),
        ("[0:12] run 3 stopped by kl_runaway at step 8", "[1:02:12] run 14 stopped by kl_runaway at step 10", True),
        ("[0:12] run 3 stopped by kl_runaway at step 8", "[0:12] run 3 stopped by futility at step 8", False),
        ("lr_scheduler cosine  rollouts 16", "lr_scheduler constant rollouts 4", True),
        ("report: …/report.html", "report: studies/demo/report.html", True),
        ("a sentence that the terminal breaks", "a sentence that\nthe terminal    breaks", True),
    ],
)
def test_shown_output_is_compared_by_its_words(shown: str, printed: str, there: bool) -> None:
    assert tutorial.occurs(shown, printed) is there


def test_a_command_that_fails_or_prints_something_else_fails_the_tutorial(tmp_path: Path) -> None:
    good = "```python title=\"a.py\"\nprint('seven 7')\n```\n```console\npython a.py\n```\n```text\nseven 8\n```\n"
    tutorial.follow(good, tmp_path)
    with pytest.raises(AssertionError, match="eight"):
        tutorial.follow(good.replace("seven 8", "eight 8"), tmp_path)
    with pytest.raises(AssertionError, match="exit status 3"):
        tutorial.follow("```console\n(exit 3)\necho on\n```\n", tmp_path)
