"""Whose fault a failure is, and what follows from it.

The *configuration's* fault is a result, and learned from. The *infrastructure's* says nothing about the configuration:
the run is tried again from its newest checkpoint. A *study* that is broken fails whatever is tried in it: it stops
with the cause, before it burns the budget. Of an *unknown* fault the configuration is suspected, until others fail the
same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Whose fault a failure is."""

    CONFIGURATION = "configuration"
    INFRASTRUCTURE = "infrastructure"
    STUDY = "study"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """What went wrong."""

    DIVERGED = "diverged"
    MEMORY = "memory"
    DISK = "disk"
    DEVICE = "device"
    COLLECTIVE = "collective"
    NODE = "node"
    PREEMPTED = "preempted"
    PORT = "port"
    NETWORK = "network"
    STORAGE = "storage"
    KILLED = "killed"
    REWARD = "reward"
    DATA = "data"
    IMPORT = "import"
    CRASHED = "crashed"


FAULTS: Mapping[Cause, Fault] = {
    Cause.DIVERGED: Fault.CONFIGURATION,
    Cause.MEMORY: Fault.CONFIGURATION,
    Cause.DISK: Fault.INFRASTRUCTURE,
    Cause.DEVICE: Fault.INFRASTRUCTURE,
    Cause.COLLECTIVE: Fault.INFRASTRUCTURE,
    Cause.NODE: Fault.INFRASTRUCTURE,
    Cause.PREEMPTED: Fault.INFRASTRUCTURE,
    Cause.PORT: Fault.INFRASTRUCTURE,
    Cause.NETWORK: Fault.INFRASTRUCTURE,
    Cause.STORAGE: Fault.INFRASTRUCTURE,
    Cause.KILLED: Fault.INFRASTRUCTURE,
    Cause.REWARD: Fault.STUDY,
    Cause.DATA: Fault.STUDY,
    Cause.IMPORT: Fault.STUDY,
    Cause.CRASHED: Fault.UNKNOWN,
}

WORDS: Mapping[Cause, str] = {
    Cause.DIVERGED: "non-finite numbers",
    Cause.MEMORY: "out of memory",
    Cause.DISK: "the disk is full",
    Cause.DEVICE: "a GPU failed",
    Cause.COLLECTIVE: "communication between GPUs failed",
    Cause.NODE: "a node went away",
    Cause.PREEMPTED: "the scheduler took the machine back",
    Cause.PORT: "a network port was taken",
    Cause.NETWORK: "a connection failed",
    Cause.STORAGE: "checkpoints couldn't be kept or fetched",
    Cause.KILLED: "its process was killed from outside",
    Cause.REWARD: "the reward function failed",
    Cause.DATA: "data is missing or can't be used",
    Cause.IMPORT: "a package or module can't be imported",
    Cause.CRASHED: "it crashed",
}

REMEDIES: Mapping[Cause, str] = {
    Cause.DIVERGED: "nothing to do: the optimizer keeps away from here",
    Cause.MEMORY: "nothing to do if others fit; else a smaller batch, or `executor.gpus` for more memory",
    Cause.DISK: "free some space, with `rltune clean STUDY` if you like: the run goes on by itself",
    Cause.DEVICE: "if it happens again, look at the GPU with nvidia-smi, and leave it out of CUDA_VISIBLE_DEVICES",
    Cause.COLLECTIVE: "if it happens again, look at the log with NCCL_DEBUG=INFO, and at the network of the nodes",
    Cause.NODE: "the run goes on elsewhere, or when the node is back",
    Cause.PREEMPTED: "the run goes on when there is room again; `rltune resume STUDY` if the study was ended too",
    Cause.PORT: "end what holds the port, or give the trainer another one",
    Cause.NETWORK: "look whether what it connects to runs, and can be reached from here",
    Cause.STORAGE: "look at the object storage, and at that machine's way to it and disk: the run goes on by itself",
    Cause.KILLED: "nothing to do, unless it happens again: then look who kills it (dmesg, the scheduler's log)",
    Cause.REWARD: "mend the reward function, then `rltune resume STUDY`",
    Cause.DATA: "put the data where the study file says, then `rltune resume STUDY`",
    Cause.IMPORT: "install what is missing, then `rltune resume STUDY`",
    Cause.CRASHED: "see the end of the trial's log.txt",
}


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose fault a failure is: `evidence` is the line that told, empty if the way it ended did."""

    cause: Cause
    evidence: str = ""

    @property
    def fault(self) -> Fault:
        return FAULTS[self.cause]

    @property
    def remedy(self) -> str:
        """What a person can do."""
        return REMEDIES[self.cause]

    def __str__(self) -> str:
        said = f": {self.evidence}" if self.evidence else ""
        return f"{WORDS[self.cause]} ({self.fault}){said}"
