"""Captions for the tests of training: plans of known sizes and categories, without a vocabulary."""

from ixl.training.plan import Item, Level, Plan

PROSE = "natural language"


def item(name: str, category: str = "general", section: str = "", group: str = "") -> Item:
    return Item(name, name, category, section or category, group)


def tags_level(general: int, level: str = "tags", prose: int = 0) -> Level:
    """A count, sentences, `general` + 5 flexible tags: character, rating, artist, score, year."""
    return Level(
        level,
        (
            item("1girl", "person count"),
            item("hatsune miku", "character"),
            *(item(f"Sentence number {n}.", PROSE) for n in range(prose)),
            item("general", "rating"),
            *(item(f"tag {n}") for n in range(general)),
            item("wlop", "artist"),
            item("masterpiece", "score"),
            item("newest", "year"),
        ),
    )


def plan(general: int, key: str = "picture") -> Plan:
    return Plan(key, (tags_level(general),))
