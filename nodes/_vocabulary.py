"""The vocabulary that nodes and routes use: one for the process, in ComfyUI's user directory."""

from pathlib import Path

from ..core.once import once
from ._host import progress, user_folder


def vocabulary():
    """What can answer at once, for routes."""
    return _shared().now()


def full_vocabulary():
    """All tags that this installation knows, for nodes: the first time it may take some seconds."""
    return _shared().complete(progress())


@once
def _shared():
    from ..core.vocabulary.places import directory_from_environment
    from ..core.vocabulary.shared import SharedVocabulary

    return SharedVocabulary(lambda: directory_from_environment() or Path(user_folder("vocabulary")))
