"""Looks for likely mistakes in a classified prompt; warns with a remedy and changes nothing.

A vocabulary may offer one look-up beside the Protocol, used where it exists:
`first_seen(name) -> "YYYY-MM"`, when the tag appeared.
"""

from collections.abc import Iterator

from .classify import Entry, Reader
from .order import implied_names
from .render import Item
from .unlisted import check_script, check_unlisted, is_unknown, unknown
from .warning import PromptWarning
from .words import counted, is_good_score, trained_word, year_band, year_of

_MOST_NEAREST = 12  # spelling searches per prompt; each costs milliseconds
_CLOSED = ("score", "year", "rating")
# Pictures of these kinds show several persons, or one person in several states.
_SEVERAL = frozenset(
    (
        *("multiple views", "comic", "2koma", "3koma", "4koma", "5koma", "collage", "sequence"),
        *("reference sheet", "character sheet", "turnaround", "variations", "before and after"),
        *("expression chart", "expressions", "multiple expressions", "age progression"),
        *("split screen", "split theme", "inset", "multiple persona", "dual persona", "clone"),
        *("couple", "group picture", "crowd", "everyone", "people", "twins", "triplets"),
    )
)
_NAMES = ("character", "copyright", "artist")


def check_items(
    segments: list[list[Item]], weights: list[float], reader: Reader
) -> list[PromptWarning]:
    """Warnings of all segments, each distinct one once, in the order of the text."""
    found = dict.fromkeys(check_script(segments))
    searches = 0
    for items in segments:
        for item in items:
            if _negative(item.entry, reader):
                continue  # the model's card writes it so
            told = list(check_entry(item, reader))
            found.update(dict.fromkeys(told))
            if not told and is_unknown(item, reader):
                searches += 1
                found.setdefault(unknown(item.entry, reader, searches <= _MOST_NEAREST))
        for warning in _check_together(items, weights, reader):
            found.setdefault(warning)
    return list(found)


def _negative(entry: Entry, reader: Reader) -> bool:
    """Whether a word stands in the negative prompt of the model's card, which is right about it."""
    return entry.name in reader.profile.negative


def check_entry(item: Item, reader: Reader) -> Iterator[PromptWarning]:
    """Warnings about one tag by itself."""
    entry, profile = item.entry, reader.profile
    if entry.category in _CLOSED:
        yield from _check_word(entry, reader)
    if entry.tag is not None:
        yield from _check_tag(entry, reader)
    else:
        yield from check_unlisted(item, reader)
    year = year_of(entry.name)
    if year is not None and profile.last_year and year > profile.last_year:
        why = f"the data of {profile.title} ends in {profile.cut_off or profile.last_year}"
        yield PromptWarning("new", entry.name, why, f"use year {profile.last_year}")


def _check_word(entry: Entry, reader: Reader) -> Iterator[PromptWarning]:
    """A score, year or rating word of another model."""
    profile, category = reader.profile, entry.category
    trained = trained_word(entry.name, category, profile)
    if not trained or trained == entry.name or entry.name == "masterpiece (quality)":
        return
    year = year_of(entry.name)
    if year is not None and year > profile.last_year:
        return  # reported as new
    words = profile.ratings if category == "rating" else [
        word.name for word in (profile.scores if category == "score" else profile.years)
    ]  # fmt: skip
    listed = ", ".join(words) or f"year {profile.first_year} to year {profile.last_year}"
    why = f"{profile.title} was not trained on this {category} word; it knows {listed}"
    yield PromptWarning("untrained", entry.name, why, f"use {trained}")


def _check_tag(entry: Entry, reader: Reader) -> Iterator[PromptWarning]:
    """What the vocabulary says against a tag."""
    tag, name, profile = entry.tag, entry.name, reader.profile
    if len(tag.meanings) > 1 and entry.category not in (*_CLOSED, "framing"):
        why = f"it has several meanings: {', or '.join(tag.meanings)}"
        yield PromptWarning(
            "ambiguous", name, why, "say which one you mean, or add a tag that does"
        )
    if tag.trained_as and name == tag.name:
        why = "the tag was renamed after the model's data was collected"
        yield PromptWarning("renamed", name, why, f"use {tag.trained_as}")
    elif name in tag.aliases and name != tag.trained_as and entry.category not in _CLOSED:
        why = "an alias: captions used the tag that it stands for"
        yield PromptWarning("alias", name, why, f"use {tag.trained_as or tag.name}")
    if tag.deprecated:
        why = "deprecated: the tag was removed from most pictures"
        yield PromptWarning("deprecated", name, why, "describe what you mean with other tags")
    if tag.count is not None and tag.count < profile.rare_below and tag.category in _NAMES:
        why = f"{tag.count} posts; under {profile.rare_below} {profile.title} hardly knows a name"
        yield PromptWarning("rare", name, why, "describe the looks with tags, or use a LoRA")
    first_seen = getattr(reader.vocabulary, "first_seen", None)
    since = first_seen(tag.name) if first_seen and profile.cut_off else None
    if since and since > profile.cut_off:
        why = f"first used {since}; the data of {profile.title} ends in {profile.cut_off}"
        yield PromptWarning("new", name, why, "describe the looks with tags, or use a LoRA")


