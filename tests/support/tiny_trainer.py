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

TURN = 4  # steps


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


def note_times(file: Path, baton: Path, me: str, other: str) -> None:
    """Train in turns with another process, TURN steps each, and write what every step cost.

    baton: a file that names whose turn it is. Writes {"cpu": [...], "wall": [...], "peak"} in
    seconds and bytes when this process ends.
    """
    import atexit
    import json
    import resource
    import time

    from tqdm import tqdm

    told, update = {"cpu": [], "wall": []}, tqdm.update
    started = [time.process_time(), time.perf_counter()]

    def noted(self, n=1):
        if self.desc == "steps":
            told["cpu"].append(time.process_time() - started[0])
            told["wall"].append(time.perf_counter() - started[1])
            if len(told["cpu"]) % TURN == 0:
                baton.write_text(other)
                while baton.read_text() not in (me, "free"):
                    time.sleep(0.005)
            started[:] = time.process_time(), time.perf_counter()
        return update(self, n)

    def ended():
        told["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        file.write_text(json.dumps(told))
        baton.write_text("free")

    tqdm.update = noted
    atexit.register(ended)


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
    if me := os.environ.get("TINY_TURNS"):
        file = Path(me)
        other = {"plain": "ours", "ours": "plain"}[file.stem]
        note_times(file, file.with_name("baton"), file.stem, other)
    import tiny_sd_scripts

    tiny_sd_scripts.shrink()
    leave_frozen_models_alone()
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
