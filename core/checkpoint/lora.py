"""A LoRA file: what it is, what it was trained on, how. Loads no weight.

Its identity (identity.py) says which model it was trained on; which of its modules fit a model is
in lora_keys.py, what the trainer wrote down in lora_metadata.py, all of it as text in
lora_report.py.
"""

import math
import os
import struct
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from .files import UnusableFile, open_model, unreadable
from .hashing import Hasher, OnStep, hash_file
from .header import Header, read_header
from .identity import Identity, identify
from .lora_keys import Module, kind_of, modules_of, ranks_of
from .lora_metadata import Training, read_training
from .lora_sidecar import words_beside
from .profiles import PROFILES, Profile

_NUMBERS = {"F16": "<e", "F32": "<f", "F64": "<d", "I32": "<i", "I64": "<q"}
_BYTES = {"BF16": 2} | {dtype: struct.calcsize(form) for dtype, form in _NUMBERS.items()}


class Lora(NamedTuple):
    """A sound LoRA file, for whichever model.

    kind: LoRA, LoCon, LoHa, ... (lora_keys.Module), "" when it is none that is known. ranks:
    (rank, modules) pairs, the most common first. alphas: of the modules, the most common first.
    """

    identity: Identity
    kind: str
    ranks: tuple[tuple[int, int], ...]
    alphas: tuple[float, ...]
    modules: Mapping[str, Module]
    training: Training

    @property
    def name(self) -> str:
        return os.path.basename(self.identity.file)

    def as_dict(self) -> dict:
        """The `lora` part of `identify --json`."""
        training = self.training._asdict()
        training["tags"] = [tag._asdict() for tag in self.training.tags]
        return {
            "kind": self.kind,
            "ranks": dict(self.ranks),
            "alphas": list(self.alphas),
            "modules": len(self.modules),
            **training,
        }


def read_lora(
    path: str,
    on_step: OnStep | None = None,
    hasher: Hasher | None = hash_file,
    profiles: Mapping[str, Profile] = PROFILES,
) -> Lora:
    """A LoRA file with its hashes. Raises ValueError with one sentence for any other file."""
    return lora_of(identify(path, on_step, hasher, profiles))


def lora_of(identity: Identity) -> Lora:
    """The LoRA that a file was recognised as. Raises ValueError with one sentence."""
    name = os.path.basename(identity.file)
    if identity.kind != "lora":
        looks = next((f.text for f in identity.findings if f.layer == "architecture"), "")
        said = f"This is no LoRA ({looks}); choose a LoRA file." if looks else identity.problem
        raise ValueError(f"{name}: {said}")
    try:
        header = read_header(identity.file)
        modules = modules_of(header.tensors)
        alphas = _alphas(identity.file, header)
    except UnusableFile as error:
        raise ValueError(f"{name}: {error}") from None
    except OSError as error:
        raise ValueError(f"{name}: {unreadable(error)}") from None
    kinds = tuple(modules.values())
    training = read_training(header.metadata)
    words, source = words_beside(identity.file)
    if words:  # the author's own page, where it was downloaded
        training = training._replace(trigger_words=words, words_from=source)
    return Lora(identity, kind_of(kinds), ranks_of(kinds), alphas, modules, training)


def _alphas(path: str, header: Header) -> tuple[float, ...]:
    """The different alphas of a file: single numbers, of which only the bytes are read."""
    counts: Counter[float] = Counter()
    with open_model(path) as (file, _):
        for name, (dtype, shape) in header.tensors.items():
            if name.endswith(".alpha") and dtype in _BYTES and shape in ((), (1,)):
                file.seek(header.data_start + header.starts[name])
                counts[_number(dtype, file.read(_BYTES[dtype]))] += 1
    return tuple(alpha for alpha, _ in counts.most_common() if math.isfinite(alpha))


def _number(dtype: str, raw: bytes) -> float:
    """A number from its bytes; a BF16 is the upper half of an F32."""
    if dtype == "BF16":
        dtype, raw = "F32", b"\0\0" + raw
    return round(float(struct.unpack(_NUMBERS[dtype], raw)[0]), 6)
