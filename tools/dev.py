"""The project's commands: `python3 tools/dev.py COMMAND [ARGS...]` (`make COMMAND` is the same).

    setup             get ready: ComfyUI, the environment, a browser, the newest front end
    demo              make one picture from tags to high resolution (SIZE=WxH, CHECKPOINT=FILE)
    test [ARGS...]    format, lint, JavaScript tests, all pytest rings; with ARGS: pytest ARGS alone
    check             format, lint, architecture test, JavaScript tests
    prove [ARGS...]   the slow statistical proofs
    bench             the tables of benchmarks/, but those that need a GPU (gpu_*.py)
    serve             ComfyUI with the pack, in your browser (PORT=N)
    python ARGS...    the environment's Python
    where             what was found, and where; installs nothing

Starts on the standard library alone and gets all else. This one file must stay readable to Pythons
that are too old to run it, so that they can say so: no annotations, f-strings or other new syntax.

Read from the user's environment: `IXL_CACHE` (cache folder), `COMFYUI_PATH`, `SD_SCRIPTS_PATH`,
`IXL_BROWSER`, `UV_TORCH_BACKEND` (uv's own: `cpu`, `cu128`, ...), `CI` (what is missing fails
rather than being skipped), `PORT`, `SIZE`, `CHECKPOINT`.

Given to what it starts (tests, demo, server, benchmarks):

    IXL_CACHE             the cache folder
    IXL_COMFYUI           the ComfyUI folder (holds main.py)
    IXL_BROWSER           a Chromium or Chrome executable; absent if there is none
    IXL_FRONT_END_NEWEST  `static` folder of the newest front end (`--front-end-root`) or absent
    PYTHONPATH            <root>/python, where the package `ixl` lies
    IXL_VOCABULARY        unless set: a folder of the cache, so that one index serves all servers
    OMP_WAIT_POLICY       PASSIVE unless set: waiting threads do not spin
    PYTHONPYCACHEPREFIX   only if ComfyUI is the user's own: nothing is written into its folder
"""

# ruff: noqa: UP032

import os
import sys

OLDEST = (3, 10)


def too_old(version, executable):
    """A sentence if this Python cannot run the project, else None."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return (
        "Python too old: {0}.{1} found ({4}), {2}.{3} or newer is needed; "
        "install one and start this file with it, for instance: python{2}.{3} tools/dev.py setup"
    ).format(version[0], version[1], OLDEST[0], OLDEST[1], executable)


def main(argv):
    problem = too_old(sys.version_info, sys.executable)
    if problem:
        sys.stderr.write(problem + "\n")
        return 1
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[0] = os.path.join(root, "python")
    try:
        from ixl.tools import commands

        return commands.run(argv)
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted; the same command goes on from here.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
