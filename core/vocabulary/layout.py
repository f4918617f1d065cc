"""The form of the index file, shared by its writer (compile.py) and its reader (query.py).

The row id of a tag is its rank (0 is the most used), so every answer that comes in row order comes
in the order of use. Tables:

    tag    one row per tag: id (rank), name, kind (row of `kind`), count, more (JSON, rare fields)
    kind   category, group and origins, which many tags share
    alias  another spelling -> the rank of its tag
    word_* FTS5 without content: the words of names and aliases, one table per open category, so
           that a search in one of them does not wade through the others
    typo   bucket of hashes -> packed integers of `typo_key` + rank
    info   one JSON text
"""

from zlib import crc32

SCHEMA = 1  # SQLite's user_version; files of another form are rebuilt
APPLICATION = 0x49584C56  # "IXLV", SQLite's application_id
RANK_BITS, HASH_BITS, BUCKET_BITS = 24, 32, 16
OPEN = ("general", "character", "copyright", "artist", "meta")
WORD_TABLES = (*(f"word_{category}" for category in OPEN), "word_closed")
BUCKET_SHIFT = RANK_BITS + HASH_BITS - BUCKET_BITS


def word_table(category: str) -> str:
    """The table with the words of a category; the closed classes are small and share one."""
    return f"word_{category if category in OPEN else 'closed'}"


def typo_key(squashed: str) -> int:
    """Hash of a squashed name with one character deleted, above the bits of a rank."""
    return crc32(squashed.encode()) << RANK_BITS
