"""One self-contained HTML page: the shell around its content, and how it is written."""

from __future__ import annotations

import os
import tempfile
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from rltune.errors import ReportError
from rltune.report.markup import Html, tag

# What the page may do: its own styles and scripts, images that plotly.js makes itself, and no network.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"


def whole_page(title: str, body: Html) -> str:
    """The page as text, with its styles and scripts in it."""
    here = files("rltune.report")
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{tag('title', title)}"
        f"<style>{here.joinpath('page.css').read_text(encoding='utf-8')}</style></head>"
        f"<body>{tag('main', body)}"
        f"<script>{get_plotlyjs()}</script>"
        f"<script>{here.joinpath('page.js').read_text(encoding='utf-8')}</script></body></html>\n"
    )


def write_page(page: str, path: Path) -> Path:
    """Writes a page, whole or not at all; makes its folder.

    Raises:
        ReportError: if the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(page)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReportError(
            f"the report can't be written: {error.strerror or error}",
            where=str(path),
            hint="name a file in a folder that you may write to",
        ) from error
    return path
