"""Tags of pictures by a WD tagger (wd-v1-4 and wd-v3 by SmilingWolf) in ONNX.

Such a model takes NHWC float32 pictures, blue first, 0 to 255, on a white square, and gives a score
from 0 to 1 per row of selected_tags.csv. Needs onnxruntime, an optional extra, on first use.
Downloads nothing and decides nothing: see labels.choose.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from .folder import LABELS, MODEL, no_onnxruntime
from .labels import read_labels

# TensorRT is left out: it would compile the model for minutes on first use.
_PROVIDERS = ("CUDAExecutionProvider", "ROCMExecutionProvider", "DmlExecutionProvider")
_ROUNDING = 1e-3  # by which a score in half precision may leave 0 to 1


class Tagger(NamedTuple):
    """session: onnxruntime's. side: of the square that it takes. labels: see read_labels."""

    session: object
    side: int
    labels: dict[str, int]
    file: Path


def load(folder: Path) -> Tagger:
    """The tagger of a folder. Raises ValueError with one sentence that says what to do."""
    try:
        import onnxruntime
    except ImportError as problem:
        raise ValueError(no_onnxruntime()) from problem
    file, labels = Path(folder) / MODEL, read_labels(Path(folder) / LABELS)
    there = onnxruntime.get_available_providers()
    chosen = [*(name for name in _PROVIDERS if name in there), "CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(str(file), providers=chosen)
    except _errors() as problem:
        first = str(problem).strip().split("\n")[0]
        raise ValueError(
            f"{file} cannot be opened as an ONNX model ({first}); get {file.name} again."
        ) from problem
    side, count = _form(session, file)
    if count not in (None, len(labels)):
        raise ValueError(_unlike(file, count, len(labels)))
    return Tagger(session, side, labels, file)


def _errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for a file or a run that fails; they share no base class."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile")
    return tuple(getattr(state, name) for name in (*names, "NotImplemented", "RuntimeException"))


def _form(session, file: Path) -> tuple[int, int | None]:
    """(side of the square, number of scores or None where the graph leaves it open)."""
    taken, given = session.get_inputs(), session.get_outputs()
    shape = taken[0].shape if len(taken) == 1 else []
    is_square = len(shape) == 4 and shape[1] == shape[2] and isinstance(shape[1], int)
    takes_one = is_square and (not isinstance(shape[0], int) or shape[0] == 1)
    if not takes_one or shape[3] != 3 or len(given) != 1:
        raise ValueError(
            f"{file} is not a WD tagger: it takes {[i.shape for i in taken]} and gives "
            f"{len(given)} results, and must take [1, side, side, 3] and give 1; use one of the "
            "wd-v1-4 or wd-v3 families."
        )
    count = given[0].shape[-1] if given[0].shape else None
    return shape[1], count if isinstance(count, int) else None


def _unlike(file: Path, scores: int, labels: int) -> str:
    return (
        f"{file} gives {scores} scores and {LABELS} names {labels} tags; both files must be of "
        "the same tagger."
    )


def prepare(picture: np.ndarray, side: int) -> np.ndarray:
    """[side, side, 3] as the model takes it, of a picture [H, W, 3 or 4] from 0 to 1."""
    colors = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    if colors.shape[2] == 4:
        colors = colors[..., :3] * colors[..., 3:] + (1 - colors[..., 3:])
    whole = Image.fromarray((np.clip(colors[..., :3], 0, 1) * 255).round().astype(np.uint8))
    longest = max(whole.size)
    square = Image.new("RGB", (longest, longest), "white")
    square.paste(whole, ((longest - whole.width) // 2, (longest - whole.height) // 2))
    resized = square.resize((side, side), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(resized, dtype=np.float32)[..., ::-1])


def tag(
    tagger: Tagger, pictures: Iterable, on_step: Callable[[int, int], None] = lambda *_: None
) -> list[dict[str, float]]:
    """The score of every label for each picture; pictures: [B, H, W, 3] from 0 to 1, or a list of
    [H, W, 3] of any sizes. One at a time, so that on_step can cancel and memory stays small.
    """
    name, found, total = tagger.session.get_inputs()[0].name, [], len(pictures)
    for picture in pictures:
        on_step(len(found), total)
        given = prepare(np.asarray(picture), tagger.side)[None]
        try:
            scores = np.asarray(tagger.session.run(None, {name: given})[0], dtype=np.float32)
        except _errors() as problem:
            first = str(problem).strip().split("\n")[0]
            raise ValueError(
                f"{tagger.file} cannot be run ({first}); get it again, or use another tagger."
            ) from problem
        found.append(_named(tagger, scores.reshape(-1)))
    on_step(total, total)
    return found


def _named(tagger: Tagger, scores: np.ndarray) -> dict[str, float]:
    if len(scores) != len(tagger.labels):
        raise ValueError(_unlike(tagger.file, len(scores), len(tagger.labels)))
    if not ((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING)).all():
        raise ValueError(
            f"{tagger.file} gives scores that are not from 0 to 1; use a tagger of the wd-v1-4 or "
            "wd-v3 families."
        )
    return dict(zip(tagger.labels, np.clip(scores, 0, 1).tolist(), strict=True))
