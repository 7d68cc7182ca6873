"""A training program for the soak, in the standard library alone: its numbers follow from all bytes of its weights.

What a resume gets wrong (a checkpoint that was damaged unseen, a step counted twice) shows in every number after it.

    soak_program.py --out DIR --metrics FILE --stop 8 --save-every 2 --lr 0.1 --seed 0 [--resume DIR] [--pause 0.1]
    soak_program.py --score DIR
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import signal
import time

WEIGHT_BYTES = 4096


def grown(seed: bytes, size: int) -> bytes:
    """`size` bytes that follow from `seed`."""
    return b"".join(hashlib.sha256(seed + bytes([n % 256, n // 256])).digest() for n in range(size // 32))


def luck(weights: bytes) -> float:
    """A number from 0 to 1 that follows from all bytes of the weights."""
    return int.from_bytes(hashlib.sha256(weights).digest()[:4], "big") / 2**32


def save(args: argparse.Namespace, step: int, weights: bytes) -> None:
    """Written under another name first, so that the folder's appearance means that it is complete."""
    final = os.path.join(args.out, f"step-{step}")
    part = final + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    files = {"weights.bin": weights, "optimizer.bin": grown(weights, WEIGHT_BYTES // 2), "step.json": b"%d" % step}
    for name, content in files.items():
        with open(os.path.join(part, name), "wb") as stream:
            stream.write(content)
    shutil.rmtree(final, ignore_errors=True)
    os.rename(part, final)


def load(folder: str) -> tuple[int, bytes]:
    with open(os.path.join(folder, "step.json")) as stream:
        step = json.load(stream)
    with open(os.path.join(folder, "weights.bin"), "rb") as stream:
        return step, stream.read()


def train(args: argparse.Namespace) -> None:
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    step, weights = load(args.resume) if args.resume else (0, grown(b"%d" % args.seed, WEIGHT_BYTES))
    while step < args.stop and not asked:
        time.sleep(args.pause)
        step += 1
        weights = grown(weights + json.dumps([step, args.lr]).encode(), WEIGHT_BYTES)
        reward = step / args.horizon * math.exp(-((math.log10(args.lr)) ** 2)) * (0.9 + 0.1 * luck(weights))
        if step % args.save_every == 0 or asked:
            save(args, step, weights)
        with open(args.metrics, "a") as stream:
            print(json.dumps({"step": step, "mean_reward": reward, "accuracy": reward}), file=stream)


def main() -> None:
    parser = argparse.ArgumentParser()
    options = {"stop": int, "save-every": int, "horizon": int, "seed": int, "lr": float, "pause": float}
    for name in (*options, "out", "metrics", "resume", "score"):
        parser.add_argument(f"--{name}", type=options.get(name, str))
    args = parser.parse_args()
    if args.score is None:
        train(args)
    else:
        print(json.dumps({"mean": luck(load(args.score)[1]) if args.score else 0.1}))


if __name__ == "__main__":
    main()
