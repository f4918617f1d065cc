"""What several commands need: text from stdin, progress lines, and the vocabulary."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def vocabulary_folder(args: argparse.Namespace) -> Path:
    """The folder of the vocabulary."""
    from ..core.vocabulary.places import directory_without_host

    return args.directory or directory_without_host(ROOT)


def open_known(directory: Path, args: argparse.Namespace, build: bool = True):
    """The vocabulary of everything that the user has."""
    from ..core.vocabulary.index import open_sources, user_sources

    bar = progress_line("index", args.json)
    return open_sources(directory, user_sources(directory), bar, build)


def read_text(argument: str) -> str:
    """The argument itself, or stdin for `-`; bytes that are no UTF-8 pass through unharmed."""
    if argument != "-":
        return argument
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def progress_line(name: str, quiet: bool):
    """An on_step: a progress line on stderr when a person watches."""
    if quiet or not sys.stderr.isatty():
        return lambda done, total: None

    def on_step(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        share = f"{100 * done // total} %" if total else f"{done:,} bytes"
        print(f"\r{name}: {share}", end=end, file=sys.stderr, flush=True)

    return on_step


def add_directory(parser: argparse.ArgumentParser) -> None:
    told = "folder of lists and index (IXL_VOCABULARY, or that of ComfyUI or of the user's data)"
    parser.add_argument("--directory", type=Path, metavar="DIR", help=told)
