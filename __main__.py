"""Command line: `python <pack folder> <area> ...`. Thin; the same functions as the nodes.

Exit codes: 0 done, 1 bad input (one sentence on stderr), 2 wrong usage, 130 interrupted.
"""

import argparse
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def _make_importable() -> None:
    """Python puts the pack folder on sys.path; there `nodes` would shadow ComfyUI's. Use `ixl`."""
    sys.path[:] = [p for p in sys.path if Path(p or os.getcwd()).resolve() != ROOT]
    sys.path.insert(0, str(ROOT / "python"))


def normalize_command(args: argparse.Namespace) -> int:
    from ixl.core.prompt.normalize import normalize
    from ixl.core.prompt.profiles import load_profile

    profile = load_profile(args.profile) if args.profile.endswith(".json") else args.profile
    text = _text(args.text).removeprefix("\ufeff")  # files of some Windows editors begin with it
    vocabulary = _vocabulary(args)
    lines = text.removesuffix("\n").split("\n") if text else []
    for caption in lines if args.lines else [text]:
        result = normalize(caption, profile, vocabulary)
        print(json.dumps(result.as_dict(), ensure_ascii=False) if args.json else result.text)
    return 0


def parse_command(args: argparse.Namespace) -> int:
    from ixl.core.prompt.parse import parse

    prompt = parse(_text(args.text))
    out = json.dumps(prompt.as_dict(), ensure_ascii=False) + "\n" if args.json else str(prompt)
    sys.stdout.buffer.write(out.encode("utf-8", "surrogateescape"))
    return 0


def identify_command(args: argparse.Namespace) -> int:
    from ixl.core.checkpoint.hashing import hash_file
    from ixl.core.checkpoint.identity import identify
    from ixl.core.checkpoint.summary import summary

    hasher = None if args.quick else hash_file
    found = [identify(file, _bar(file, args.json), hasher) for file in args.files]
    if args.json:
        print(json.dumps([identity.as_dict() for identity in found], indent=1))
    for identity in found:
        if not identity.ok:
            print(f"{identity.file}: {identity.problem}", file=sys.stderr)
        elif not args.json:
            print(summary(identity))
    return 0 if all(identity.ok for identity in found) else 1


def plan_command(args: argparse.Namespace) -> int:
    from ixl.core.tiling.stages import plan_report, plan_stages

    width, height = _size(args.size)
    base = _size(args.base) if args.base else None
    report = plan_report(plan_stages(width, height, base, args.tile_px, args.overlap_px))
    if args.json:
        print(json.dumps(report, indent=1))
        return 0
    print("size         denoise  tiles  largest tile  overlap  TFLOP/step")
    for s in report["stages"]:
        size, tile = f"{s['width']}x{s['height']}", f"{s['tile_width']}x{s['tile_height']}"
        print(
            f"{size:<12} {s['denoise']:7} {s['tiles']:6}  {tile:>12} {s['overlap_px']:8} "
            f"{s['tflop_per_step']:11}"
        )
    print(f"about {report['memory_gb']} GB of GPU memory")
    return 0


def sizes_command(args: argparse.Namespace) -> int:
    from ixl.core.checkpoint.profiles import PROFILES
    from ixl.core.checkpoint.resolutions import size_list

    if args.profile not in PROFILES:
        known = ", ".join(PROFILES)
        raise ValueError(f"There is no profile {args.profile!r}; it must be one of {known}.")
    found = size_list(PROFILES[args.profile], args.step_px)
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    print("area         size       ratio        of the area  within the area")
    for s in found:
        size = f"{s['width']}x{s['height']}"
        print(
            f"{s['area']:<12} {size:<10} {s['ratio']:<12} {s['share_of_area']:11.1%}  {s['within']}"
        )
    return 0


def expand_command(args: argparse.Namespace) -> int:
    from ixl.core.tipo.folder import DEFAULT_MODEL, FOLDER, find_models, missing

    home = Path(__file__).absolute().parent.parent  # custom_nodes, where ComfyUI loads the pack
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
    return _expand(_text(args.text), found[name], args)


def _download_model(model: str, folder: Path) -> int:
    from ixl.core.tipo.fetch import fetch_model

    def on_step(name: str, done: int, total: int) -> None:
        bar = _bar(name, quiet=False)
        if bar:
            bar(done, total)

    try:
        print(fetch_model(model, folder, on_step, *filter(None, [os.environ.get("HF_ENDPOINT")])))
    except OSError as error:
        raise ValueError(f"{error} What came is kept: run it again to go on.") from error
    return 0


def _expand(text: str, model: Path, args: argparse.Namespace) -> int:
    from ixl.core.prompt.additions import Wishes
    from ixl.core.prompt.expand import banned_names, expand
    from ixl.core.tipo.model import continue_text, load
    from ixl.core.vocabulary.places import directory_without_host

    language = load(model)
    result = expand(
        text,
        lambda request, seed: continue_text(language, request, seed),
        args.length,
        args.sentence,
        Wishes(args.rating, banned_names(args.banned)),
        args.seed,
        args.profile,
        _open(directory_without_host(ROOT), args),
    )
    print(json.dumps(result._asdict(), ensure_ascii=False) if args.json else result.text)
    return 0


