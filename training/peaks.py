"""Peak memory of the trainer's process, for its events and the estimate of later runs."""

import os
import sys


def peaks() -> dict[str, float]:
    """Peak of this process so far, in GB (10^9 bytes); of a GPU what torch had reserved on it."""
    import torch

    found = {}
    if os.name == "posix":
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        found["peak_memory_gb"] = round(peak / 1e9, 3)
    if torch.cuda.is_available():
        found["peak_gpu_gb"] = round(torch.cuda.max_memory_reserved() / 1e9, 3)
    return found
