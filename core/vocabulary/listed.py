"""A vocabulary that also knows the names in tipo-kgen's lists, without an index.

For names that the vocabulary behind it does not know, it says which list has them: artist,
character, copyright or meta. Reads 16 MB when first asked, keeps them as they are, and searches
them through (some 10 ms for a name in no list). Once the vocabulary behind it is the full index,
which holds the same lists, it has nothing to add.
"""

from functools import cache

from .sources import KGEN_FILES, kgen_source
from .tag import Tag, Vocabulary


class ListedVocabulary:
    """`tag.Vocabulary`: another one, then the lists."""

    def __init__(self, known: Vocabulary):
        self.known = known
        self._found: dict[str, Tag | None] = {}

    def lookup(self, name: str) -> Tag | None:
        """The tag of a canonical name or alias, else one with the category of the list."""
        tag = self.known.lookup(name)
        if tag is not None or "\n" in name or not name:
            return tag
        if name not in self._found:
            self._found[name] = _search(name)
        return self._found[name]

    def nearest(self, name: str, limit: int = 3) -> list[Tag]:
        return self.known.nearest(name, limit)


def _search(name: str) -> Tag | None:
    wanted = b"\n%s\n" % name.encode()
    category = next((category for category, text in _lists() if wanted in text), "")
    return Tag(name, category, origin="tipo-kgen") if category else None


@cache
def _lists() -> list[tuple[str, bytes]]:
    """(category, names one per line) of each list, shortest first; [] without the package."""
    source = kgen_source()
    files = [(KGEN_FILES[path.name], path.read_bytes()) for path in source.paths] if source else []
    texts = [(category, b"\n%s\n" % text.replace(b"\r", b"")) for category, text in files]
    return sorted(texts, key=lambda pair: len(pair[1]))


@cache
def with_lists(known: Vocabulary) -> ListedVocabulary:
    """The one of this process for a vocabulary: normalize keeps its tables by vocabulary."""
    return ListedVocabulary(known)