def status_command(args: argparse.Namespace) -> int:
    from ixl.core.vocabulary.commands import status_text
    from ixl.core.vocabulary.index import status
    from ixl.core.vocabulary.places import user_lists

    directory = _directory(args)
    report = status(directory, user_lists(directory))
    print(json.dumps(report, indent=1) if args.json else status_text(report))
    return 0


def update_command(args: argparse.Namespace) -> int:
    from ixl.core.vocabulary.commands import DEFAULT_LIST, update

    directory = _directory(args)
    url = args.url or DEFAULT_LIST
    try:
        report = update(directory, url, args.sha256, _bar("download", args.json))
    except OSError as error:
        said = str(error).rstrip(".")
        raise ValueError(
            f"No list was downloaded ({said}); run it again to go on, nothing else was changed."
        ) from error
    _open(directory, args)
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print(f"{report['file']}: {report['tags']:,} tags, sha256 {report['sha256']}")
    return 0


def lookup_command(args: argparse.Namespace) -> int:
    from ixl.core.vocabulary.commands import lookup, lookup_text

    answers = lookup(_open(_directory(args), args), args.tags)
    print(json.dumps(answers, indent=1, ensure_ascii=False) if args.json else lookup_text(answers))
    return 0


def _directory(args: argparse.Namespace) -> Path:
    """The folder of the vocabulary."""
    from ixl.core.vocabulary.places import directory_without_host

    return args.directory or directory_without_host(ROOT)


def _open(directory: Path, args: argparse.Namespace, build: bool = True):
    """The vocabulary of everything that the user has."""
    from ixl.core.vocabulary.index import open_sources, user_sources

    bar = _bar("index", args.json)
    return open_sources(directory, user_sources(directory), bar, build)


def _vocabulary(args: argparse.Namespace):
    """What `normalize` asks: the index where there is one, or one with the tag lists given."""
    directory = _directory(args)
    if not args.tags:
        return _open(directory, args, build=False)
    from ixl.core.vocabulary.index import open_vocabulary
    from ixl.core.vocabulary.places import user_lists

    lists = [*args.tags, *user_lists(directory)]
    return open_vocabulary(directory / "given", lists, _bar("index", args.json))


def _text(argument: str) -> str:
    """The argument itself, or stdin for `-`; bytes that are no UTF-8 pass through unharmed."""
    if argument != "-":
        return argument
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ValueError(f"The size is '{text}'; it must be WIDTHxHEIGHT in px. Try 3744x5616.")
    return int(width), int(height)


def _bar(name: str, quiet: bool):
    """An on_step: a progress line on stderr when a person watches."""
    if quiet or not sys.stderr.isatty():
        return lambda done, total: None

    def on_step(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        share = f"{100 * done // total} %" if total else f"{done:,} bytes"
        print(f"\r{name}: {share}", end=end, file=sys.stderr, flush=True)

    return on_step


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python <pack folder>", description=__doc__)
    areas = parser.add_subparsers(dest="area", required=True, metavar="AREA")

    normalize = areas.add_parser("normalize", help="put a prompt in the order of the captions")
    normalize.add_argument("text", metavar="TEXT", help="the prompt, or - to read it from stdin")
    normalize.add_argument(
        "--profile", default="illustrious-v2.0", metavar="ID", help="its id, or your own FILE.json"
    )
    normalize.add_argument(
        "--tags", action="append", type=Path, metavar="CSV", help="a tag list; an index is made"
    )
    _add_directory(normalize)
    normalize.add_argument("--lines", action="store_true", help="one caption per line, in and out")
    normalize.set_defaults(run=normalize_command)

    parse = areas.add_parser("parse", help="parse a prompt and print it back from its parse")
    parse.add_argument("text", metavar="TEXT", help="the prompt, or - to read it from stdin")
    parse.set_defaults(run=parse_command)

    identify = areas.add_parser("identify", help="say which model a checkpoint file is")
    told = "a model file or diffusers folder; of other folders the files, FOLDER/*.safetensors"
    identify.add_argument("files", nargs="+", metavar="FILE", help=told)
    identify.add_argument("--quick", action="store_true", help="without the SHA-256: at once")
    identify.set_defaults(run=identify_command)

    plan = areas.add_parser("plan", help="the stages and tiles on the way to a large picture")
    plan.add_argument("size", metavar="WIDTHxHEIGHT")
    plan.add_argument("--from", dest="base", metavar="WxH", help="size of the base picture")
    plan.add_argument("--tile-px", type=int, default=1024)
    plan.add_argument("--overlap-px", type=int, default=128)
    plan.set_defaults(run=plan_command)

    sizes = areas.add_parser("sizes", help="the picture sizes that a model version draws")
    sizes.add_argument("--profile", default="illustrious-v1.0", metavar="ID")
    sizes.add_argument("--step-px", type=int, default=64, help="multiples of 64 (or 32) px")
    sizes.set_defaults(run=sizes_command)

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

    verbs = _add_vocabulary(areas)
    for area in (normalize, parse, identify, plan, sizes, expand, *verbs):
        area.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_vocabulary(areas) -> list[argparse.ArgumentParser]:
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
        _add_directory(verb)
    return [status, update, lookup]


def _add_directory(parser: argparse.ArgumentParser) -> None:
    told = "folder of lists and index (IXL_VOCABULARY, or that of ComfyUI or of the user's data)"
    parser.add_argument("--directory", type=Path, metavar="DIR", help=told)


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
