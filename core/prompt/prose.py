"""Composes English sentences from character cards and scene tags, offline and deterministically.

One sentence, or a description of several. What a tag says is said once; what every character has is
said of all of them together. Places nothing in a prompt (see levels).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from .build import Card, Picture, shared_tags
from .english import (
    PERSON_NOUN,
    join_words,
    many,
    noun_phrase,
    people,
    pronouns,
    sentence,
    title_name,
)
from .phrases import action, clothes, looks, mood, place, plain_tags, position, style, view

Shared = dict[str, list[str]]
_WHERE = re.compile(
    r"(?:in|on|at|by|near|under|behind|above|beside|against|between|among|inside|to|without|of"
    r"|outdoors|indoors|underwater)(?: |\Z)"
)
_NOTHING: Shared = {"tags": [], "clothing": [], "action": [], "emotion": []}


class _Said(NamedTuple):
    """What there is to say of one person: noun, phrases after "with", "wearing" and "is"."""

    subject: str
    noun: str
    having: list[str]
    worn: list[str]
    doing: list[str]
    where: str


def one_sentence(picture: Picture) -> str:
    """The picture in one sentence, "" when there is nothing to say."""
    setting = join_phrases(_said(place, picture.scene))
    seen = _said(view, picture.camera)[:2]
    seen += [f"drawn {phrase}" for phrase in _said(style, picture.style)[:1]]
    around = f", {join_words(seen)}" if seen else ""
    said = [_short(person, len(picture.cards)) for person in _everyone(picture.cards, _NOTHING)]
    if not said:
        return sentence("this is a scene", setting + around) if setting or around else ""
    if len(said) == 1:
        return sentence(_alone(said[0], setting) + around)
    if any(person.doing or person.where for person in said):
        clauses = [_clause(person, number) for number, person in enumerate(said)]
        body = f"{', '.join(clauses[:-1])}, and {clauses[-1]}"
    else:
        who = join_words([_dressed(person) for person in said])
        if len(said) > 2:  # a name before a comma would read as a tag
            return sentence("the picture shows", who, (setting or "together") + around)
        return sentence(who, _be(setting, "are"), (setting or "together") + around)
    return sentence(body + (f", {setting}" if setting else "") + around)


def _short(said: _Said, persons: int) -> _Said:
    """The first things to say of a person; one sentence holds few of each."""
    most = max(2, 5 - persons)
    return said._replace(having=said.having[:most], worn=said.worn[:most], doing=said.doing[:most])


def _said(word: Callable[[str], str], field: str) -> list[str]:
    """The phrases of a field; tags that cannot be worded are left to the tag list."""
    return [phrase for phrase in map(word, plain_tags(field)) if phrase]


def _alone(said: _Said, setting: str) -> str:
    """The only person of a picture, with what happens and where."""
    subject = said.subject + (f" with {join_words(said.having)}" if said.having else "")
    what = join_phrases([*said.doing, said.where, setting])
    if not what:
        return f"this is {subject}" + (f", wearing {join_words(said.worn)}" if said.worn else "")
    be = "is" if said.doing or said.where else _be(setting, "is")
    worn = f", wearing {join_words(said.worn)}," if said.worn else ""
    return f"{subject}{worn} {be} {what}"


def _clause(said: _Said, number: int) -> str:
    """One of several persons: subject, looks, clothes, what the person does, where."""
    what = join_phrases([*said.doing, said.where])
    return f"{_dressed(said)} is {what or ('also there' if number else 'there')}"


def _dressed(said: _Said) -> str:
    """A person with looks and clothes."""
    subject = said.subject
    subject += f" with {join_words(said.having)}" if said.having else ""
    return subject + (f" wearing {join_words(said.worn)}" if said.worn else "")


def _be(setting: str, verb: str) -> str:
    """ "is", or "is shown" before a setting that no person can be."""
    return (
        f"{verb} shown" if setting.startswith(("against ", "with ", "by day", "at night")) else verb
    )


def description(picture: Picture) -> str:
    """The picture in several sentences: who and where, each character, view, style."""
    setting = join_phrases(_said(place, picture.scene))
    out: list[str] = []
    if len(picture.cards) == 1:
        out += _describe_one(picture.cards, setting)
    elif picture.cards:
        out += _describe_many(picture.cards, setting)
    elif setting:
        out.append(sentence("this is a scene", setting))
    seen = _said(view, picture.camera)
    verbs = [phrase for phrase in seen if not phrase.startswith("with ")]
    if verbs:
        out.append(sentence("the picture is", join_words(verbs)))
    if len(verbs) < len(seen):
        having = [phrase.removeprefix("with ") for phrase in seen if phrase not in verbs]
        out.append(sentence("the picture has", join_words(having)))
    drawn = _said(style, picture.style)
    drawn += [f"in the style of {name}" for name in plain_tags(picture.artist)]
    if drawn:
        out.append(sentence("it is drawn", join_words(drawn)))
    return " ".join(filter(None, out))


def _describe_one(cards: tuple[Card, ...], setting: str) -> list[str]:
    said = _everyone(cards, _NOTHING)[0]
    what = join_phrases([*said.doing, said.where, setting])
    be = "is" if said.doing or said.where else _be(setting, "is")
    opening = sentence(said.subject, be, what) if what else sentence("this is", said.subject)
    return [opening, *_about(*_pronoun(cards[0]), said._replace(doing=[]))]


def _describe_many(cards: tuple[Card, ...], setting: str) -> list[str]:
    counts: dict[str, int] = {}
    for card in cards:
        counts[card.person] = counts.get(card.person, 0) + 1
    common = {field: shared_tags(cards, field) for field in _NOTHING}
    who = people(counts)
    if "," in who:  # "two boys" before a comma would read as a tag
        out = [sentence("the picture shows", who, setting or "together")]
    else:
        out = [sentence(who, _be(setting, "are"), setting or "together")]
    everyone = "both of them" if len(cards) == 2 else "all of them"
    out += _about(everyone, "are", "have", _shared(common))
    for card, said in zip(cards, _everyone(cards, common), strict=True):
        if not (card.name or any(said[2:])):
            continue  # the count of persons says all there is to say
        who = said.subject + (f", {said.noun}" if card.name else "")
        out.append(sentence(said.where, "is", who) if said.where else sentence("there is", who))
        out += _about(*_pronoun(card), said)
    return out


def _about(subject: str, be: str, have: str, said: _Said) -> list[str]:
    """Looks, clothes and what the person does, one sentence each."""
    return [
        text
        for text in (
            sentence(subject, have, join_words(said.having)) if said.having else "",
            sentence(subject, be, "wearing", join_words(said.worn)) if said.worn else "",
            sentence(subject, be, join_phrases(said.doing)) if said.doing else "",
        )
        if text
    ]


def _pronoun(card: Card) -> tuple[str, str, str]:
    subject, _, be, have = pronouns(card.person)
    return subject, be, have


def _everyone(cards: tuple[Card, ...], leave: Shared) -> list[_Said]:
    """What there is to say of each card, without what is said of all."""
    said = []
    for number, card in enumerate(cards):
        own = looks([tag for tag in plain_tags(card.tags) if tag not in leave["tags"]])
        dressed = [tag for tag in plain_tags(card.clothing) if tag not in leave["clothing"]]
        noun = _noun(card, own.kind)
        another = not card.name and any(
            not other.name and other.person == card.person for other in cards[:number]
        )
        subject = f"another {noun}" if another else noun_phrase(noun)
        if card.name:
            series = f" from {title_name(_name(card.series))}" if card.series.strip() else ""
            subject = title_name(_name(card.name)) + series
        worn = own.worn + clothes(dressed)
        doing = [*own.states, *_doing(card, card.person, leave)]
        where = position(card.position)
        said.append(_Said(subject, noun_phrase(noun), own.having, worn, doing, where))
    return said


def _name(field: str) -> str:
    """The first name of a field, without weight."""
    return next(iter(plain_tags(field)), field)


def _noun(card: Card, kind: str) -> str:
    """ "girl", "cat girl", "elf girl"."""
    noun = PERSON_NOUN[card.person]
    if kind.endswith(("girl", "boy", "woman", "man")):
        return kind
    return f"{kind} {noun}" if kind else noun


def _shared(common: Shared) -> _Said:
    """What is said of all characters together."""
    own = looks(common["tags"], plural=True)
    card = Card(action=", ".join(common["action"]), emotion=", ".join(common["emotion"]))
    worn = own.worn + clothes(common["clothing"], plural=True)
    doing = [*own.states, *_doing(card, "other", _NOTHING)]
    doing += [f"{many(own.kind)}"] if own.kind else []
    return _Said("", "", own.having, worn, doing, "")


def _doing(card: Card, person: str, leave: Shared) -> list[str]:
    acts = [tag for tag in plain_tags(card.action) if tag not in leave["action"]]
    moods = [tag for tag in plain_tags(card.emotion) if tag not in leave["emotion"]]
    said = [action(tag, person) for tag in acts] + [mood(tag) for tag in moods]
    return [phrase for phrase in said if phrase]


def unsaid(picture: Picture) -> list[str]:
    """Tags that no sentence words: too unusual for the rules."""
    left: list[str] = []
    for card in picture.cards:
        left += looks(plain_tags(card.tags)).unsaid
        left += [tag for tag in plain_tags(card.action) if not action(tag, card.person)]
        left += [tag for tag in plain_tags(card.emotion) if not mood(tag)]
    for field, word in (("scene", place), ("camera", view), ("style", style)):
        left += [tag for tag in plain_tags(getattr(picture, field)) if not word(tag)]
    left += plain_tags(picture.general)
    return list(dict.fromkeys(left))


def join_phrases(phrases: list[str]) -> str:
    """What someone is and does joined by "and", then what is had, then where and when."""
    phrases = [phrase for phrase in phrases if phrase]
    having = [phrase for phrase in phrases if phrase.startswith("with ")]
    where = [phrase for phrase in phrases if _WHERE.match(phrase)]
    verbs = [phrase for phrase in phrases if phrase not in having and phrase not in where]
    had = join_words([phrase.removeprefix("with ") for phrase in having])
    return " ".join(filter(None, [join_words(verbs), f"with {had}" if had else "", *where]))
