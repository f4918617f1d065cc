"""The multi-level builder: one picture as tags, tags with a sentence, with a description, or prose.

Levels after the captions of v1.1 and v2.0 (arXiv 2409.19946, appendix A.5); the sentence stands
where the profile has natural language, in the paper behind the subject tags (A.2.3). Deterministic.
"""

from typing import NamedTuple

from ..vocabulary.tag import Vocabulary
from .build import Picture, build, tag_sections, with_trained_words
from .choices import LEVELS
from .fields import field_text, joined
from .leftovers import (
    comment_notes,
    escape_brackets,
    machinery,
    merge_notes,
    phrases,
    prose_notes,
)
from .loose import worded
from .parse import parse
from .profiles import DEFAULT_PROFILE, Profile
from .prose import description, one_sentence
from .sentences import ends_sentence
from .spread import spread


class Composition(NamedTuple):
    """A composed prompt. notes: what the chosen level leaves out, and why."""

    text: str
    level: str
    sections: dict[str, list[str]]
    natural_language: str
    notes: tuple[str, ...]


def compose(
    picture: Picture,
    level: str = "sentence",
    profile: str | Profile = DEFAULT_PROFILE,
    vocabulary: Vocabulary | None = None,
) -> Composition:
    """The picture at one of LEVELS, in the order of the profile.

    With a vocabulary, sentences are made of persons, names and general tags outside cards too.
    Free text that reads as natural language joins the composed sentences; free tags join the
    general ones. Raises ValueError for an unknown level, profile or person.
    """
    if level not in LEVELS:
        raise ValueError(f"Level {level!r} is not known; use one of {', '.join(LEVELS)}.")
    written, notes = with_trained_words(picture, profile)
    sections = tag_sections(written)
    told = spread(written, vocabulary, profile)
    own_prose, own_tags = _free_text(told.text if level == "prose" else written.text)
    said = worded(told, vocabulary)
    composed = ""
    if level != "tags":
        composed = one_sentence(said) if level == "sentence" else description(said)
    prose = " ".join(filter(None, (escape_brackets(composed), own_prose)))
    notes += comment_notes(written)
    if level == "prose":
        kept = [*machinery(written), *phrases(said, vocabulary)]
        text = joined([prose, *kept, *own_tags])
        notes += prose_notes(written, said, sections, kept)
        return Composition(text, level, {"natural language": [text]}, prose, tuple(notes))
    if own_tags:
        sections["general"] = [*sections.get("general", ()), *own_tags]
    notes += merge_notes(written, sections)
    fields: dict[str, list[str]] = dict(sections)
    if prose:
        fields["natural language"] = [prose]
    return Composition(build(fields, profile), level, fields, prose, tuple(notes))


def _free_text(text: str) -> tuple[str, list[str]]:
    """(natural language, items) of the free text field, each in its order."""
    prompt = parse(field_text(text))
    if not any(part.kind == "sentence" for part in prompt.parts):
        return "", [str(prompt)] if str(prompt) else []
    prose, rest, run = [], [], ""
    for part in prompt.parts:
        if part.kind == "sentence" and part.group < 0:
            prose.append(part.text)
            rest.append(field_text(run))
            run = ""
        else:
            run += part.text
    rest.append(field_text(run))
    sentences = ""
    for phrase in prose:
        joiner = " " if ends_sentence(sentences) else ", "
        sentences = sentences + joiner + phrase if sentences else phrase
    return sentences, [piece for piece in rest if piece]
