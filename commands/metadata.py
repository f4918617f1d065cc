"""`metadata show|copy`."""

import argparse
import json
import sys


def add_metadata(areas) -> list[argparse.ArgumentParser]:
    """The area `metadata` with its verbs."""
    metadata = areas.add_parser("metadata", help="what a picture file says of how it was made")
    verbs = metadata.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="prompt, settings and model files of pictures")
    show.add_argument("files", nargs="+", metavar="FILE")
    show.set_defaults(run=show_command)

    copy = verbs.add_parser("copy", help="put the metadata of one picture into another")
    copy.add_argument("source", metavar="FROM")
    copy.add_argument("target", metavar="TO", help="png, webp or jpeg; its pixels stay as they are")
    copy.set_defaults(run=copy_command)
    return [show, copy]


def show_command(args: argparse.Namespace) -> int:
    from ..core.metadata.commands import show, show_text

    found = show(args.files)
    if args.json:
        print(json.dumps(found, indent=1))
    for entry in found:
        if not entry["ok"]:
            print(f"{entry['file']}: {entry['problem']}", file=sys.stderr)
        elif not args.json:
            print(show_text(entry))
    return 0 if all(entry["ok"] for entry in found) else 1


def copy_command(args: argparse.Namespace) -> int:
    from ..core.metadata.commands import copy

    done = copy(args.source, args.target)
    told = f"{done['to']}: {', '.join(done['texts'])} from {done['from']}"
    print(json.dumps(done) if args.json else told)
    return 0
