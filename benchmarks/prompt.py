"""Speed of the prompt library as one table: captions per second, and the worst case per kilobyte.

    python benchmarks/prompt.py [--tags FILE.csv] [--captions N] [--converter FOLDER]

--tags: a tag list in the common autocompleter format (name,category,count,aliases); without one a
list of made-up names is used. --converter: a checkout of vkff5833/ComfyUI-PromptConverter, timed on
the same captions. Captions have 40 tags drawn by post count, quality words in front as people paste
them. Times are of one process; the best of three rounds counts, since other processes share the
cores.
"""

import argparse
import csv
import importlib.util
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from ixl.core.prompt.normalize import normalize  # noqa: E402
from ixl.core.prompt.parse import parse  # noqa: E402
from ixl.core.vocabulary.tag import Tag  # noqa: E402

PROFILE = "illustrious-v2.0"
CATEGORIES = {"0": "general", "1": "artist", "3": "copyright", "4": "character", "5": "meta"}
BAR = 15_000  # normalized 40-tag captions per second and core


class DictVocabulary:
    """A tag list in a dict, behind the vocabulary protocol."""

    def __init__(self, tags: list[Tag]):
        self.tags = {tag.name: tag for tag in tags}

    def lookup(self, name: str) -> Tag | None:
        return self.tags.get(name)

    def nearest(self, name: str, limit: int = 3) -> list[Tag]:
        return []


def read_tags(file: str | None) -> list[Tag]:
    """Tags of a CSV file, or 40,000 made-up ones with counts like Danbooru's."""
    if file is None:
        made_up = random.Random(0)
        syllables = [a + b for a in "bcdfghklmnprst" for b in "aeiou"]
        names = {" ".join("".join(made_up.choices(syllables, k=2)) for _ in range(2))
                 for _ in range(60_000)}  # fmt: skip
        ordered = sorted(names)[:40_000]
        return [
            Tag(name, list(CATEGORIES.values())[n % 5], count=5_000_000 // (n + 1))
            for n, name in enumerate(ordered)
        ]
    with open(file, encoding="utf-8", newline="") as lines:
        return [
            Tag(row[0].replace("_", " "), CATEGORIES.get(row[1], "general"), count=int(row[2]))
            for row in csv.reader(lines)
        ]


def make_captions(tags: list[Tag], number: int) -> list[str]:
    dice = random.Random(1)
    names = [tag.name.replace("(", "\\(").replace(")", "\\)") for tag in tags]
    counts = [tag.count for tag in tags]
    return [
        ", ".join(["masterpiece", "best quality", "1girl", *dice.choices(names, counts, k=37)])
        for _ in range(number)
    ]


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


def worst_ms_per_kb(vocabulary: DictVocabulary) -> tuple[float, str]:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tags", metavar="FILE.csv")
    parser.add_argument("--captions", type=int, default=20_000)
    parser.add_argument("--converter", metavar="FOLDER")
    args = parser.parse_args()
    tags = read_tags(args.tags)
    vocabulary = DictVocabulary(tags)
    captions = make_captions(tags, args.captions)
    dice = random.Random(2)
    weighted = [add_weights(caption, dice) for caption in captions[: args.captions // 10]]

    def text_only(text: str) -> str:
        return normalize(text, PROFILE, vocabulary).text

    def with_report(text: str) -> dict:
        return normalize(text, PROFILE, vocabulary).as_dict()

    rows = [
        ("plain captions, first sight", per_second(text_only, captions, 1), f">= {BAR:,}"),
        ("plain captions, data set of repeated tags", per_second(text_only, captions), ""),
        ("captions with weights and a group", per_second(text_only, weighted), ""),
        ("plain captions with report (JSON form)", per_second(with_report, captions[:500]), ""),
        ("parse only", per_second(parse, captions[:2_000]), ""),
    ]
    if args.converter:
        converted = per_second(load_converter(args.converter), captions[:200], 1)
        rows.append(
            ("PromptConverter, same captions", converted, f"ours / 30: {rows[1][1] / 30:,.0f}")
        )
    print(f"{'40-tag captions':<44} {'per second':>11}  bar")
    for name, rate, bar in rows:
        print(f"{name:<44} {rate:11,.0f}  {bar}")
    spent, shape = worst_ms_per_kb(vocabulary)
    print(f"{'worst case: ' + shape:<44} {spent:8.2f} ms/kB  <= 50")


if __name__ == "__main__":
    main()
