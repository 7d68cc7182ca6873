"""llms.txt and llms-full.txt: the site for language models, written when it is built (`docs/hooks.py`).

llms.txt is a list of the pages with one sentence each (https://llmstxt.org); it links to the pages' own Markdown, which
lies beside them. llms-full.txt is all of that in one file. Pages that are made from docstrings have no Markdown of
their own: it is made from what the browser gets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markdownify import markdownify

_MADE = re.compile(r"^::: ", re.MULTILINE)
_BLOCK = re.compile(r"^(?:#|```|\||!\[|- |\* |<|\$\$|    )")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)")
_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_ANCHOR = re.compile(r'<a class="headerlink".*?</a>', re.DOTALL)
_GAPS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Told:
    """A page as it is told: where its Markdown lies in the site, the menu that it is in, title and text."""

    path: str
    menu: str
    title: str
    text: str

    @property
    def sentence(self) -> str:
        """The first sentence of the page's first paragraph, as plain words; empty if it begins otherwise."""
        for paragraph in _CODE.sub("", self.text).split("\n\n"):
            if paragraph.strip() and not _BLOCK.match(paragraph):
                words = _LINK.sub(r"\1", " ".join(paragraph.split())).replace("*", "")
                found = _SENTENCE.match(words)
                return found[1] if found else words.removesuffix(":")
        return ""


def text_of(markdown: str, content: str) -> str:
    """A page's Markdown: its own, or for one made from docstrings that of its HTML."""
    if not _MADE.search(markdown):
        return markdown.strip() + "\n"
    made = markdownify(_ANCHOR.sub("", content), heading_style="ATX", code_language="python", escape_underscores=False)
    return _GAPS.sub("\n\n", made).strip() + "\n"


def overview(name: str, description: str, pages: Iterable[Told]) -> str:
    """The text of llms.txt; the pages in the order of the menus."""
    lines = [f"# {name}", "", f"> {description}.", "", "Everything in one file: [llms-full.txt](llms-full.txt)."]
    for menu, group in groupby(pages, key=lambda page: page.menu):
        lines += ["", f"## {menu}", ""]
        lines += [f"- [{page.title}]({page.path})" + (f": {page.sentence}" if page.sentence else "") for page in group]
    return "\n".join(lines) + "\n"


def whole(name: str, description: str, pages: Iterable[Told]) -> str:
    """The text of llms-full.txt."""
    parts = [f"# {name}\n\n> {description}.\n"]
    parts += [f"<!-- {page.path} -->\n\n{page.text}" for page in pages]
    return "\n\n".join(parts)


def write(site: Path, name: str, description: str, pages: Iterable[Told]) -> None:
    """Writes both files, and each page's Markdown, into the folder of the built site."""
    told = list(pages)
    for page in told:
        target = site / page.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page.text, encoding="utf-8")
    (site / "llms.txt").write_text(overview(name, description, told), encoding="utf-8")
    (site / "llms-full.txt").write_text(whole(name, description, told), encoding="utf-8")
