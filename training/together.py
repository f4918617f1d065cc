"""What the processes of one training have to agree on, or must not have in common.

Runs in the trainer's processes; every function here is called on all of them.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

from .seams import ContractError

LAUNCHERS = ("accelerate", "torchrun", "torch.distributed", "deepspeed")


def end_with_launcher() -> None:
    """Let the system end this process with its launcher, which starts it in another session.

    A launcher that ended before, while Python was starting, is told by whom the system gave its
    processes to. Raises SystemExit then.
    """
    if sys.platform != "linux" or "LOCAL_RANK" not in os.environ:
        return
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() == 1 and not _is_launcher(1):
        raise SystemExit("The launcher of this process has ended.")


def _is_launcher(pid: int) -> bool:
    """Whether a process may be a launcher: in a container that can be the first one."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(name in command for name in LAUNCHERS)


def agreed(value, accelerator):
    """The first process's value, on every process.

    One that saw a request a step earlier than the others would wait for them for ever.
    """
    if accelerator.num_processes == 1:
        return value
    from accelerate.utils import broadcast_object_list

    return broadcast_object_list([value])[0]


def require_same_job(job: dict, processes: int) -> None:
    """All processes that were asked for train this part, from the same folder."""
    if processes != job["processes"]:
        raise ContractError(
            f"{processes} processes train together where {job['processes']} were asked for; start "
            "the run by the pack or by the lines of its launch.txt."
        )
    if processes > 1:
        from accelerate.utils import gather_object

        parts = gather_object([(job["part"], job["first_step"], job["name"])])
        if len(set(parts)) > 1:
            raise ContractError(
                "The machines see different parts of the run; its folder must be shared, under the "
                "same path on all of them."
            )


def own_noise(accelerator, seed: int) -> None:
    """Noise and timesteps of each process's own; sd-scripts seeds all of them alike."""
    if accelerator.num_processes > 1:
        from accelerate.utils import set_seed

        set_seed(seed + accelerator.process_index)