def _check_together(
    items: list[Item], weights: list[float], reader: Reader
) -> Iterator[PromptWarning]:
    """Warnings about tags of one segment that do not go together."""
    yield from _check_counts(items)
    yield from _check_one_of_a_kind(items, reader)
    yield from _check_pairs(items, reader)
    seen: dict[str, float] = {}
    for item in items:
        entry = item.entry
        if item.part.kind != "tag":
            continue
        weight = round(weights[item.part.group], 6) if item.part.group >= 0 else 1.0
        if entry.name in seen:
            why = f"it stands here twice, with the weights {seen[entry.name]:g} and {weight:g}"
            yield PromptWarning("duplicate", entry.name, why, "keep one of them")
        seen.setdefault(entry.name, weight)


def _check_pairs(items: list[Item], reader: Reader) -> Iterator[PromptWarning]:
    """Pairs of tags that cannot both be true of one person in one view."""
    entries = {item.entry.name: item.entry for item in items if item.part.kind == "tag"}
    if reader.vocabulary is None or not _is_one_view(entries):
        return
    for pair in reader.vocabulary.contradictions(entries):
        checked = [entries[name].category for name in (pair.one, pair.other)]
        told = checked[0] == checked[1] in (*_CLOSED, "framing")  # by _check_one_of_a_kind
        if pair.weak or told or "person count" in checked:  # counts: _check_counts
            continue
        why = f"against {pair.one}: {pair.reason}"
        remedy = f"keep one of {pair.one}, {pair.other}"
        yield PromptWarning("contradiction", pair.other, why, remedy)


def _is_one_view(entries: dict[str, Entry]) -> bool:
    """Whether a segment shows one person (or none) once, as far as its tags say."""
    persons = sum(found[1] for found in map(counted, entries) if found)
    characters = sum(entry.category == "character" for entry in entries.values())
    return persons < 2 and characters < 2 and _SEVERAL.isdisjoint(entries)


def _check_counts(items: list[Item]) -> Iterator[PromptWarning]:
    """Person counts against each other, solo and no humans."""
    numbers: dict[str, tuple[int, bool, str]] = {}
    names = {item.entry.name for item in items}
    for item in items:
        name, found = item.entry.name, counted(item.entry.name)
        if found is None:
            continue
        kind, number, at_least = found
        if kind in numbers:
            before, was_least, first = numbers[kind]
            fits = (at_least and before >= number) or (was_least and number >= before)
            if before != number and not fits:
                yield PromptWarning("contradiction", name, f"{first} says another number",
                              f"keep one of {first}, {name}")  # fmt: skip
        if kind not in numbers or number > numbers[kind][0]:
            numbers[kind] = number, at_least, name
    total = sum(number for number, _, _ in numbers.values())
    people = ", ".join(name for _, _, name in numbers.values())
    if "solo" in names and total > 1:
        why = f"solo means one person, {people} means {total}"
        yield PromptWarning("contradiction", "solo", why, f"drop solo or change {people}")
    if "no humans" in names and total:
        why = f"there cannot be no humans and {people}"
        yield PromptWarning("contradiction", "no humans", why, f"drop no humans or {people}")


def _check_one_of_a_kind(items: list[Item], reader: Reader) -> Iterator[PromptWarning]:
    """Framings, ratings, years and scores: a picture has one of each."""
    first: dict[str, Entry] = {}
    for item in items:
        entry = item.entry
        if item.part.kind != "tag" or entry.category not in (*_CLOSED, "framing"):
            continue
        before = first.setdefault(entry.category, entry)
        if before.name == entry.name or _negative(before, reader) and _negative(entry, reader):
            continue
        why = _conflict(before.name, entry, reader)
        if why:
            remedy = f"keep one of {before.name}, {entry.name}"
            yield PromptWarning("contradiction", entry.name, why, remedy)


def _conflict(before: str, entry: Entry, reader: Reader) -> str:
    """Why two tags of one category do not go together, or ""."""
    if entry.category == "framing":
        return f"{before} frames the picture already; the v0.1 card asks for one framing"
    if entry.category == "rating":
        return f"{before} rates the picture already"
    if entry.category == "score":
        good = is_good_score(before), is_good_score(entry.name)
        return f"{before} asks for the opposite" if set(good) == {True, False} else ""
    bands = year_band(before, reader.profile), year_band(entry.name, reader.profile)
    if None in bands:
        return ""
    apart = bands[0][1] < bands[1][0] or bands[1][1] < bands[0][0]
    return f"{before} means other years" if apart else ""


def check_negatives(
    positive: list[list[Item]], negative: list[list[Item]], reader: Reader
) -> list[PromptWarning]:
    """Tags of a negative prompt that cancel what the positive prompt asks for."""
    wanted: dict[str, str] = {}
    for item in (i for items in positive for i in items if i.part.kind == "tag"):
        wanted[item.entry.name] = item.entry.name
        for name in implied_names(item.entry.name, reader):
            wanted.setdefault(name, item.entry.name)
    found: dict[PromptWarning, None] = {}
    for item in (i for items in negative for i in items if i.part.kind == "tag"):
        name = item.entry.name
        owner = wanted.get(name) or _wanted_by(name, wanted, reader)
        if owner == name:
            why = "the positive prompt asks for it"
        elif owner:
            why = f"the positive prompt asks for {owner}, which states it"
        else:
            continue
        found.setdefault(PromptWarning("cancels", name, why, f"take {name} out of one of the two"))
    return list(found)


def _wanted_by(name: str, wanted: dict[str, str], reader: Reader) -> str:
    """The wanted tag that an alias stands for, or ""."""
    tag = reader.lookup(name)
    return wanted.get(tag.name, "") if tag is not None else ""
