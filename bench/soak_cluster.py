"""A Ray cluster for the soak, in a process of its own: a head without trials, and nodes that are replaced when lost.

    python bench/soak_cluster.py

To each line of its standard input it answers, when no node is missing, with a JSON line: the cluster's address, and the
environment entry that all of its processes carry. It ends, and the cluster with it, when its standard input does, so
that a soak that was killed leaves no cluster behind. It isn't part of the soak's own process, because Ray's threads
wouldn't survive the forks there.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import TextIO

from rltune.testing.ray_cluster import MARK, RayCluster

NODES = 2
HEAD = {"num_cpus": 0}
NODE = {"num_cpus": 1}
_LOOK_SECONDS = 1.0


def replace_lost(cluster: RayCluster) -> None:
    """A new node for each that has lost its raylet."""
    for node in cluster.nodes[1:]:
        if any(info.process.poll() is not None for info in node.all_processes.get("raylet", ())):
            cluster.nodes.remove(node)
            cluster.add(**NODE)


def serve(cluster: RayCluster, answers: TextIO) -> None:
    """Keeps the cluster whole until the standard input ends."""
    facts = json.dumps({"address": cluster.address, "entry": f"{MARK}={os.environ[MARK]}"})
    while True:
        asked, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
        if asked and not sys.stdin.readline():
            return
        replace_lost(cluster)
        if asked:
            print(facts, file=answers, flush=True)


if __name__ == "__main__":
    # Ray prints what it likes: that goes where errors go.
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        with RayCluster(HEAD, *[NODE] * NODES) as own:
            serve(own, answers)
