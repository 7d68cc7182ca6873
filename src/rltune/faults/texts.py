"""How libraries, schedulers and the system say what went wrong: the table that attributions are made from.

Order matters: a full disk or memory on one process makes all others complain about lost connections, so that first
causes come first and their echoes last. The lines of an exception count only where they begin with its name, as a
traceback's last line does; a name inside a warning doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rltune.faults.base import Cause
from rltune.faults.shortage import says_out_of_memory


@dataclass(frozen=True, slots=True)
class Sign:
    """What tells a cause. `source`: where the words come from. `first`: only at the beginning of the reason."""

    cause: Cause
    says: Callable[[str], bool]
    source: str
    first: bool = False


def _words(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern, re.IGNORECASE)
    return lambda line: found.search(line) is not None


def _raised(names: str) -> Callable[[str], bool]:
    """An exception's own line: at the beginning, or behind the prefix of a rank, an actor or an exit status."""
    found = re.compile(rf"(?:^|[)\]:]\s+|^Error executing job.*)(?:[\w.]+\.)?(?:{names})(?::|$)")
    return lambda line: found.search(line) is not None


SIGNS: tuple[Sign, ...] = (
    # rltune's own words first: they quote completions, which may say anything.
    Sign(Cause.REWARD, _words(r"^(?:after step \d+: )?(?:reward \S+: |task reward: )"), "rltune tasks/judges.py", True),
    Sign(Cause.DATA, _words(r"^(?:after step \d+: )?task \S+: "), "rltune tasks/file.py and others", True),
    Sign(
        Cause.STORAGE,
        _words(r"^.{0,250}?(?:object storage failed|the disk is no place for checkpoints): "),
        "rltune store/storage.py, executors/shelf.py",
        True,
    ),
    Sign(Cause.MEMORY, says_out_of_memory, "see rltune.faults.shortage"),
    Sign(Cause.DISK, _words(r"No space left on device|Disk quota exceeded"), "strerror(ENOSPC), strerror(EDQUOT)"),
    Sign(Cause.DISK, _raised("OutOfDiskError"), "Ray 2.60, ray/exceptions.py"),
    Sign(Cause.DISK, _words(r"the disk is full"), "rltune executors/failures.py, executors/local/verdict.py"),
    Sign(Cause.DIVERGED, _words(r"probability tensor contains either"), "torch.multinomial, ATen/native/cuda"),
    Sign(Cause.DIVERGED, _raised("FloatingPointError"), "Python"),
    Sign(
        Cause.PREEMPTED,
        _words(r"CANCELLED AT \S+ DUE TO (?:PREEMPTION|JOB REQUEUE|TIME LIMIT)"),
        "Slurm, slurmstepd; as in SystemsGenetics/GEMmaker#242, facebookincubator/submitit#1708",
    ),
    Sign(Cause.PREEMPTED, _words(r"node was preempted|AUTOSCALER_DRAIN_PREEMPTED"), "Ray 2.60, ray/exceptions.py"),
    Sign(Cause.NODE, _words(r"CANCELLED AT \S+ DUE TO NODE FAILURE"), "Slurm, slurmstepd"),
    Sign(
        Cause.NODE,
        _words(
            r"NodeDiedError|node was terminated|node has been marked dead|node has crashed|lost connection to GCS"
            r"|local raylet died|Owner's node has crashed"
        ),
        "Ray 2.60, ray/exceptions.py and gcs_client",
    ),
    Sign(
        Cause.DEVICE,
        _words(
            r"uncorrectable ECC error|uncorrectable NVLink error|fallen off the bus|GPU is lost"
            r"|CUDA-capable device\(s\) is/are busy or unavailable|no CUDA-capable device is detected"
            r"|CUDA error: (?:an illegal memory access|unspecified launch failure|unknown error|hardware stack error)"
            r"|CUDA driver initialization failed|Unable to determine the device handle for GPU"
        ),
        "CUDA runtime, cudaGetErrorString; as in huggingface/accelerate#1192; nvidia-smi, as in rwth-i6/returnn#1486",
    ),
    Sign(
        Cause.PORT,
        _words(r"EADDRINUSE|Address already in use|address already in use"),
        "strerror(EADDRINUSE); torch's TCPStore and vLLM, as in vllm-project/vllm#15987",
    ),
    Sign(Cause.IMPORT, _raised("ModuleNotFoundError|ImportError"), "Python"),
    Sign(Cause.IMPORT, _words(r"Custom module file not found|Error loading module from module_path"), "verl 0.9.1"),
    Sign(
        Cause.DATA,
        _words(r"FileNotFoundError: .*\.(?:parquet|jsonl?|csv|tsv|arrow)\b"),
        "Python, pyarrow, verl's rl_dataset",
    ),
    Sign(Cause.DATA, _raised("DatasetNotFoundError|EmptyDatasetError|DataFilesNotFoundError"), "datasets 4"),
    Sign(
        Cause.REWARD,
        _words(r"Reward function is not implemented for data_source|, in (?:compute_score|_calculate_rewards)\b"),
        "verl 0.9.1, utils/reward_score; TRL 1.16, trainer/grpo_trainer.py",
    ),
    Sign(
        Cause.COLLECTIVE,
        _words(
            r"NCCL error|Watchdog caught collective operation timeout|NCCL timeout in:|DistBackendError"
            r"|nccl(?:RemoteError|SystemError|InternalError|UnhandledCudaError)|NCCL communicator was aborted"
            r"|HCCL error|Gloo connectFullMesh failed"
        ),
        "torch 2.13, c10d/NCCLUtils.hpp and ProcessGroupNCCL.cpp; NCCL; as in vllm-project/vllm#20226",
    ),
    Sign(
        Cause.NETWORK,
        _words(
            r"Connection refused|Connection reset by peer|Connection closed by peer|Connection timed out"
            r"|No route to host|Network is unreachable|Temporary failure in name resolution"
            r"|Max retries exceeded with url|client socket has (?:timed out|failed to connect)"
            r"|Couldn't reach .* on the Hub|LocalEntryNotFoundError"
        ),
        "strerror(ECONNREFUSED) and kin; torch's TCPStore; urllib3; huggingface_hub",
    ),
    Sign(
        Cause.KILLED,
        _words(r"was ended by signal (?:1|2|3|15) |SignalException: Process \d+ got signal: (?:1|2|15)\b"),
        "rltune trainers/external/diagnosis.py; torch 2.13, distributed/elastic/multiprocessing/api.py",
    ),
    Sign(
        Cause.KILLED,
        _raised("WorkerCrashedError|ActorDiedError|ActorUnavailableError|OwnerDiedError|ObjectLostError"),
        "Ray 2.60, ray/exceptions.py: a process vanished and left no error of its own",
    ),
)

STACK_OF_COLLECTIVE = _words(r'File "[^"]*torch/distributed/')
"""A frame in the stack that a hanging trial writes before it is ended."""


def says(cause: Cause, line: str) -> bool:
    """Whether a line has words of this cause."""
    return any(sign.says(line) for sign in SIGNS if sign.cause is cause and not sign.first)
