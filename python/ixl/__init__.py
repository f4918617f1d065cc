"""The pack under the name `ixl`, for everything that is not ComfyUI (tests, command line, trainer).

Put the folder `python/` on sys.path and `ixl.core`, `ixl.nodes`, ... are the pack's own files. The
pack root itself must never be on sys.path: our `nodes` would shadow ComfyUI's.
"""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[2])]
