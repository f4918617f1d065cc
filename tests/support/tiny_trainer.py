"""Stands in for the trainer's Python: the same interpreter, with sd-scripts at the tiny size.

`make_interpreter` writes a small program that a test gives as SD_SCRIPTS_PYTHON. It starts this
file, which shrinks sd-scripts and then runs the script that was asked for as if called directly.
The product knows nothing of it. TINY_START_METHOD chooses how data-loader workers start.
"""

import multiprocessing
import os
import runpy
import sys
from pathlib import Path


def make_interpreter(folder: Path, start_method: str = "fork") -> Path:
    """An executable that behaves like the interpreter in SD_SCRIPTS_PYTHON (else this one).

    start_method: how data-loader workers start.
    """
    real = os.environ.get("SD_SCRIPTS_PYTHON", sys.executable)
    path = folder / f"python-{start_method}"
    command = f'exec "{real}" "{Path(__file__).resolve()}" {start_method} "$@"'
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
    return path


def note_times(file: Path) -> None:
    """Write the CPU time of this process at each of sd-scripts' steps when it ends."""
    import atexit
    import json
    import time

    from tqdm import tqdm

    times, update = [], tqdm.update

    def noted(self, n=1):
        if self.desc == "steps":
            times.append(time.process_time())
        return update(self, n)

    tqdm.update = noted
    atexit.register(lambda: file.write_text(json.dumps(times)))


def leave_frozen_models_alone() -> None:
    """On several CPU processes accelerate wraps frozen models too, which torch refuses."""
    from accelerate import Accelerator

    prepare = Accelerator.prepare_model

    def prepare_model(self, model, device_placement=None, evaluation_mode=False):
        frozen = not any(p.requires_grad for p in model.parameters())
        return prepare(self, model, device_placement, evaluation_mode or frozen)

    Accelerator.prepare_model = prepare_model


def main() -> None:
    here = str(Path(__file__).resolve().parent)
    method, *sys.argv = sys.argv[1:]
    if sys.argv[0] == "-u":  # torch's launcher wants no buffers
        del sys.argv[0]
    if sys.argv[0] == "-m":  # a launcher, which comes back here for every process
        del sys.argv[0]
        sys.path[:] = [p for p in sys.path if p != here]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        return
    sys.path[:] = [os.environ["SD_SCRIPTS_PATH"], *(p for p in sys.path if p != here), here]
    multiprocessing.set_start_method(method)
    if file := os.environ.get("TINY_TIMES"):
        note_times(Path(file))
    import tiny_sd_scripts

    tiny_sd_scripts.shrink()
    leave_frozen_models_alone()
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
