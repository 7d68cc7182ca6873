"""Soak: small real studies, struck by real faults at random moments, resumed until they end, and judged.

    python bench/soak.py [--faults 200] [--seed 0] [--only NAME ...] [--kinds KIND ...] [--folder DIR]

After each study: nothing that was committed is lost or changed, nothing is doubled, all numbers are those of the same
study undisturbed, no process and no temporary file is left over, and the report is right. Each study adds a line to
bench/data/soak.jsonl; a soak that was interrupted goes on behind the last line of its seed. The count of each fault and
outcome is printed at the end; the exit status says whether all was well. Faults and kinds of studies that this machine
can't have (no root, no C compiler, no PostgreSQL, no Ray) are named and left out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

from rltune.testing.faults.base import Fault, NothingToHit
from rltune.testing.faults.build import FAULTS, find_fault
from rltune.testing.faults.clock import CLOCK_FILE, set_shift, shifted_environment
from rltune.testing.faults.disk import small_disk
from soak_controller import start
from soak_grounds import Grounds, possible_faults
from soak_siege import Siege
from soak_studies import DISK_MEGABYTES, KINDS, PACE, TWINS, write_study
from soak_verdict import Snapshot, take_snapshot

DATA = Path(__file__).parent / "data" / "soak.jsonl"
DEFAULT_KINDS = ("toy", "program", "server", "toy", "program", "ray", "grpo")
MOST_FAULTS = 8
"""At most so many faults strike one study."""
REFERENCE_SECONDS = 1800.0


def main() -> int:
    # A soak that is ended tidies up: its controller, its disk.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = _arguments()
    folder = arguments.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    clock = _shift_the_clock(folder)
    faults = [find_fault(name) for name in arguments.only or FAULTS]
    done = _read(arguments.data, arguments.seed)
    struck = Counter(blow["fault"] for line in done for blow in line["faults"])
    idle = 0
    with Grounds(folder) as grounds:
        arguments.kinds = _possible_kinds(arguments.kinds, grounds)
        while struck.total() < arguments.faults and idle < len(arguments.kinds) * 2:
            line = _study(arguments, folder, clock, grounds, faults, len(done), struck)
            with arguments.data.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
            done.append(line)
            idle = 0 if line["faults"] else idle + 1
            _say(line, struck.total())
    return _conclude(done, faults)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=200, help="how many faults in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=FAULTS, help="only these faults")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=DEFAULT_KINDS, help="studies, in turns")
    parser.add_argument("--folder", type=Path, default=Path("soak"), help="where the studies lie while they run")
    parser.add_argument("--data", type=Path, default=DATA, help="where the results are kept")
    return parser.parse_args()


def _shift_the_clock(folder: Path) -> Path | None:
    """Starts this program anew with a wall clock that can be shifted; the clock's file, once that is done."""
    if CLOCK_FILE not in os.environ:
        with contextlib.suppress(NothingToHit):
            shifted = shifted_environment(folder, folder / "clock")
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **shifted})
    return Path(os.environ[CLOCK_FILE]) if CLOCK_FILE in os.environ else None


def _possible_kinds(kinds: Sequence[str], grounds: Grounds) -> list[str]:
    """Those that this machine can have; the others are named."""
    missing = set()
    for kind in dict.fromkeys(kinds):
        try:
            grounds.prepare(kind)
        except NothingToHit as reason:
            print(f"no studies of the kind {kind} here: {reason}", flush=True)
            missing.add(kind)
    return [kind for kind in kinds if kind not in missing] or sys.exit("none of the studies is possible here")


