"""The vocabulary that nodes and routes use."""

from ..core.vocabulary.curated import curated_vocabulary


def vocabulary():
    """The tags that this installation knows; read on first use."""
    return curated_vocabulary()
