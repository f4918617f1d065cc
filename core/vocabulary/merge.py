"""One table of tags out of the curated tables, tag lists and tipo-kgen; the rules of precedence.

1. Category and group: curated first (closed classes and grouped tags), then the tag lists in order,
   then tipo-kgen. A curated word without a group (ambiguous.txt) decides if nobody else has it.
2. Post count: the first tag list that gives one. Aliases: of all; curated ones are not overruled.
3. A name that a tag list or the curated tables have as a tag is no alias, whoever says so.
   An alias beats a name that only tipo-kgen has: it is the name before a renaming.
4. An alias with several targets stands for none of them: it becomes a tag with these meanings.
5. General tags without a curated group take the group of their head words (`green jacket`: jacket).
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from .curated import ambiguous_alias, curated_tags, general_groups
from .sources import KGEN_FILES, Row, Source, kgen_names
from .tag import Tag

CURATED = "curated"
_SMALL_WORDS = ("a", "and", "at", "behind", "by", "from", "in", "of", "on", "the", "to", "under")


class Known(NamedTuple):
    """What the merge keeps of one name; `origins` are positions in `Merged.origins`."""

    category: str
    group: str
    count: int | None
    origins: tuple[int, ...]


class Merged(NamedTuple):
    """All tags by name, most used first; aliases with their targets; curated facts by name."""

    tags: dict[str, Known]
    aliases: dict[str, tuple[str, ...]]
    facts: dict[str, Tag]
    origins: tuple[str, ...]


def merge(
    lists: Iterable[tuple[Source, list[Row]]],
    kgen: Source | None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Merged:
    """Merge the curated tables with tag lists (first is strongest) and tipo-kgen's names."""
    lists = list(lists)
    origins = [CURATED, *(source.name for source, _ in lists), *([kgen.name] if kgen else [])]
    facts = dict(curated_tags())
    words = {name for name, tag in facts.items() if tag.category == "general" and not tag.group}
    tags = {
        name: Known(tag.category, tag.group, None, (0,))
        for name, tag in facts.items()
        if name not in words
    }
    for origin, (_, rows) in enumerate(lists, 1):
        _add_rows(tags, rows, origin)
        on_step(origin, len(origins))
    aliases = _aliases(tags, [rows for _, rows in lists])
    if kgen:
        _add_names(tags, aliases, kgen, len(origins) - 1)
        on_step(len(origins), len(origins))
    for word in words:
        tags.setdefault(word, Known("general", "", None, (0,)))
    for alias, targets in aliases.items():
        if len(targets) > 1:
            meant = tuple(Tag(name, tags[name].category) for name in targets)
            facts[alias] = ambiguous_alias(alias, meant)
            tags[alias] = Known(facts[alias].category, "", None, tags[targets[0]].origins)
    single = {alias: targets for alias, targets in aliases.items() if len(targets) == 1}
    return Merged(_ranked(tags), single, facts, tuple(origins))


def _ranked(tags: dict[str, Known]) -> dict[str, Known]:
    """Tags by falling post count; those without one behind, in the order of their source."""
    counted = [item for item in tags.items() if item[1].count]
    counted.sort(key=lambda item: -item[1].count)
    ranked = dict(counted)
    ranked.update(tags)
    return ranked


def _add_rows(tags: dict[str, Known], rows: list[Row], origin: int) -> None:
    """Add a tag list: new names, and counts and origins of known ones."""
    groups = general_groups()
    for name, category, count, _ in rows:
        known = tags.get(name)
        if known is None:
            group = "animal" if category == "species" else ""
            if category == "general":
                group = head_group(name, groups)
            category = "general" if category == "species" else category
            tags[name] = Known(category, group, count, (origin,))
        elif origin not in known.origins:
            better = known.count if known.count is not None else count
            tags[name] = known._replace(count=better, origins=(*known.origins, origin))


def _aliases(tags: dict[str, Known], lists: list[list[Row]]) -> dict[str, tuple[str, ...]]:
    """Alias -> targets. Curated first; names that are tags are left out."""
    aliases: dict[str, tuple[str, ...]] = {}
    for name, tag in curated_tags().items():
        for alias in (*tag.aliases, *filter(None, (tag.trained_as,))):
            if alias not in tags:
                aliases[alias] = (*aliases.get(alias, ()), name)
    settled = set(aliases)
    for rows in lists:
        for row in rows:
            for alias in row.aliases:
                targets = aliases.get(alias, ())
                if alias not in tags and alias not in settled and row.name not in targets:
                    aliases[alias] = (*targets, row.name)
    return aliases


def _add_names(
    tags: dict[str, Known], aliases: dict[str, tuple[str, ...]], kgen: Source, origin: int
) -> None:
    """Add tipo-kgen's names. Names known only there share one value per category (memory)."""
    shared = {category: Known(category, "", None, (origin,)) for category in KGEN_FILES.values()}
    before = set(tags)
    for names, category in kgen_names(kgen):
        for name in before.intersection(names):
            known = tags[name]
            if known.origins[-1] != origin:
                tags[name] = known._replace(origins=(*known.origins, origin))
        new = [name for name in names if name not in tags and name not in aliases]
        tags.update(dict.fromkeys(new, shared[category]))


def head_group(name: str, groups: dict[str, str]) -> str:
    """The group of a general tag by its head: `holding lizard` is an action, `mint coat` clothing.

    "" when neither its first word is a known action or pose nor its last words are a known tag.
    """
    words = name.split()
    if len(words) < 2 or name.endswith(")"):
        return ""
    if groups.get(words[0]) in ("action", "pose"):
        return groups[words[0]]
    for start in range(1, len(words)):
        if words[start] in _SMALL_WORDS:
            return ""
        if group := groups.get(" ".join(words[start:])):
            return group
    return ""
