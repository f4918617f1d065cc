"""Command line: `python <pack folder> <area> ...`. Thin; the same functions as the nodes.

Exit codes: 0 done, 1 bad input (one sentence on stderr), 2 wrong usage, 130 interrupted.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def _make_importable() -> None:
    """Python puts the pack folder on sys.path; there `nodes` would shadow ComfyUI's. Use `ixl`."""
    sys.path[:] = [p for p in sys.path if Path(p or os.getcwd()).resolve() != ROOT]
    sys.path.insert(0, str(ROOT / "python"))


def _parser() -> argparse.ArgumentParser:
    from ixl.commands.checkpoint import add_checkpoint
    from ixl.commands.metadata import add_metadata
    from ixl.commands.prompt import add_prompt
    from ixl.commands.tiling import add_tiling
    from ixl.commands.train import add_train
    from ixl.commands.vocabulary import add_vocabulary

    parser = argparse.ArgumentParser(prog="python <pack folder>", description=__doc__)
    areas = parser.add_subparsers(dest="area", required=True, metavar="AREA")
    adders = (add_prompt, add_checkpoint, add_tiling, add_vocabulary, add_metadata, add_train)
    for verb in [verb for add in adders for verb in add(areas)]:
        verb.add_argument("--json", action="store_true", help="print JSON")
        verb.set_defaults(pack=Path(__file__).absolute().parent)  # as called: it may be a link
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    _make_importable()
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) went away: not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
