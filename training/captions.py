"""Caption files on disk, their plans, and the plans of a run as one file.

    <picture>.txt or .caption   one caption per line: the levels of one picture
    a text file                 one caption per line: one picture each (preview only)
    plans.jsonl                 the plans of a run, by picture; made where the vocabulary is

Does not vary captions (compose.py) and does not open pictures.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from ..core.prompt.classify import Reader
from .plan import Item, Level, Plan, plan_captions
from .policy import Policy

# What sd-scripts takes for a picture (library/train_util.py, IMAGE_EXTENSIONS).
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}
CAPTION_FILES = (".txt", ".caption")
OnStep = Callable[[int, int], None]


def read_captions(path: str | Path) -> list[tuple[str, list[str]]]:
    """(key, captions) of a folder with caption files or of a text file with a caption per line.

    Raises ValueError with one sentence when there are none.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix in CAPTION_FILES)
        found = [(p.relative_to(path).with_suffix("").as_posix(), _lines(p)) for p in files]
    elif path.is_file():
        lines = _text(path).splitlines()
        found = [(f"line {n}", [line]) for n, line in enumerate(lines, 1) if line.strip()]
    else:
        raise ValueError(f"There is no file or folder {path}; give captions to read.")
    if not found:
        raise ValueError(f"{path} holds no captions; give a folder with .txt or .caption files.")
    return found


def captions_given(text: str) -> list[tuple[str, list[str]]]:
    """(key, captions) of what a text field holds: a path, or captions, one a line."""
    text = text.strip()
    lines = text.splitlines()
    # a path is absolute, and no caption is: nothing is read by mistake
    if len(lines) == 1 and os.path.isabs(text):
        return read_captions(text)
    return captions_typed(text)


def captions_typed(text: str) -> list[tuple[str, list[str]]]:
    """(key, captions) of typed captions, one a line. Reads no file."""
    lines = text.strip().splitlines()
    if not lines:
        raise ValueError("There are no captions; give a folder, or captions, one a line.")
    return [(f"line {n}", [line]) for n, line in enumerate(lines, 1) if line.strip()]


def pictures_of(folder: Path) -> list[Path]:
    """The pictures directly in a folder, as sd-scripts sees it."""
    return _files(folder, PICTURES)


def _files(folder: Path, suffixes: set[str]) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix.lower() in suffixes)
    except OSError as error:
        raise ValueError(f"The folder {folder} cannot be read ({error.strerror}).") from None


def stamp_of(folders: Iterable[str]) -> str:
    """What tells that pictures or captions are no longer the same: names, sizes, times."""
    told = hashlib.sha256()
    for folder in folders:
        for path in _files(Path(folder), {*PICTURES, *CAPTION_FILES}):
            status = path.stat()
            row = f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n"
            told.update(row.encode("utf-8", "surrogateescape"))
    return told.hexdigest()


def plans_of(captions: Iterable[tuple[str, list[str]]], reader: Reader) -> list[Plan]:
    return [plan_captions(key, lines, reader) for key, lines in captions]


def write_plans(
    target: Path, folders: Iterable[str], suffix: str, reader: Reader, on_step: OnStep | None = None
) -> tuple[int, int]:
    """Write the plans of all pictures; returns (pictures, pictures without a caption)."""
    pictures = [p for folder in folders for p in pictures_of(Path(folder))]
    bare = 0
    with target.open("w", encoding="utf-8", errors="surrogateescape") as file:
        for done, picture in enumerate(pictures, 1):
            caption = picture.with_suffix(suffix)
            lines = _lines(caption) if caption.is_file() else []
            bare += not lines
            plan = plan_captions(f"{picture.parent.name}/{picture.stem}", lines, reader)
            file.write(json.dumps({"picture": str(picture), **plan._asdict()}) + "\n")
            if on_step and done % 100 == 0:
                on_step(done, len(pictures))
    return len(pictures), bare


def load_plans(path: Path) -> dict[str, Plan]:
    """Plans by `place_of` their pictures."""
    return dict(_plans(path))


def first_plans(path: Path, most: int) -> list[Plan]:
    """The first plans of a run, [] where there is no such file."""
    return [plan for _, plan in islice(_plans(path), most)] if path.is_file() else []


def _plans(path: Path) -> Iterator[tuple[str, Plan]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            data = json.loads(line)
            levels = tuple(Level(n, tuple(Item(*i) for i in items)) for n, items in data["levels"])
            yield place_of(data["picture"]), Plan(data["key"], levels)


def place_of(picture: str) -> str:
    """A picture's path in one form, whoever made it."""
    return os.path.normcase(os.path.abspath(picture))


def deterministic(policy: Policy) -> Policy:
    """The policy for validation: every tag stays, in order, and is written as it is."""
    return policy._replace(
        stages=(), tag_dropout=0.0, rates=(), caption_dropout=0.0, registers=0.0, hints=False,
        paraphrases=0.0, case_jitter=0.0, underscore_jitter=0.0, rules=(), shuffle=False,
        joiners=((", ", 1.0),),
    )  # fmt: skip


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in _text(path).splitlines() if line.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as UTF-8 text: {error}.") from None
