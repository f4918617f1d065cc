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
    from ixl.core.vocabulary.curated import curated_vocabulary

    text = _text(args.text)
    for caption in text.removesuffix("\n").split("\n") if args.lines else [text]:
        result = normalize(caption, args.profile, curated_vocabulary())
        print(json.dumps(result.as_dict(), ensure_ascii=False) if args.json else result.text)
    return 0


def parse_command(args: argparse.Namespace) -> int:
    from ixl.core.prompt.parse import parse

    prompt = parse(_text(args.text))
    out = json.dumps(prompt.as_dict(), ensure_ascii=False) + "\n" if args.json else str(prompt)
    sys.stdout.buffer.write(out.encode("utf-8", "surrogateescape"))
    return 0


def identify_command(args: argparse.Namespace) -> int:
    from ixl.core.checkpoint.identity import identify

    found = [identify(file, _bar(file, args.json)) for file in args.files]
    if args.json:
        print(json.dumps([identity.as_dict() for identity in found], indent=1))
    for identity in found:
        if not identity.ok:
            print(f"{identity.file}: {identity.problem}", file=sys.stderr)
        elif not args.json:
            name = f"{identity.family} {identity.version}".strip()
            print(f"{identity.file}: {name}, {identity.objective} ({identity.certainty})")
            print("".join(f"  {line}\n" for line in identity.evidence), end="")
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
    from ixl.core.vocabulary.curated import curated_vocabulary
    from ixl.core.vocabulary.listed import with_lists

    language = load(model)
    result = expand(
        text,
        lambda request, seed: continue_text(language, request, seed),
        args.length,
        args.sentence,
        Wishes(args.rating, banned_names(args.banned)),
        args.seed,
        args.profile,
        with_lists(curated_vocabulary()),
    )
    print(json.dumps(result._asdict(), ensure_ascii=False) if args.json else result.text)
    return 0


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
    """A progress line on stderr when a person watches."""
    if quiet or not sys.stderr.isatty():
        return None

    def on_step(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{name}: {100 * done // max(1, total)} %", end=end, file=sys.stderr, flush=True)

    return on_step


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python <pack folder>", description=__doc__)
    areas = parser.add_subparsers(dest="area", required=True, metavar="AREA")

    normalize = areas.add_parser("normalize", help="put a prompt in the order of the captions")
    normalize.add_argument("text", metavar="TEXT", help="the prompt, or - to read it from stdin")
    normalize.add_argument("--profile", default="illustrious-v2.0", metavar="ID")
    normalize.add_argument("--lines", action="store_true", help="one caption per line, in and out")
    normalize.set_defaults(run=normalize_command)

    parse = areas.add_parser("parse", help="parse a prompt and print it back from its parse")
    parse.add_argument("text", metavar="TEXT", help="the prompt, or - to read it from stdin")
    parse.set_defaults(run=parse_command)

    identify = areas.add_parser("identify", help="say which model a checkpoint file is")
    identify.add_argument("files", nargs="+", metavar="FILE")
    identify.set_defaults(run=identify_command)

    plan = areas.add_parser("plan", help="the stages and tiles on the way to a large picture")
    plan.add_argument("size", metavar="WIDTHxHEIGHT")
    plan.add_argument("--from", dest="base", metavar="WxH", help="size of the base picture")
    plan.add_argument("--tile-px", type=int, default=1024)
    plan.add_argument("--overlap-px", type=int, default=128)
    plan.set_defaults(run=plan_command)

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

    for area in (normalize, parse, identify, plan, expand):
        area.add_argument("--json", action="store_true", help="print JSON")
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
