"""Stands in for the trainer's Python: the same interpreter, with sd-scripts at the tiny size.

`make_interpreter` writes a small program that a test gives as SD_SCRIPTS_PYTHON. It starts this
file, which shrinks sd-scripts and then runs the script that was asked for as if called directly.
The product knows nothing of it. TINY_START_METHOD chooses how data-loader workers start.
"""

import os
import runpy
import sys
from pathlib import Path


def make_interpreter(folder: Path) -> Path:
    """An executable that behaves like the interpreter in SD_SCRIPTS_PYTHON (else this one)."""
    real = os.environ.get("SD_SCRIPTS_PYTHON", sys.executable)
    path = folder / "python-tiny"
    path.write_text(f'#!/bin/sh\nexec "{real}" "{Path(__file__).resolve()}" "$@"\n')
    path.chmod(0o755)
    return path


def main() -> None:
    here = str(Path(__file__).resolve().parent)
    sys.argv = sys.argv[1:]
    sys.path[:] = [os.environ["SD_SCRIPTS_PATH"], *(p for p in sys.path if p != here), here]
    if method := os.environ.get("TINY_START_METHOD"):
        import multiprocessing

        multiprocessing.set_start_method(method)
    import tiny_sd_scripts

    tiny_sd_scripts.shrink()
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
