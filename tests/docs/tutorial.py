"""Tutorials as programs: their blocks are taken out of the page, and run in order in a folder of their own.

    python tests/docs/tutorial.py docs/tutorials/first-study.md          (as CI runs it, with cut budgets)
    python tests/docs/tutorial.py docs/tutorials/first-study.md --whole  (as the page says, to renew what it shows)

What becomes of a fenced block:

| block | what is done with it |
|---|---|
| with `title="name"` | written to that file, in place of one that is there |
| `console`, `sh` | its commands are run, one after the other, by bash in the tutorial's folder; each must succeed |
| `python` without a title | run as a program |
| `text` | what the commands before it print, shortened: each of its lines must occur there, see `occurs` |
| any, with `<!-- not run: why -->` on the line above | not run |
| any other | an error |

The folder has the clone's `examples`, as the reader's has. Where the tutorial takes minutes or a GPU,
tests/docs/cuts.py replaces what stands in the page by something smaller.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 900
"""Seconds for all commands of one block."""

RUN = ("console", "sh")
FENCE = re.compile(r"^( *)(`{3,})(.*)$")
NOT_RUN = re.compile(r"^<!-- not run: \S.* -->$")
TITLE = re.compile(r'\btitle="([^"]+)"')
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NUMBER = re.compile(r"[+-]?\d[\d.,:]*(?:e[+-]?\d+)?")
SPLIT = re.compile(r"(\s+|…|\.\.\.)")
DRAWN = re.compile(r"[\u2500-\u259f\u2800-\u28ff]")
"""Lines of figures in the terminal."""
EITHER = (("constant", "cosine", "linear"), ("second", "seconds"), ("configuration", "configurations"))
"""Words that are one or the other by luck."""


@dataclass(frozen=True)
class Block:
    """A fenced block: the line that it begins at, its language, file name and text, and whether it is marked as not
    run."""

    line: int
    language: str
    title: str | None
    text: str
    not_run: bool

    @property
    def kind(self) -> str:
        """What is done with it: `skip`, `file`, `run`, `program`, `output`; or `unknown`."""
        if self.not_run:
            return "skip"
        if self.title is not None:
            return "file"
        if self.language in RUN:
            return "run"
        return {"python": "program", "text": "output"}.get(self.language, "unknown")


def blocks_of(text: str) -> Iterator[Block]:
    """The fenced blocks of a page.

    Raises:
        ValueError: for one that isn't closed, or is indented, so that it would be missed.
    """
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if fence is None:
            number += 1
            continue
        if fence[1]:
            raise ValueError(f"line {number + 1}: an indented block can't be run; begin it at the margin")
        end = next((i for i in range(number + 1, len(lines)) if lines[i].rstrip() == fence[2]), None)
        if end is None:
            raise ValueError(f"line {number + 1}: the block isn't closed")
        title = TITLE.search(fence[3])
        before = lines[number - 1].strip() if number else ""
        language = fence[3].split()[0] if fence[3].split() else ""
        yield Block(
            number + 1,
            language,
            title and title[1],
            "\n".join(lines[number + 1 : end]) + "\n",
            NOT_RUN.match(before) is not None,
        )
        number = end + 1


def occurs(line: str, printed: str) -> bool:
    """Whether a shown line is somewhere in what was printed: any number stands for any other, `…` and `...` for
    anything, spaces and line ends for each other."""
    return re.search(_pattern(line), " ".join(printed.split())) is not None


def _pattern(line: str) -> str:
    parts = []
    for part in SPLIT.split(line.strip()):
        if part in ("…", "..."):
            parts.append(".*?")
        elif not part.strip():
            parts.append(" ?" if part else "")
        else:
            choices = next((group for group in EITHER if part in group), None)
            parts.append(f"(?:{'|'.join(choices)})" if choices else _any_number(part))
    return "".join(parts)


def _any_number(word: str) -> str:
    return r"\S+?".join(re.escape(piece) for piece in NUMBER.split(word))


def told(block: Block, chance: Sequence[str] = ()) -> list[str]:
    """The lines of a block of output that say something in words; without those that hold a text of `chance`."""
    lines = [line for line in block.text.splitlines() if re.search(r"[A-Za-z]{2}", line) and not DRAWN.search(line)]
    return [line for line in lines if not any(text in line for text in chance)]


def cut(page: str, cuts: Sequence[tuple[str, str]]) -> str:
    """The page as CI runs it.

    Raises:
        ValueError: for a text that the page doesn't have.
    """
    for there, instead in cuts:
        if there not in page:
            raise ValueError(f"the page has no {there!r} any more: correct tests/docs/cuts.py")
        page = page.replace(there, instead)
    return page


def run(block: Block, folder: Path) -> str:
    """Runs a block in the folder. Returns what it printed.

    Raises:
        AssertionError: if it fails, with the end of what it printed.
    """
    program = [sys.executable, "-"] if block.kind == "program" else ["bash", "-euo", "pipefail"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {
        **os.environ,
        # That of a process of pytest-xdist would lead other interpreters into this one's packages.
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": path,
        "COLUMNS": "160",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    process = subprocess.Popen(
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(block.text, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: nobody else's processes
        printed, _ = process.communicate()
        raise AssertionError(f"line {block.line}: not done after {LONGEST} s\n{printed[-3000:]}") from None
    printed = ESCAPES.sub("", printed)
    assert process.returncode == 0, f"line {block.line}: exit status {process.returncode}\n{printed[-3000:]}"
    return printed


def furnish(folder: Path) -> None:
    """What the reader's folder has: a clone's examples."""
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))


def prepare(program: str, folder: Path) -> None:
    """Makes what the reader brings along: `program` is Python."""
    if program:
        (folder / "data" / "gsm8k").mkdir(parents=True, exist_ok=True)
        run(Block(0, "python", None, program, not_run=False), folder)


def follow(page: str, folder: Path, *, chance: Sequence[str] = (), aloud: bool = False) -> None:
    """Does what the page says, in the folder.

    Args:
        page: its text. chance: texts of shown lines that needn't be printed. aloud: print what is run and what it
            prints, and don't compare.

    Raises:
        AssertionError: for a block that fails or is of no known kind, or a shown line that isn't printed.
    """
    printed = ""
    for block in blocks_of(page):
        assert block.kind != "unknown", f"line {block.line}: neither run nor marked by <!-- not run: why -->"
        if block.kind == "file":
            path = folder / str(block.title)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.kind in ("run", "program"):
            printed = run(block, folder)
            if aloud:
                print(f"--- line {block.line}\n{block.text}{printed}", flush=True)
        elif block.kind == "output":
            missing = [line for line in told(block, chance) if not occurs(line, printed)]
            assert not missing or aloud, f"line {block.line}: not printed: {missing}\nbut this was:\n{printed[-6000:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--whole", action="store_true", help="with the page's own budgets and models")
    arguments = parser.parse_args()
    from cuts import CUTS  # noqa: PLC0415 (beside this file, wherever it is started)

    page = arguments.page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        furnish(Path(folder))
        wanted = CUTS[arguments.page.stem]
        prepare(wanted.before, Path(folder))
        follow(cut(page, () if arguments.whole else wanted.cuts), Path(folder), aloud=True)


if __name__ == "__main__":
    main()