def _study(
    arguments: argparse.Namespace,
    folder: Path,
    clock: Path | None,
    grounds: Grounds,
    faults: Sequence[Fault],
    number: int,
    struck: Counter[str],
) -> dict[str, object]:
    """One study, from its file to the verdict. A study with complaints is kept for those who look into them."""
    kind: str = arguments.kinds[number % len(arguments.kinds)]
    undisturbed = _undisturbed(folder, TWINS.get(kind, kind))
    rng = Random(f"{arguments.seed}/{number}")
    name = f"{arguments.seed}-{number:03d}"
    began = time.monotonic()
    if clock is not None:
        set_shift(clock, 0.0)
    with contextlib.ExitStack() as stack:
        place = folder / f"disk-{name}"
        with contextlib.suppress(NothingToHit):
            stack.enter_context(small_disk(place, DISK_MEGABYTES[kind]))
        place.mkdir(exist_ok=True)
        file, log = folder / f"{name}.yaml", folder / f"{name}.log"
        ground = stack.enter_context(grounds.stand(kind))
        study = write_study(kind, file, place, ground.settings)
        most = min(MOST_FAULTS, arguments.faults - struck.total())
        possible, pace = possible_faults(kind, faults), PACE.get(kind, 1.0)
        siege = Siege(study, file, log, clock, possible, most, struck, rng, ground.cluster, pace)
        siege.run(undisturbed)
        if siege.complaints:
            shutil.copytree(study, folder / f"broken-{name}", dirs_exist_ok=True)
    shutil.rmtree(place, ignore_errors=True)
    head = {"seed": arguments.seed, "study": number, "kind": kind, "seconds": round(time.monotonic() - began, 1)}
    return head | siege.record()


def _undisturbed(folder: Path, kind: str) -> Snapshot:
    """The numbers of the same study without a fault; it is run once."""
    place = folder / "undisturbed"
    study = place / kind
    finished = place / f"{kind}.finished"
    if not finished.exists():
        shutil.rmtree(study, ignore_errors=True)
        place.mkdir(exist_ok=True)
        write_study(kind, place / f"{kind}.yaml", place, {})
        controller = start(["run", str(place / f"{kind}.yaml"), "--quiet"], place / f"{kind}.log", "undisturbed")
        if not controller.wait(REFERENCE_SECONDS) or controller.status != 0:
            controller.kill()
            sys.exit(f"the study {kind} doesn't even end undisturbed: {controller.said()[-1000:]}")
        finished.touch()
    snapshot = take_snapshot(study)
    assert snapshot is not None and None not in snapshot.evaluations.values()
    return snapshot


def _read(data: Path, seed: int) -> list[dict]:
    if not data.exists():
        return []
    return [line for text in data.read_text().splitlines() if (line := json.loads(text))["seed"] == seed]


def _say(line: dict, total: int) -> None:
    names = ", ".join(blow["fault"] for blow in line["faults"])
    print(f"study {line['study']} ({line['kind']}, {line['seconds']:.0f} s): {names or 'no fault'}; {total} in all")
    for complaint in line["complaints"]:
        print(f"  WRONG: {complaint}")
    sys.stdout.flush()


def _conclude(done: Sequence[dict], faults: Sequence[Fault]) -> int:
    blows = [blow for line in done for blow in line["faults"]]
    outcomes = sorted({blow["outcome"] for blow in blows})
    counts = Counter((blow["fault"], blow["outcome"]) for blow in blows)
    print(f"\n{'fault':<22}{'struck':>8}" + "".join(f"  {outcome}" for outcome in outcomes))
    for name in sorted({blow["fault"] for blow in blows}):
        row = "".join(f"  {counts[name, outcome]:>{len(outcome)}}" for outcome in outcomes)
        print(f"{name:<22}{sum(counts[name, outcome] for outcome in outcomes):>8}{row}")
    missing = [fault.name for fault in faults if not any(blow["fault"] == fault.name for blow in blows)]
    complaints = [complaint for line in done for complaint in line["complaints"]]
    ended = sum(not line["refused"] for line in done)
    print(f"\n{len(blows)} faults in {len(done)} studies; {sum(line['resumes'] for line in done)} times resumed")
    print(f"{ended} studies ended, {len(done) - ended} refused with a clear error; {len(complaints)} complaints")
    if missing:
        print(f"never possible here: {', '.join(missing)}")
    print("nothing lost, nothing doubled, nothing left over" if not complaints else "FAILED")
    return 1 if complaints else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on")
