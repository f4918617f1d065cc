"""A small tag list in the common CSV form, made up from Danbooru's naming habits."""

import csv
from pathlib import Path

ROWS = [
    ("1girl", 0, 6_008_644, "1girls,sole_female"),
    ("long_hair", 0, 4_350_743, "/lh,longhair"),
    ("blonde_hair", 0, 1_537_942, "blond,yellow_hair"),
    ("black_hair", 0, 1_504_581, "dark_hair"),
    ("^_^", 0, 110_141, ""),
    (":d", 0, 549_710, ""),
    ("hatsune_miku", 4, 106_634, "/hm,miku_hatsune"),
    ("yuki_miku", 4, 3_491, ""),
    ("hakurei_reimu", 4, 81_000, "reimu"),
    ("reimu_(other)", 4, 12, "reimu"),
    ("artoria_pendragon_(fate)", 4, 38_099, "saber_(fate)"),
    ("vocaloid", 3, 150_000, ""),
    ("wlop", 1, 900, ""),
    ("highres", 5, 5_256_195, "hires"),
    ("mint_coat", 0, 60, ""),
    ("初音ミク_(曲)", 3, 7, "はつね"),
]


def write_tag_list(path: Path, rows: list[tuple] = ROWS, more: int = 0) -> Path:
    """Write rows, then `more` invented artists, to `path`."""
    invented = [(f"artist_{i:06}_{i % 97}", 1, i % 500, "") for i in range(more)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*rows, *invented])
    return path
