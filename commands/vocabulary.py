"""`vocabulary status|update|lookup`."""

import argparse
import json

from .common import add_directory, open_known, progress_line, vocabulary_folder


def add_vocabulary(areas) -> list[argparse.ArgumentParser]:
    """The area `vocabulary` with its verbs."""
    vocabulary = areas.add_parser("vocabulary", help="the tags that are known, and their sources")
    verbs = vocabulary.add_subparsers(dest="verb", required=True, metavar="VERB")
    status = verbs.add_parser("status", help="which lists and which index there are")
    status.set_defaults(run=status_command)

    update = verbs.add_parser("update", help="download a current tag list and index it")
    update.add_argument("--url", metavar="URL", help="of another tag list (CSV)")
    update.add_argument("--sha256", default="", metavar="HEX", help="what the list must have")
    update.set_defaults(run=update_command)

    lookup = verbs.add_parser("lookup", help="what is known of tags")
    lookup.add_argument("tags", nargs="+", metavar="TAG")
    lookup.set_defaults(run=lookup_command)
    for verb in (status, update, lookup):
        add_directory(verb)
    return [status, update, lookup]


def status_command(args: argparse.Namespace) -> int:
    from ..core.vocabulary.commands import status_text
    from ..core.vocabulary.index import status
    from ..core.vocabulary.places import user_lists

    directory = vocabulary_folder(args)
    report = status(directory, user_lists(directory))
    print(json.dumps(report, indent=1) if args.json else status_text(report))
    return 0


def update_command(args: argparse.Namespace) -> int:
    from ..core.vocabulary.commands import DEFAULT_LIST, update

    directory = vocabulary_folder(args)
    url = args.url or DEFAULT_LIST
    try:
        report = update(directory, url, args.sha256, progress_line("download", args.json))
    except OSError as error:
        said = str(error).rstrip(".")
        raise ValueError(
            f"No list was downloaded ({said}); run it again to go on, nothing else was changed."
        ) from error
    open_known(directory, args)
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print(f"{report['file']}: {report['tags']:,} tags, sha256 {report['sha256']}")
    return 0


def lookup_command(args: argparse.Namespace) -> int:
    from ..core.vocabulary.commands import lookup, lookup_text

    answers = lookup(open_known(vocabulary_folder(args), args), args.tags)
    print(json.dumps(answers, indent=1, ensure_ascii=False) if args.json else lookup_text(answers))
    return 0
