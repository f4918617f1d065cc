"""What the command line's `metadata` area does: `show`, `copy`.

Data in, data out; printing and exit codes belong to the caller.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from . import picture
from .found import UnreadablePicture
from .read import Reading, read_picture
from .report import as_dict, report
from .texts import texts_of
from .write import replace_file

_KEPT_IN_PNG = (*picture.OURS, *picture.FOREIGN)


def show(files: Sequence[str]) -> list[dict]:
    """One entry for each file, in their order; `problem` says why one cannot be read."""
    return [_show(file) for file in files]


def _show(file: str) -> dict:
    try:
        found, reading = _read(file)
    except UnreadablePicture as error:
        return {"file": file, "ok": False, "problem": str(error)}
    texts = picture.texts(found)
    told = {"format": found.format, "width": found.width, "height": found.height}
    graphs = {"workflow": "workflow" in texts, "prompt": "prompt" in texts}
    described = {**as_dict(reading), "report": report(reading)}
    return {"file": file, "ok": True, **told, **graphs, **described, "problem": ""}


def _read(file: str) -> tuple[picture.Found, Reading]:
    """A picture and its meaning. Raises UnreadablePicture in every case of trouble."""
    try:
        if not os.path.isfile(file):
            what = "a folder" if os.path.isdir(file) else "no file"
            raise UnreadablePicture(f"This is {what}; give the path of a picture.")
        return read_picture(file)
    except OSError as error:
        raise UnreadablePicture(
            f"The file cannot be read ({error.strerror or error}); check the path and its rights."
        ) from error
    except ValueError as error:
        if isinstance(error, UnreadablePicture):
            raise
        raise UnreadablePicture("The path holds a zero character.") from error


def show_text(entry: dict) -> str:
    """An entry of `show` for people."""
    graphs = [name for name in ("workflow", "prompt") if entry[name]]
    head = f"{entry['file']}: {entry['format']}, {entry['width']} x {entry['height']} px"
    lines = [head + (f", with {' and '.join(graphs)}" if graphs else "")]
    lines += [f"  {line}" for line in entry["report"].split("\n")]
    if entry["parameters"]:
        lines += ["  parameters:", *(f"    {line}" for line in entry["parameters"].split("\n"))]
    return "\n".join(lines)


def copy(source: str, target: str) -> dict:
    """Put into `target` what `source` says of how it was made; its pixels are not touched.

    Raises ValueError, one sentence; the target is then as it was.
    """
    found, reading = _named(source)
    into, _ = _named(target)
    kept = _KEPT_IN_PNG if into.format == "png" else picture.OURS
    texts = {name: text for name, text in picture.texts(found).items() if name in kept}
    if not texts and reading.source:  # only in a form that the target has no place for
        texts = texts_of(reading.record, {})
    if not texts:
        raise ValueError(f"{source} says nothing of how it was made; there is nothing to copy.")
    try:
        data = picture.with_texts(Path(target).read_bytes(), texts)
    except OSError as error:
        raise ValueError(f"{target} cannot be read ({error.strerror or error}).") from error
    except UnreadablePicture as error:
        raise ValueError(f"{target}: {error}") from error
    replace_file(Path(target), data)
    return {"from": source, "to": target, "source": reading.source, "texts": sorted(texts)}


def _named(file: str) -> tuple[picture.Found, Reading]:
    try:
        return _read(file)
    except UnreadablePicture as error:
        raise ValueError(f"{file}: {error}") from error
