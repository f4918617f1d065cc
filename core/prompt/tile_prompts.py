"""The prompts of the cut-outs of one picture: what is true everywhere, and who is seen in them.

A cut-out that sees nobody is told of nobody: told of a girl, a model draws one into every tile (the
best known fault of tiled upscaling). Writes the prompt of every set of boxes that a cut-out can
touch, before it is known how the picture will be cut. Does not encode.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..vocabulary.tag import Vocabulary
from .build import build, person_count
from .classify import Reader
from .fields import joined, read_field
from .locality import is_everywhere
from .normalize import normalize
from .options import Options
from .profiles import DEFAULT_PROFILE, Profile, get_profile
from .tile_boxes import TilePrompts, inner, touchable
from .tile_places import Place
from .words import counted

MOST_PROMPTS = 64  # encoded before the first step: some seconds on a graphics card
RIM = 0.1


class _Item(NamedTuple):
    """An item of a prompt. counts: (person, number) of a person count."""

    name: str
    printed: str
    section: str
    everywhere: bool
    counts: tuple[str, int] | None


class _Words(NamedTuple):
    """What there is to say. of_places: the items of each place, () for one without tags.

    rest: persons that the prompt counts and no place with tags does. each: the kind of person that
    every place without tags has one of, "" where that is not certain. uncounted: persons of whom
    the prompt says no number, such as "multiple girls" alone.
    """

    prompt: list[_Item]
    of_places: list[list[_Item]]
    background: list[_Item]
    always: frozenset[str]
    claimed: frozenset[str]
    rest: Counter
    each: str
    uncounted: frozenset[str]


def tile_prompts(
    prompt: str,
    places: Sequence[Place],
    profile: str | Profile = DEFAULT_PROFILE,
    vocabulary: Vocabulary | None = None,
    background: str = "",
    everywhere: str = "",
    rim: float = RIM,
) -> TilePrompts:
    """The prompts of all cut-outs. background: said where no box is; everywhere: tags of all.

    Raises ValueError when there are more than MOST_PROMPTS.
    """
    reader = Reader(get_profile(profile), vocabulary, Options())
    said = _words(prompt, places, reader, background, everywhere)
    whole = _whole(prompt, said, reader)
    texts, names = {whole: 0}, _names(whole, reader)
    boxes = tuple(inner(place.box, rim) for place in places)
    everyone = (1 << len(places)) - 1
    text_of = {}
    for bits in sorted(touchable(boxes), reverse=True):
        text = _part(bits, said, reader.profile)
        if (bits and bits == everyone) or _names(text, reader) == names:
            text = whole
        text_of[bits] = texts.setdefault(text, len(texts))
    if len(texts) > MOST_PROMPTS:
        raise ValueError(
            f"The {len(places)} boxes can be seen together in {len(texts)} different ways, each "
            f"with a prompt of its own; at most {MOST_PROMPTS} are encoded. Leave out boxes, or "
            "join neighbours into one."
        )
    return TilePrompts(boxes, tuple(texts), text_of)


def _words(
    prompt: str, places: Sequence[Place], reader: Reader, background: str, everywhere: str
) -> _Words:
    items = _items(prompt, reader)
    of_places = [_items(place.tags, reader) for place in places]
    always = _items(everywhere, reader)
    names = {item.name for item in items}
    items += [item for item in always if item.name not in names]
    told = sum((_counts(own) for own in of_places), Counter())
    rest = _counts(items) - told
    bare = sum(1 for own in of_places if not own)
    each = next(iter(rest)) if len(rest) == 1 and rest.total() == bare else ""
    return _Words(
        items,
        of_places,
        _items(background, reader),
        frozenset(item.name for item in always),
        frozenset(item.name for own in of_places for item in own if item.counts is None),
        rest,
        each,
        _uncounted(items),
    )


def _items(text: str, reader: Reader) -> list[_Item]:
    found = []
    for item in read_field(text).items:
        kind = "tag" if item.kind == "sentence" and reader.known(item.name) else item.kind
        entry = reader.entry(kind, item.text)
        count = counted(item.name) if entry.category == "person count" else None
        plain = kind in ("tag", "mixed", "network", "embedding")
        shared = plain and is_everywhere(item.name, entry.category, reader.vocabulary)
        found.append(
            _Item(item.name, item.printed, entry.section, shared, count and tuple(count[:2]))
        )
    return found


def _names(text: str, reader: Reader) -> set[str]:
    return {item.name for item in _items(text, reader)}


def _counts(items: Iterable[_Item]) -> Counter:
    """How many of each kind of person; "2girls, multiple girls" are two."""
    most: Counter = Counter()
    for item in items:
        if item.counts:
            kind, number = item.counts
            most[kind] = max(most[kind], number)
    return most


def _uncounted(items: Iterable[_Item]) -> frozenset[str]:
    found = [count for item in items if item.counts and (count := counted(item.name))]
    exact = {kind for kind, _, at_least in found if not at_least}
    return frozenset(kind for kind, _, at_least in found if at_least) - exact


def _whole(prompt: str, said: _Words, reader: Reader) -> str:
    """The prompt as it is, and what the places have that it lacks."""
    names = {item.name for item in said.prompt}
    own = [item for items in said.of_places for item in items if item.counts is None]
    more = {item.name: item.printed for item in own if item.name not in names}
    more |= {item.name: item.printed for item in said.prompt if item.name in said.always}
    if not any(item.counts for item in said.prompt):
        total = sum((_counts(items) for items in said.of_places), Counter())
        more |= {tag: tag for tag in person_count(total.elements())}
    written = _names(prompt, reader)
    added = [printed for name, printed in more.items() if name not in written]
    if not added:
        return prompt
    return normalize(joined((prompt, *added)), reader.profile, reader.vocabulary).text


def _part(bits: int, said: _Words, profile: Profile) -> str:
    """The prompt of a cut-out that touches these places."""
    here = [own for i, own in enumerate(said.of_places) if bits >> i & 1]
    own = {item.name: item for items in here for item in items if item.counts is None}
    bare = sum(1 for items in here if not items)
    written = {item.name for item in said.prompt}
    extra = [*own.values(), *(() if bits else said.background)]
    chosen = [item for item in extra if item.name not in written]
    for item in said.prompt:
        if item.counts or item.section == "natural language":  # that speaks of the whole picture
            continue
        unclaimed = item.name not in said.claimed and (item.everywhere or bare)
        if unclaimed or item.name in own or item.name in said.always:
            chosen.append(item)
    sections = {"person count": _persons(here, bare, said)}
    if not profile.order:
        return joined((*sections["person count"], *(item.printed for item in chosen)))
    for item in chosen:
        sections.setdefault(item.section, []).append(item.printed)
    return build(sections, profile)


def _persons(here: list[list[_Item]], bare: int, said: _Words) -> list[str]:
    """Person counts of a cut-out: of its places with tags, and of what the others may hold.

    Never more of a kind than the prompt counts: several boxes may be parts of one person.
    """
    counts = sum((_counts(items) for items in here), Counter())
    if bare and said.each:
        counts[said.each] += bare
    elif bare:
        counts += said.rest
    for kind, most in _counts(said.prompt).items():
        if kind not in said.uncounted:
            counts[kind] = min(counts[kind], most)
    as_written = {item.name: item.printed for item in said.prompt if item.counts}
    return [as_written.get(tag, tag) for tag in person_count(counts.elements())]


def tile_report(prompts: TilePrompts, places: Sequence[Place]) -> str:
    """What each box adds, and what is said where none is."""
    lines = [f"{len(places)} boxes, {len(prompts.texts)} prompts", f"whole: {prompts.texts[0]}"]
    for i, place in enumerate(places):
        left, top, right, bottom = (round(100 * side) for side in place.box)
        where = f"{left}-{right} % across, {top}-{bottom} % down"
        alone = prompts.text_of.get(1 << i)
        said = "never seen alone" if alone is None else prompts.texts[alone]
        lines.append(f"box {i + 1} ({where}): {said}")
    nobody = prompts.text_of.get(0)
    lines.append(
        "no box: every part of the picture is in one"
        if nobody is None
        else f"no box: {prompts.texts[nobody]}"
    )
    return "\n".join(lines)
