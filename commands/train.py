"""`train`: printing what training/commands.py gives."""

import argparse
import json
import sys

from .common import ROOT, progress_line


def add_train(areas) -> list[argparse.ArgumentParser]:
    """The area `train` with its verbs."""
    from ..training import commands

    verbs = commands.add_train(areas)
    for verb in verbs:
        verb.set_defaults(run=train_command)
    return verbs


def train_command(args: argparse.Namespace) -> int:
    from ..training.commands import Place

    place = Place(ROOT, lambda name: progress_line(name, args.json), _known_tags)
    answer = args.answer(args, place)
    if args.json:
        print(json.dumps(answer.data, indent=1, ensure_ascii=False))
    if answer.text and (answer.code or not args.json):
        print(answer.text, file=sys.stderr if answer.code else sys.stdout)
    return answer.code


def _known_tags(args: argparse.Namespace):
    """The index where there is one, else the built-in tags."""
    from ..core.vocabulary.index import open_sources, user_sources
    from ..core.vocabulary.places import directory_without_host

    directory = directory_without_host(ROOT)
    return open_sources(directory, user_sources(directory), build=False)
