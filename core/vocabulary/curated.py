"""The pack's own vocabulary: closed classes and the hand-written lists under data/.

Written for this project and safe for work; post counts are unknown here (`count` is None). It is
the fallback when there is no index, the source of groups, implications and meanings for the index,
and cheap: nothing is read before the first question. Data grammar: data/README.md.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from . import completion, spelling
from .closed import by_pattern, closed_tags
from .completion import Found, is_offered
from .contradictions import Contradiction, contradictions
from .names import DATA, emoticons
from .suggest import Shelf, suggest
from .tables import arrows, entries, names
from .tag import GROUPS, Tag

_MISSING = object()
_INSTEAD = re.compile(r"; (\{[^{}]*\}(?: or \{[^{}]*\})*)\Z")


def _reversed(path: Path) -> dict[str, tuple[str, ...]]:
    """name -> everything on the left of an arrow that has it on the right."""
    found: dict[str, tuple[str, ...]] = {}
    for left, right in arrows(path):
        for name in right:
            found[name] = (*found.get(name, ()), left)
    return found


@cache
def general_groups() -> dict[str, str]:
    """General tag -> semantic group (data/general/<group>.txt), in file order."""
    files = {group: DATA / "general" / f"{group}.txt" for group in GROUPS}
    groups: dict[str, str] = {}
    for group, path in files.items():
        for line in entries(path) if path.exists() else ():
            for name in names(line):
                groups.setdefault(name, group)
    return groups


@cache
def curated_tags() -> dict[str, Tag]:
    """Every curated tag by canonical name: closed classes first, then general, then meta."""
    implies = _reversed(DATA / "implications.txt")
    aliases = {left: tuple(right) for left, right in arrows(DATA / "aliases.txt")}
    trained = {left: right[0] for left, right in arrows(DATA / "renamed.txt")}
    meanings = {left: tuple(right) for left, right in _meanings()}
    tags = dict(closed_tags())
    for name, group in general_groups().items():
        tags.setdefault(name, Tag(name, "general", group))
    others = {alias for right in aliases.values() for alias in right}
    for name in sorted(emoticons() - others):  # those that no group lists are faces
        tags.setdefault(name, Tag(name, "general", "expression"))
    for line in entries(DATA / "meta.txt"):
        for name in names(line):
            tags.setdefault(name, Tag(name, "meta"))
    for name, group in _deprecated():
        tags.setdefault(name, Tag(name, "general", group, deprecated=True))
    for name in meanings:  # without a group: a word with meanings, not known to be a tag
        tags.setdefault(name, Tag(name, "general"))
    return {
        name: tag._replace(
            aliases=tag.aliases + aliases.get(name, ()),
            implies=tag.implies + implies.get(name, ()),
            trained_as=trained.get(name, ""),
            meanings=meanings.get(name, ()),
        )
        for name, tag in tags.items()
    }


def _deprecated() -> list[tuple[str, str]]:
    """(name, group) of tags that Danbooru gave up: `group: name, name`."""
    rows = (line.split(": ", 1) for line in entries(DATA / "deprecated.txt"))
    return [(name, group) for group, rest in rows for name in names(rest)]


def _meanings() -> list[tuple[str, list[str]]]:
    """Ambiguous names: `name | first meaning | second meaning; {tag that says so}`."""
    rows = (line.split(" | ") for line in entries(DATA / "ambiguous.txt"))
    return [(name.strip(), [_meaning(text.strip()) for text in rest]) for name, *rest in rows]


def _meaning(text: str) -> str:
    """A meaning in words: `the bird; {crane (animal)}` -> `the bird (write "crane (animal)")`."""
    text = _INSTEAD.sub(r" (write \1)", text)
    return text.replace("{", '"').replace("}", '"')


@cache
def alias_targets() -> dict[str, tuple[str, ...]]:
    """Alias -> the tags it may stand for (one, or several when it is ambiguous)."""
    targets: dict[str, tuple[str, ...]] = {}
    for name, tag in curated_tags().items():
        for alias in (*tag.aliases, *((tag.trained_as,) if tag.trained_as else ())):
            targets[alias] = (*targets.get(alias, ()), name)
    return targets


def ambiguous_alias(alias: str, targets: tuple[Tag, ...]) -> Tag:
    """What is known of an alias with several targets: its own name, and the targets as meanings."""
    categories = {tag.category for tag in targets}
    category = categories.pop() if len(categories) == 1 else "general"
    return Tag(alias, category, meanings=tuple(f"{t.name} ({t.category})" for t in targets))


class CuratedVocabulary:
    """`tag.Vocabulary` over the curated tables."""

    def __init__(self) -> None:
        self._answers: dict[str, Tag | None] = dict(curated_tags())
        self._typos: dict[str, list[str]] | None = None

    def __len__(self) -> int:
        return len(curated_tags())

    def lookup(self, name: str) -> Tag | None:
        """The tag of that canonical name or alias; an ambiguous alias answers with its meanings."""
        found = self._answers.get(name, _MISSING)
        return self._resolve(name) if found is _MISSING else found

    def _resolve(self, name: str) -> Tag | None:
        targets = tuple(curated_tags()[t] for t in alias_targets().get(name, ()))
        if len(targets) > 1:
            tag = ambiguous_alias(name, targets)
        elif targets:
            tag = targets[0]
        else:
            meant = by_pattern(name)
            tag = curated_tags()[meant] if isinstance(meant, str) else meant
        if tag is not None:
            self._answers[name] = tag
        return tag

    def category(self, name: str) -> str | None:
        """The category of the tag of that canonical name or alias."""
        tag = self.lookup(name)
        return tag.category if tag is not None else None

    def search(self, text: str, limit: int = 20, categories: Sequence[str] = ()) -> list[Found]:
        """Completions of typed text, in the order of the files (post counts are unknown here)."""
        every = curated_tags().values()
        tags = (t for t in every if is_offered(t.category, t.group, t.count, t.meanings))
        return completion.search(tags, text, limit, categories)

    def contradictions(self, names: Iterable[str]) -> list[Contradiction]:
        """Pairs of canonical names that do not fit together in one picture of one person."""
        return contradictions(names)

    def nearest(self, name: str, limit: int = 3) -> list[Tag]:
        """Known tags that an unknown name may stand for, best first; see suggest.py."""
        shelf = Shelf(self.lookup, lambda tag: True, self._near, self._starting, self._ending)
        return suggest(name, limit, shelf)

    def _near(self, squashed: str) -> list[Tag]:
        typos = self._typo_index()
        near = {n: None for key in spelling.deletions(squashed) for n in typos.get(key, ())}
        return [curated_tags()[name] for name in near]

    def _starting(self, beginning: str) -> list[Tag]:
        return [tag for name, tag in curated_tags().items() if name.startswith(beginning)]

    def _ending(self, noun: str) -> list[Tag]:
        """General tags with that last word, in the order of the files."""
        return [curated_tags()[name] for name in general_groups() if name.endswith(f" {noun}")]

    def _typo_index(self) -> dict[str, list[str]]:
        if self._typos is None:
            self._typos = {}
            for name in curated_tags():
                if 2 < len(squashed := spelling.squash(name)) <= spelling.MAX_SQUASHED:
                    for key in spelling.deletions(squashed):
                        self._typos.setdefault(key, []).append(name)
        return self._typos


@cache
def curated_vocabulary() -> CuratedVocabulary:
    """The one curated vocabulary of this process."""
    return CuratedVocabulary()
