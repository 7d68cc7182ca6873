"""A program to be run by the tests: "trains" in milliseconds and fails as it is told. Imports nothing of rltune.

fake_program.py --stop 6 --save-every 2 --out DIR [--metrics FILE] [--resume DIR] [--lr 0.1] [--fault NAME]
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

FAULTS = (
    "none",
    "crash",
    "memory",
    "allocate",
    "nan-sampling",
    "nan",
    "hang",
    "no-step",
    "from-start",
    "early",
    "no-save",
    "child",
)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stop", type=int, default=10**6)
    parser.add_argument("--save-every", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--metrics")
    parser.add_argument("--resume", default="")
    parser.add_argument("--lr", type=float, default=1.0)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--fault", choices=FAULTS, default="none")
    parser.add_argument("--at", type=int, default=3)
    parser.add_argument("--term", action="store_true", help="save at SIGTERM")
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--lean", action="store_true", help="needs no more memory than there is")
    return parser.parse_args()


def say(args: argparse.Namespace, row: dict) -> None:
    if args.metrics:
        with open(args.metrics, "a") as stream:
            print(json.dumps(row), file=stream)
    else:
        print(json.dumps(row), flush=True)


def save(args: argparse.Namespace, step: int, state: float) -> None:
    """Written under another name first, so that the folder's appearance means that it is complete."""
    final = os.path.join(args.out, f"step-{step}")
    os.makedirs(final + ".part")
    with open(os.path.join(final + ".part", "state.json"), "w") as stream:
        json.dump({"step": step, "state": state}, stream)
    shutil.rmtree(final, ignore_errors=True)
    os.rename(final + ".part", final)
    with open(os.path.join(args.out, "latest"), "w") as stream:
        stream.write(f"step-{step}")


def strike(fault: str) -> None:
    if fault == "crash":
        print("Traceback (most recent call last):\nValueError: the fake broke\nand some goodbye", flush=True)
        sys.exit(1)
    if fault == "memory":
        print("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n", flush=True)
        sys.exit(1)
    if fault == "allocate":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
        bytearray(1 << 32)
    if fault == "nan-sampling":
        print("RuntimeError: probability tensor contains either `inf`, `nan` or element < 0", flush=True)
        sys.exit(1)
    if fault == "hang":
        time.sleep(600)
    if fault == "early":
        sys.exit(0)
    if fault == "child":
        code = "import os, time; os.setpgid(0, 0); time.sleep(600)"
        subprocess.Popen([sys.executable, "-S", "-c", code])
        subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)


def main() -> None:
    args = parse()
    asked = []
    if args.term:
        signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    step, state = 0, 0.0
    if args.resume and args.fault != "from-start":
        with open(os.path.join(args.resume, "state.json")) as stream:
            loaded = json.load(stream)
        step, state = loaded["step"], loaded["state"]
    print("training starts", flush=True)
    if args.fault == "no-step":
        return
    while step < args.stop:
        time.sleep(args.pause)
        step += 1
        state += args.lr
        if step == args.at and not args.lean:
            strike(args.fault)
        row = {"step": step, "mean_reward": float("nan") if args.fault == "nan" and step == args.at else state}
        if args.validate:
            row["accuracy"] = min(1.0, state / 100)
        say(args, row)
        if args.fault != "no-save" and (step % args.save_every == 0 or asked):
            save(args, step, state)
        if asked:
            return


if __name__ == "__main__":
    main()
