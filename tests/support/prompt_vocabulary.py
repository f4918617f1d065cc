"""A small vocabulary behind the Protocol, written out by hand, for tests of the prompt library."""

from difflib import get_close_matches
from typing import NamedTuple

from ixl.core.vocabulary.tag import Tag

_NAMES = {
    "character": """hatsune miku, hatsune miku (append), kagamine rin, artoria pendragon (fate),
        2b (nier:automata), frieren, firefly (honkai: star rail), kasane teto""",
    "copyright": """vocaloid, sousou no frieren, nier:automata, honkai: star rail, fate (series),
        is the order a rabbit?, love live!, k-on!, idolmaster""",
    "artist": "wlop, kantoku, sakimichan, ask (askzy), mika pikazo",
    "meta": "commentary request, translated, official art",
    "framing": "upper body, portrait, cowboy shot, full body, close-up",
    "quality": "absurdres, highres, lowres, jpeg artifacts",
    "general": r"""solo, long hair, short hair, blue eyes, red eyes, smile, open mouth,
        looking at viewer, red dress, white shirt, dress, twintails, outdoors, night, rain,
        umbrella, holding umbrella, sitting, standing, school uniform, blush, hat, cat ears,
        simple background, from above, ^_^, :d, :), :3, o_o, \o/, hand on another's head,
        thighhighs, food, sky, cloud, multiple views, doctor, sword, holding sword, weapon,
        bad hands""",
}
_DETAILS = {
    "red dress": {"implies": ("dress",)},
    "holding umbrella": {"implies": ("umbrella",)},
    "holding sword": {"implies": ("sword",)},
    "sword": {"implies": ("weapon",)},
    "doctor": {"meanings": ("the profession", "doctor (arknights), a character")},
    "thighhighs": {"aliases": ("thigh highs",)},
    "long hair": {"aliases": ("longhair",), "count": 4_350_743},
    "food": {"trained_as": "meal"},
    "kasane teto": {"count": 9_000},
    "ask (askzy)": {"count": 40},
    "translated": {"deprecated": True},
}


class Pair(NamedTuple):
    """Two tags that contradict each other."""

    one: str
    other: str
    reason: str
    weak: bool


_PAIRS = [
    Pair("long hair", "short hair", "hair has one length", False),
    Pair("sitting", "standing", "a person does one of the two", False),
    Pair("night", "sky", "the sky is hard to see at night", True),
]


class SmallVocabulary:
    """About seventy tags with aliases, implications, a renamed, a rare and an ambiguous one."""

    def __init__(self) -> None:
        self.tags = {
            name: Tag(name, category, **_DETAILS.get(name, {}))
            for category, names in _NAMES.items()
            for name in map(str.strip, names.split(","))
        }
        self.aliases = {alias: tag for tag in self.tags.values() for alias in tag.aliases}
        self.aliases |= {tag.trained_as: tag for tag in self.tags.values() if tag.trained_as}

    def lookup(self, name: str) -> Tag | None:
        return self.tags.get(name) or self.aliases.get(name)

    def category(self, name: str) -> str | None:
        tag = self.lookup(name)
        return tag.category if tag else None

    def nearest(self, name: str, limit: int = 3) -> list[Tag]:
        return [self.tags[match] for match in get_close_matches(name, self.tags, limit)]

    def contradictions(self, names: list[str]) -> list[Pair]:
        """Pairs among the names that contradict each other."""
        return [pair for pair in _PAIRS if pair.one in names and pair.other in names]


VOCABULARY = SmallVocabulary()
