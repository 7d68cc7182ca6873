"""`rltune dashboard`: a study's live page."""

from __future__ import annotations

from rltune.cli.console import TextConsole
from rltune.web.serve import Serving, serve


def main(study_at: str, host: str, port: int | None, token: str | None, allowed: tuple[str, ...], browse: bool) -> None:
    """Serves a study's live page until it is interrupted."""
    console = TextConsole()

    def tell(address: str) -> None:
        console.print(f"the study's page: {address}", soft_wrap=True, markup=False, highlight=False)
        console.print("Ctrl-C ends the page, not the study", style="dim")

    serve(study_at, Serving(host, port, token, allowed), tell, browse=browse)
