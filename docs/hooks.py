"""What the site does beside MkDocs: pages from the root, equations as MathML, the files for language models.

README, changelog and contributing lie in the root, where people look for them; their links are written from there. On
the site the same texts are pages, and links into docs/ become links between pages.

Equations are written as TeX in `$...$`, which GitHub shows too, and become MathML while the site is built: browsers
draw it themselves, without a script or a font from elsewhere.
"""

from __future__ import annotations

import html
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
FROM_ROOT = {"README.md": "readme.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Files of the repository's root, and the pages that they are on the site."""

_contents: dict[str, str] = {}
"""What the browser gets of each page, by the path of its source; for the files for language models."""
_navigation: list[Navigation] = []

_OUTSIDE = re.compile(r"(\]\((?:\.\./)*)\.\./(README|CHANGELOG|CONTRIBUTING)\.md")
_LINK = re.compile(r"(\]\()([^)\s#]+)")
_EQUATION = re.compile(r'<(span|div) class="arithmatex">(?:\\\((.*?)\\\)|\\\[(.*?)\\\])</\1>', re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages from the root."""
    for source, page in FROM_ROOT.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=linked(text)))
    return files


def linked(text: str) -> str:
    """A text of the root with its links as they are on the site."""

    def replaced(match: re.Match[str]) -> str:
        target = match[2]
        return match[1] + FROM_ROOT.get(target, target.removeprefix("docs/"))

    return _LINK.sub(replaced, text)


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Keeps the menus, which have the pages in their order."""
    _navigation[:] = [nav]
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links from docs/ to the root's files lead to their pages, which lie in docs/ here."""
    return _OUTSIDE.sub(lambda match: f"{match[1]}{FROM_ROOT[f'{match[2]}.md']}", markdown)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Draws the equations of a page."""
    _contents[page.file.src_uri] = content
    return _EQUATION.sub(equation, content)


def equation(match: re.Match[str]) -> str:
    """An equation that the Markdown extension has marked, as MathML."""
    within, alone = match[2], match[3]
    tex = html.unescape(within if within is not None else alone).strip()
    return convert(tex, display="inline" if within is not None else "block")


def on_post_build(config: MkDocsConfig) -> None:
    """Writes the files for language models."""
    llms = beside("llms")
    pages = [
        llms.Told(
            page.file.src_uri,
            page.ancestors[-1].title if page.ancestors else page.title,
            page.title,
            llms.text_of(page.markdown or "", _contents[page.file.src_uri]),
        )
        for page in _navigation[0].pages
    ]
    llms.write(Path(config.site_dir), config.site_name, config.site_description, pages)


def beside(name: str) -> ModuleType:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module
