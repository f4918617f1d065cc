"""Run a Python script that ends when its stdin closes: `python attached.py SCRIPT ARGS...`.

Whoever starts it holds the other end of stdin, so that the script cannot outlive its starter, even
one that is killed.
"""

import os
import runpy
import sys
import threading
from pathlib import Path


def end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    script = sys.argv[1]
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(script).parent)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    runpy.run_path(script, run_name="__main__")
