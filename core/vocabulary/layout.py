"""The form of the index file, shared by its writer (compile.py) and its reader (query.py).

The row id of a tag is its rank (0 is the most used), so every answer that comes in row order comes
in the order of use. Tables:

    tag    one row per tag: id (rank), name, kind (row of `kind`), count, more (JSON, rare fields)
    kind   category, group and origins, which many tags share
    alias  another spelling -> the rank of its tag
    word   FTS5 without content: words of names and aliases, and a character for the category
    typo   bucket of hashes -> packed integers of `typo_key` + rank
    info   one JSON text
"""

from zlib import crc32

from .tag import CATEGORIES

SCHEMA = 1  # SQLite's user_version; files of another form are rebuilt
APPLICATION = 0x49584C56  # "IXLV", SQLite's application_id
RANK_BITS, HASH_BITS, BUCKET_BITS = 24, 32, 16
BUCKET_SHIFT = RANK_BITS + HASH_BITS - BUCKET_BITS


def category_mark(category: str) -> str:
    """The private-use character that stands for a category among the words of a tag."""
    return chr(0xE000 + CATEGORIES.index(category))


def typo_key(squashed: str) -> int:
    """Hash of a squashed name with one character deleted, above the bits of a rank."""
    return crc32(squashed.encode()) << RANK_BITS
