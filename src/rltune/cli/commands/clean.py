"""`rltune clean`: frees the disk of checkpoints, and says what that costs."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rltune.store.retention import Clearance, Removal
from rltune.study.clean import clean
from rltune.study.disk import gigabytes
from rltune.words import duration, several

SHOWN = 40
"""Lines that are printed; of more their number is told."""


def main(folder: Path, keep: str, dry_run: bool, as_json: bool) -> None:
    """Deletes what the study no longer needs, or says what that would be."""
    found = clean(folder, keep, dry_run=dry_run)
    if as_json:
        rows = [{"run": r.record.run_id, "what": _what(r), "reason": r.reason, **r.inputs()} for r in found.removals]
        print(json.dumps({"done": not dry_run, "removals": rows, "frees": _freed(found), "missing": found.missing}))
    else:
        tell(found, Console(highlight=False), dry_run)


def tell(found: Clearance, console: Console, dry_run: bool) -> None:
    """The same for people."""
    if not found.removals:
        console.print("nothing to delete: every checkpoint that is there may still be needed")
    else:
        _table(found, console)
        would = "would free" if dry_run else "freed"
        deleted = sum(not r.strip for r in found.removals)
        stripped = len(found.removals) - deleted
        costs = sum(r.chance * r.seconds for r in found.removals)
        console.print(
            f"{would} {gigabytes(_freed(found))}: {several(deleted, 'checkpoint')} deleted, "
            f"{stripped} stripped to the weights; training again is expected to cost {duration(costs)}"
        )
    if found.missing:
        console.print(f"{gigabytes(found.missing)} more are taken by checkpoints that must stay", style="yellow")
    if dry_run and found.removals:
        console.print("nothing was deleted (--dry-run)")


def _table(found: Clearance, console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("run", "step", "what", "frees", "chance", "to train again", "why"):
        table.add_column(heading)
    for r in found.removals[:SHOWN]:
        cost = duration(r.seconds) if r.chance else "–"
        row = (str(r.record.step), _what(r), gigabytes(r.frees), f"{r.chance:.2g}", cost, r.reason)
        table.add_row(r.record.run_id, *row)
    console.print(table)
    if len(found.removals) > SHOWN:
        console.print(f"... and {len(found.removals) - SHOWN} more (--json lists all)")


def _what(removal: Removal) -> str:
    return "strip" if removal.strip else "delete"


def _freed(found: Clearance) -> int:
    return sum(removal.frees for removal in found.removals)
