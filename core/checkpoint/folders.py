"""Where model folders in the layout of the diffusers library lie. Looks at names only."""

import os
from collections.abc import Iterable

INDEX = "model_index.json"


def is_model_folder(path: str) -> bool:
    return os.path.isfile(os.path.join(path, INDEX))


def find_folders(roots: Iterable[str]) -> dict[str, str]:
    """{name: path} of every model folder below the roots, the first of a name."""
    found: dict[str, str] = {}
    for root in roots:
        for folder, inner, files in os.walk(root, followlinks=True):
            if INDEX in files:
                name = os.path.relpath(folder, root).replace(os.sep, "/")
                found.setdefault(name, folder)
                inner.clear()  # its parts are no models
    return dict(sorted(found.items()))
