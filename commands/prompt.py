"""`normalize`, `parse` and `expand`."""

import argparse
import json
import os
import sys
from pathlib import Path

from .common import ROOT, add_directory, open_known, progress_line, read_text, vocabulary_folder


def add_prompt(areas) -> list[argparse.ArgumentParser]:
    """The areas of prompts."""
    normalize = areas.add_parser("normalize", help="put a prompt in the order of the captions")
    normalize.add_argument("text", metavar="TEXT", help="the prompt, or - to read it from stdin")
    normalize.add_argument(
        "--profile", default="illustrious-v2.0", metavar="ID", help="its id, or your own FILE.json"
    )
    normalize.add_argument(
        "--tags", action="append", type=Path, metavar="CSV", help="a tag list; an index is made"
    )
    add_directory(normalize)
    normalize.add_argument("--lines", action="store_true", help="one caption per line, in and out")
    normalize.set_defaults(run=normalize_command)

    parse = areas.add_parser("parse", help="parse a prompt and print it back from its parse")
    parse.add_argument("text", metavar="TEXT", help="the prompt, or - to read it from stdin")
    parse.set_defaults(run=parse_command)

    expand = areas.add_parser("expand", help="expand a short prompt with TIPO, or download TIPO")
    expand.add_argument(
        "text",
        metavar="(download | TEXT)",
        help="download a model, or expand this prompt (- reads it from stdin)",
    )
    expand.add_argument(
        "--model", metavar="NAME", help="folder name; for download OWNER/NAME on the hub"
    )
    expand.add_argument("--directory", metavar="DIR", help="default: models/kgen of ComfyUI")
    expand.add_argument("--length", default="short", help="very short, short, long or very long")
    expand.add_argument("--sentence", action="store_true", help="also write a description")
    expand.add_argument(
        "--rating",
        default="general",
        choices=("general", "sensitive", "questionable", "explicit"),
        help="nothing above this is added",
    )
    expand.add_argument("--banned", default="", metavar="TAGS", help="never added; * is any text")
    expand.add_argument("--seed", type=int, default=0)
    expand.add_argument("--profile", default="illustrious-v2.0", metavar="ID")
    expand.set_defaults(run=expand_command)
    return [normalize, parse, expand]


def normalize_command(args: argparse.Namespace) -> int:
    from ..core.prompt.normalize import normalize
    from ..core.prompt.profiles import load_profile

    profile = load_profile(args.profile) if args.profile.endswith(".json") else args.profile
    # files of some Windows editors begin with a byte order mark
    text = read_text(args.text).removeprefix("\ufeff")
    vocabulary = _vocabulary(args)
    lines = text.removesuffix("\n").split("\n") if text else []
    for caption in lines if args.lines else [text]:
        result = normalize(caption, profile, vocabulary)
        print(json.dumps(result.as_dict(), ensure_ascii=False) if args.json else result.text)
    return 0


def _vocabulary(args: argparse.Namespace):
    """What `normalize` asks: the index where there is one, or one with the tag lists given."""
    directory = vocabulary_folder(args)
    if not args.tags:
        return open_known(directory, args, build=False)
    from ..core.vocabulary.index import open_vocabulary
    from ..core.vocabulary.places import user_lists

    lists = [*args.tags, *user_lists(directory)]
    return open_vocabulary(directory / "given", lists, progress_line("index", args.json))


def parse_command(args: argparse.Namespace) -> int:
    from ..core.prompt.parse import parse

    prompt = parse(read_text(args.text))
    out = json.dumps(prompt.as_dict(), ensure_ascii=False) + "\n" if args.json else str(prompt)
    sys.stdout.buffer.write(out.encode("utf-8", "surrogateescape"))
    return 0


def expand_command(args: argparse.Namespace) -> int:
    from ..core.tipo.folder import DEFAULT_MODEL, FOLDER, find_models, missing

    home = args.pack.parent  # custom_nodes, where ComfyUI loads the pack
    models = home.parent / "models" / FOLDER if home.name == "custom_nodes" else None
    folder = Path(args.directory) if args.directory else models
    if folder is None:
        raise ValueError("Say which folder holds the models: --directory COMFYUI/models/kgen.")
    if args.text == "download":
        return _download_model(args.model or DEFAULT_MODEL, folder)
    found = find_models([folder])
    name = args.model or next(iter(found), "")
    if name not in found:
        raise ValueError(missing(name, found, ROOT, folder))
    return _expand(read_text(args.text), found[name], args)


def _download_model(model: str, folder: Path) -> int:
    from ..core.tipo.fetch import fetch_model

    def on_step(name: str, done: int, total: int) -> None:
        bar = progress_line(name, quiet=False)
        bar(done, total)

    try:
        print(fetch_model(model, folder, on_step, *filter(None, [os.environ.get("HF_ENDPOINT")])))
    except OSError as error:
        raise ValueError(f"{error} What came is kept: run it again to go on.") from error
    return 0


def _expand(text: str, model: Path, args: argparse.Namespace) -> int:
    from ..core.prompt.additions import Wishes
    from ..core.prompt.expand import banned_names, expand
    from ..core.tipo.model import continue_text, load
    from ..core.vocabulary.places import directory_without_host

    language = load(model)
    result = expand(
        text,
        lambda request, seed: continue_text(language, request, seed),
        args.length,
        args.sentence,
        Wishes(args.rating, banned_names(args.banned)),
        args.seed,
        args.profile,
        open_known(directory_without_host(ROOT), args),
    )
    print(json.dumps(result._asdict(), ensure_ascii=False) if args.json else result.text)
    return 0
