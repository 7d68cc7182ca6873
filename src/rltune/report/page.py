"""One self-contained HTML page: the shell around its content, and how it is written."""

from __future__ import annotations

import os
import tempfile
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from rltune.errors import ReportError
from rltune.report.markup import Html, tag

# What the page may do: its own styles, exactly the scripts that it comes with, images that plotly.js makes itself, and
# no network. A script that got in with a name, against all escaping, would not run.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"


def whole_page(title: str, body: Html) -> str:
    """The page as text, with its styles and scripts in it."""
    here = files("rltune.report")
    scripts = (get_plotlyjs(), here.joinpath("page.js").read_text(encoding="utf-8"))
    policy = f"{_POLICY}; script-src {' '.join(map(_source, scripts))}"
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{tag('title', title)}"
        f"<style>{here.joinpath('page.css').read_text(encoding='utf-8')}</style></head>"
        f"<body>{tag('main', body)}"
        f"{''.join(f'<script>{script}</script>' for script in scripts)}</body></html>\n"
    )


def _source(script: str) -> str:
    """A script as a content security policy names it: by its hash."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


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
            os.chmod(temporary, _usual_mode())
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


def _usual_mode() -> int:
    """The permissions of a new file, as the user's umask has them (temporary files are their owner's alone)."""
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask
