"""What is known of LoRA files as text for people, and the words for the prompt."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .loaded import LoadedLora
from .lora import Lora
from .lora_fit import (
    FAMILIES,
    Base,
    family_is_told,
    objective_told,
    problem_of,
    repeated,
    warnings_of,
)
from .lora_keys import GROUPS, Match, group_of
from .lora_metadata import CAPTIONS

_SHOWN_TAGS = 15


class Applied(NamedTuple):
    """A LoRA to apply. name: as in the loader's list; strengths as set there."""

    name: str
    lora: Lora
    match: Match
    strength_model: float
    strength_clip: float

    @property
    def record(self) -> LoadedLora:
        """What is attached to the MODEL."""
        file, hashes = self.lora.identity.file, self.lora.identity.hashes
        strengths = self.strength_model, self.strength_clip
        return LoadedLora(self.name, file, *strengths, hashes.sha256, hashes.data_sha256)


def describe(lora: Lora) -> list[str]:
    """What the file is, one fact on a line."""
    lines = [_what(lora), _base(lora), _training(lora), *_words(lora)]
    return [line for line in lines if line]


def _what(lora: Lora) -> str:
    groups = Counter(group_of(name) for name in lora.modules)
    parts = ", ".join(f"{group} {groups[group]}" for group in GROUPS if groups[group])
    ranks = ", ".join(f"{rank}" for rank, _ in lora.ranks[:4]) + (" ..." * (len(lora.ranks) > 4))
    alphas = ", ".join(f"{alpha:g}" for alpha in lora.alphas[:4]) or (
        f"{lora.training.alpha:g}" if lora.training.alpha else ""
    )
    told = [
        lora.kind or "of an unknown kind",
        f"rank {ranks}" if ranks else "",
        f"alpha {alphas}" if alphas else "",
        f"modules: {len(lora.modules)} ({parts})",
    ]
    return ", ".join(filter(None, told))


def _base(lora: Lora) -> str:
    own = lora.identity
    family = FAMILIES.get(own.family, "") or own.model or "a model that cannot be told"
    sure = own.certainty if family_is_told(lora) else ""
    base = f"trained on {family} {own.version}".strip() + (f" ({sure})" if sure else "")
    objective = objective_told(lora)
    said = f"; {objective}" if objective else ""
    return base + said + (f"; base model {lora.training.base}" if lora.training.base else "")


def _training(lora: Lora) -> str:
    told = lora.training
    shown = f" ({told.shown:,} with repeats)" if told.shown > told.pictures else ""
    epochs = f"epoch {told.epoch}" if told.epoch else ""
    of = f" of {told.epochs}" if epochs and told.epochs else ""
    parts = [
        told.trainer,
        f"{told.pictures:,} pictures{shown}" if told.pictures else "",
        f"{epochs}{of}",
        f"{told.steps:,} steps" if told.steps else "",
        " and ".join(told.resolutions[:4]),
    ]
    return ", ".join(filter(None, parts))


def _words(lora: Lora) -> list[str]:
    told = lora.training
    lines = []
    if told.trigger_words:
        source = "in nearly all captions" if told.words_from == CAPTIONS else told.words_from
        lines.append(f"trigger words ({source}): {', '.join(told.trigger_words)}")
    if told.tags:
        tags = [
            t.tag + (f" {100 * t.share:.0f} %" if t.share is not None else f" {t.count:,}")
            for t in told.tags[:_SHOWN_TAGS]
        ]
        more = len(told.tags) - len(tags)
        lines.append(f"tags: {', '.join(tags)}" + (f" and {more:,} more" if more else ""))
    return lines


def _hashes(lora: Lora) -> list[str]:
    hashes = lora.identity.hashes
    return [f"AutoV2 {hashes.autov2}, AutoV3 {hashes.autov3}"] if hashes.sha256 else []


def trigger_words(loras: Iterable[Lora]) -> str:
    """The words of all LoRAs for a prompt, each once, in the order of the LoRAs."""
    return ", ".join(dict.fromkeys(w for lora in loras for w in lora.training.trigger_words))


def check(applied: Sequence[Applied]) -> None:
    """Raises ValueError with a sentence for each LoRA that must not be applied, one on a line."""
    problems = [problem_of(one.lora, one.match) for one in applied]
    if any(problems):
        raise ValueError("\n".join(filter(None, problems)))


def report(
    applied: Sequence[Applied], off: Sequence[str], before: Sequence[LoadedLora], base: Base
) -> str:
    """Several lines on each LoRA, then what concerns all.

    off: names that were not loaded. before: those that an earlier node applied.
    """
    blocks = [_block(one, base) for one in applied]
    notes = [f"warning: {line}" for line in repeated([one.lora for one in applied], before)]
    notes += [f"{name}: strength 0, not loaded" for name in off]
    if before:
        notes.append(f"applied before: {', '.join(lora.name for lora in before)}")
    return "\n".join([*blocks, *notes]) or "no LoRA chosen"


def _block(one: Applied, base: Base) -> str:
    head = f"{one.name}: model {one.strength_model:g}, clip {one.strength_clip:g}"
    lines = [*describe(one.lora), *_hashes(one.lora), _matched(one.match)]
    lines += [f"warning: {line}" for line in one.lora.identity.warnings]
    lines += [f"warning: {line}" for line in warnings_of(one.lora, one.match, base)]
    return "\n".join([head, *(f"  {line}" for line in lines)])


def _matched(match: Match) -> str:
    fitting = Counter(map(group_of, match.fitting))
    total = fitting + Counter(map(group_of, match.unmatched))
    total += Counter(group_of(name) for name, _, _ in match.wrong)
    parts = [f"{group} {fitting[group]} of {total[group]}" for group in GROUPS if total[group]]
    unused = f"; {len(match.unused)} for text encoders unused, no CLIP" if match.unused else ""
    return f"applied: {', '.join(parts)}{unused}"
