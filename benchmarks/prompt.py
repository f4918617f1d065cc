"""Speed of the prompt library as one table: captions per second, and the worst case per kilobyte.

    python benchmarks/prompt.py [--tags FILE.csv] [--captions N] [--converter FOLDER]

Uses the full vocabulary: the index in IXL_VOCABULARY (compiled when it is missing), with the tag
lists that the user has and those given by --tags. --converter: a checkout of
vkff5833/ComfyUI-PromptConverter, timed on the same captions. Captions have 40 different tags,
quality words in front as people paste them; "by post count" draws them as Danbooru's pictures
have them, "evenly" draws every name as often as any other, so that nearly all are seen for the
first time. Times are processor time of one process; rows of the first sight run once, with nothing
cached, the best of three rounds counts for the others.
"""

import argparse
import importlib.util
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from ixl.core.prompt.normalize import normalize  # noqa: E402
from ixl.core.prompt.parse import parse  # noqa: E402
from ixl.core.vocabulary.index import open_sources, sources_of  # noqa: E402
from ixl.core.vocabulary.places import user_lists  # noqa: E402
from ixl.core.vocabulary.query import IndexedVocabulary  # noqa: E402

PROFILE = "illustrious-v2.0"
BAR = 15_000  # normalized 40-tag captions per second and core


def names_and_counts(vocabulary: IndexedVocabulary) -> tuple[list[str], list[int]]:
    """Every name of the index as a prompt writes it, and how often it is drawn.

    Names without a post count are the rarest; without any tag list the rank stands for the count.
    """
    rows = vocabulary._rows("SELECT name, count FROM tag ORDER BY id")
    counted = any(count for _, count in rows)
    names = [name.replace("(", "\\(").replace(")", "\\)") for name, _ in rows]
    made_up = (5_000_000 // (rank + 1) for rank in range(len(rows)))
    return names, [count or 0 for _, count in rows] if counted else list(made_up)


def make_captions(names: list[str], counts: list[int] | None, number: int) -> list[str]:
    """Captions of 40 different tags; counts: how often each name is drawn, None for evenly."""
    dice = random.Random(1)
    weights = list(itertools.accumulate(counts)) if counts else None
    captions = []
    for _ in range(number):
        tags = dict.fromkeys(("masterpiece", "best quality", "1girl"))
        while len(tags) < 40:
            drawn = dice.choices(names, cum_weights=weights, k=40 - len(tags))
            tags.update(dict.fromkeys(name for name in drawn if "," not in name))
        captions.append(", ".join(tags))
    return captions


def add_weights(caption: str, dice: random.Random) -> str:
    """Every fourth tag weighted, and one group of three."""
    tags = [f"({t}:1.2)" if dice.random() < 0.25 else t for t in caption.split(", ")]
    return ", ".join([f"({tags[0]}, {tags[5]}, {tags[9]}:1.1)", *tags[1:]])


def per_second(work: Callable[[str], object], texts: list[str], rounds: int = 3) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for text in texts:
            work(text)
        best = min(best, time.process_time() - start)
    return len(texts) / best


def worst_ms_per_kb(vocabulary: IndexedVocabulary) -> tuple[float, str]:
    """The slowest of the shapes that break hand-written parsers."""
    shapes = {
        **{f"{mark!r} repeated": mark * 20_000 for mark in '()[]{}<>|:\\/#"_,.! \nAa。'},
        **{f"{unit!r} repeated": unit * 3_000 for unit in (
            "[a:", "{a|", "<lora:", "/* ", "1::", "A girl with a cat, ", "(a:1.2) ", "BREAK ")},
        "10,000 nested brackets": "(" * 10_000 + "a" + ")" * 10_000,
        "5,000 nested groups": "(a, " * 5_000 + "b" + ")" * 5_000,
    }  # fmt: skip
    worst = (0.0, "")
    for name, text in shapes.items():
        start = time.process_time()
        parse(text)
        normalize(text, PROFILE, vocabulary).as_dict()
        spent = 1000 * (time.process_time() - start) / (len(text.encode()) / 1024)
        worst = max(worst, (spent, name))
    return worst


def load_converter(folder: str) -> Callable[[str], object]:
    spec = importlib.util.spec_from_file_location(
        "prompt_converter", Path(folder) / "prompt_converter.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    converter = module.PromptConverter()
    return lambda text: converter.process_text(
        text, rating="safe", unique=True, auto_quality_tags=False, remove_weights=False
    )


def open_index(tags: str | None) -> IndexedVocabulary:
    """The full vocabulary; with --tags in a folder of its own, so that the user's index stays."""
    given = Path(os.environ.get("IXL_VOCABULARY") or tempfile.mkdtemp())
    lists = user_lists(given)
    if tags:
        given, lists = given / "given", [Path(tags), *lists]
    opened = open_sources(given, sources_of(given, lists))
    if not isinstance(opened, IndexedVocabulary):
        raise SystemExit("the index could not be compiled; see the warning above")
    return opened


def first_sight(vocabulary: IndexedVocabulary, captions: list[str]) -> float:
    """Captions per second, with an index that was just opened and nothing read before."""
    with_nothing_cached = IndexedVocabulary(vocabulary.path)
    return per_second(lambda t: normalize(t, PROFILE, with_nothing_cached).text, captions, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tags", metavar="FILE.csv")
    parser.add_argument("--captions", type=int, default=50_000)
    parser.add_argument("--converter", metavar="FOLDER")
    args = parser.parse_args()
    vocabulary = open_index(args.tags)
    names, counts = names_and_counts(vocabulary)
    captions = make_captions(names, counts, args.captions)
    evenly = make_captions(names, None, args.captions // 20)
    dice = random.Random(2)
    weighted = [add_weights(caption, dice) for caption in captions[:1_000]]

    def text_only(text: str) -> str:
        return normalize(text, PROFILE, vocabulary).text

    def with_report(text: str) -> dict:
        return normalize(text, PROFILE, vocabulary).as_dict()

    rows = [
        ("by post count, first sight, long run", first_sight(vocabulary, captions), f">= {BAR:,}"),
        ("by post count, seen before", per_second(text_only, captions), ""),
        ("evenly, first sight", first_sight(vocabulary, evenly), ""),
        ("with weights and a group", per_second(text_only, weighted), ""),
        ("with report (JSON form)", per_second(with_report, captions[:500]), ""),
        ("parse only", per_second(parse, captions[:2_000]), ""),
    ]
    if args.converter:
        converted = per_second(load_converter(args.converter), captions[:200], 1)
        rows.append(
            ("PromptConverter, same captions", converted, f"ours / 30: {rows[1][1] / 30:,.0f}")
        )
    print(f"{len(vocabulary):,} tags; {len(captions):,} captions")
    print(f"{'40-tag captions':<44} {'per second':>11}  bar")
    for name, rate, bar in rows:
        print(f"{name:<44} {rate:11,.0f}  {bar}")
    spent, shape = worst_ms_per_kb(vocabulary)
    print(f"{'worst case: ' + shape:<44} {spent:8.2f} ms/kB  <= 50")


if __name__ == "__main__":
    main()
