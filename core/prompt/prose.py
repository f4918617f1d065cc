"""Composes English sentences from characters and scene tags, offline and deterministically.

One sentence, or a description of several. What a tag says is said once; what every character has is
said of all of them together. Places nothing in a prompt (see levels); which words a tag gets is
decided by phrases and scenery.
"""

from .cast import Who, common_tags, everyone
from .deeds import predicate
from .english import (
    PERSON_NOUN,
    Whom,
    join_words,
    noun_phrase,
    people,
    pronouns,
    sentence,
    title_name,
)
from .loose import Worded
from .phrases import IMPLIED, Said, kind_phrases, person_phrases
from .scene_words import TIMES
from .scenery import Scene, scene, styles

_FEW = 3  # persons who are named one by one: "an old man and a girl"
_WHEN = frozenset(TIMES.values())


def one_sentence(picture: Worded) -> str:
    """The picture in one sentence, "" when there is nothing to say."""
    seen = scene(picture.scene, picture.camera)
    around, setting = _around(picture, seen), " ".join(seen.where)
    whos = [_short(who, len(picture.persons)) for who in everyone(picture, {})]
    if not whos:
        things = f"with {join_words(seen.things)}" if seen.things else ""
        said = sentence("this is a scene", setting, things + around)
        return said if setting or things or around else ""
    around = (f", with {join_words(seen.things[:2])} in view" if seen.things else "") + around
    if len(whos) == 1:
        return sentence(_alone(whos[0], setting) + around)
    alike = _alike(picture)
    if alike:
        return sentence(alike, setting + around if setting else around)
    doing = [bool(who.verbs) for who in whos]
    if all(doing):
        clauses = [f"{_dressed(who)} {_is(who.be, who.verbs)}" for who in whos]
        body = f"{', '.join(clauses[:-1])}, and {clauses[-1]}"
        return sentence(body + _behind(setting) + around)
    who = join_words([f"{_dressed(one)} {one.verbs}".strip() for one in whos])
    if any(doing):
        return sentence(f"the picture shows {who}", setting + around)
    if len(whos) > 2:  # a name before a comma would read as a tag
        return sentence("the picture shows", who, (setting or "together") + around)
    return sentence(who, _is("are", setting or "together") + around)


def _behind(setting: str) -> str:
    """A setting behind clauses; a lone word behind a comma would read as a tag."""
    return f", {setting}" if " " in setting else f" {setting}"


def _alike(picture: Worded) -> str:
    """Several persons who all do the same, and nothing else: "A and B are holding hands"."""
    common = {} if picture.crowd else common_tags(picture.persons)
    deeds = {field: common.get(field, []) for field in ("action", "emotion")}
    shared = predicate(person_phrases(deeds, Whom("other", plural=True)).doing)
    apart = [_short(who, len(picture.persons)) for who in everyone(picture, deeds)]
    if not shared or any(who.verbs for who in apart):
        return ""
    return f"{join_words([_dressed(who) for who in apart])} {_is('are', shared)}"


def _around(picture: Worded, seen: Scene) -> str:
    """View and style behind a sentence: ", seen from above and drawn in watercolor"."""
    said = [*seen.views[:2], *(f"drawn {style}" for style in styles(picture.style)[0][:1])]
    if seen.has:
        said[:1] = [f"{said[0] if said else 'shown'} with {seen.has[0]}"]
    return f", {join_words(said)}" if said else ""


def _short(who: Who, persons: int) -> Who:
    """The first things to say of a person; one sentence holds few of each."""
    most, said = max(2, 5 - persons), who.said
    short = said._replace(
        having=said.having[:most], worn=said.worn[:most], details=[], doing=said.doing[:most]
    )
    return who._replace(said=short)


def _alone(who: Who, setting: str) -> str:
    """The only person of a picture, or a crowd, with what happens and where."""
    subject = f"{who.subject}, {who.what}" if who.named and who.what else who.subject
    subject += f" with {join_words(who.said.having)}" if who.said.having else ""
    worn = f", wearing {_worn(who.said)}" if who.said.worn else ""
    what = predicate([*who.said.doing, who.where, setting])
    if not what:
        return f"{'these are' if who.whom.plural else 'this is'} {subject}{worn}"
    comma = "," if worn or (who.named and who.what) else ""
    return f"{subject}{worn}{comma} {_is(who.be, what)}"


def _dressed(who: Who) -> str:
    """One of several persons with looks and clothes."""
    subject = who.subject
    subject += f" with {join_words(who.said.having)}" if who.said.having else ""
    return subject + (f" wearing {_worn(who.said)}" if who.said.worn else "")


def _is(be: str, what: str) -> str:
    """ "is smiling"; "is shown" before what no person can be."""
    shown = what.startswith(("against ", "with ", "under ", "amid ")) or what in _WHEN
    return f"{be} shown {what}" if shown else f"{be} {what}"


def _worn(said: Said) -> str:
    worn = join_words(said.worn)
    if said.details:
        worn = f"{worn}, with {join_words(said.details)}" if worn else (
            f"clothes with {join_words(said.details)}"
        )  # fmt: skip
    return worn


def description(picture: Worded) -> str:
    """The picture in several sentences: who and where, each character, things, view, style."""
    seen = scene(picture.scene, picture.camera)
    setting = " ".join(seen.where)
    whos = everyone(picture, {})
    out: list[str] = []
    if len(whos) == 1:
        out += _describe_one(whos[0], setting)
    elif whos:
        out += _describe_many(picture, whos, setting)
    elif setting or not (seen.things or seen.views or seen.has):
        out.append(sentence("this is a scene", setting) if setting else "")
    if seen.things:
        has = "the scene has" if whos or setting else "this is a scene with"
        out.append(sentence(has, join_words(seen.things)))
    if seen.views:
        out.append(sentence(_of_the_view(whos), join_words(seen.views)))
    if seen.has:
        out.append(sentence("the picture has", join_words(seen.has)))
    out.append(_drawn(picture))
    return " ".join(filter(None, out))


def _of_the_view(whos: list[Who]) -> str:
    """What is seen from above: the person, the persons, or the scene."""
    if not whos:
        return "it is"
    subject, _, be, _ = pronouns(whos[0].whom) if len(whos) == 1 else pronouns(Whom("other"))
    return f"{subject} {be}"


def _drawn(picture: Worded) -> str:
    drawn = join_words(styles(picture.style)[0])
    artists = f"in the style of {join_words(picture.artist)}" if picture.artist else ""
    both = ", ".join(filter(None, (drawn, artists)))
    return sentence("the picture is drawn", both) if both else ""


def _describe_one(who: Who, setting: str) -> list[str]:
    what = predicate([*who.said.doing, who.where, setting])
    if what:
        said = who.said._replace(doing=[])
        opening = sentence(who.subject, _is(who.be, what))
        return [opening, *_about(*_subject(who.whom), said, who.what)]
    this = "these are" if who.whom.plural else "this is"
    is_what = f"{who.subject}, {who.what}" if who.what else who.subject
    is_what += f" with {join_words(who.said.having)}" if who.said.having else ""
    worn = who.said._replace(having=[], doing=[])
    return [sentence(this, is_what), *_about(*_subject(who.whom), worn)]


def _describe_many(picture: Worded, whos: list[Who], setting: str) -> list[str]:
    counts = {kind: (0, False) for kind in PERSON_NOUN}
    for person in picture.persons:
        counts[person.person] = (counts[person.person][0] + 1, False)
    for kind, (number, at_least) in picture.crowd.items():
        counts[kind] = (counts[kind][0] + number, at_least)
    nouns = [one.noun for one in whos]
    who = people(counts)
    listed = not picture.crowd and len(set(nouns)) == len(nouns) <= _FEW
    if listed:
        who = join_words([noun_phrase(noun) for noun in nouns])
    who += f" from {title_name(picture.series)}" if picture.series else ""
    if "," in who:  # "two boys" before a comma would read as a tag
        out = [sentence("the picture shows", who, setting or "together")]
    else:
        out = [sentence(who, _is("are", setting or "together"))]
    common = {} if picture.crowd else common_tags(picture.persons)
    they = Whom("other", plural=True)
    shared = person_phrases(common, they)
    out += _about("they", "are", "have", shared, join_words(kind_phrases(shared, they)))
    apart = everyone(picture, common)
    told = [
        _describe_next(one, _label(number, apart))
        for number, one in enumerate(apart[: len(picture.persons)])
    ]
    out += _bare_names(apart, told, listed)
    out += [text for texts in told for text in texts]
    return out


def _describe_next(who: Who, label: str) -> list[str]:
    """One of several persons: at first by name or place, then by pronoun."""
    said = who.said
    if who.where:
        what = f", {who.what}" if who.what else ""
        having = f" with {join_words(said.having)}" if said.having else ""
        first = sentence(who.where, "is", f"{who.subject}{what}{having}")
        return [first, *_about(*_subject(who.whom), said._replace(having=[]))]
    if who.what or any((said.having, said.worn, said.details, said.doing)):
        about = _about(label, "is", "has", said, who.what)
        return [about[0], *_about(*_subject(who.whom), said, who.what)[1:]]
    return []


def _bare_names(whos: list[Who], told: list[list[str]], listed: bool) -> list[str]:
    """Those of whom there is nothing else to tell, by name or kind.

    Of others the list or count of persons says all there is to say. listed: their kinds are told.
    """
    bare = [who for who, texts in zip(whos, told, strict=False) if not texts]
    names = [
        who.subject
        for who in bare
        if who.named or who.origin or not (listed or who.noun in PERSON_NOUN.values())
    ]
    if not names:
        return []
    if len(names) == len(whos):
        return [sentence("they are", join_words(names))]
    return [sentence("one of them is" if len(names) == 1 else "among them are", join_words(names))]


def _about(subject: str, be: str, have: str, said: Said, what: str = "") -> list[str]:
    """What somebody is and has, wears and does, one sentence each."""
    having = join_words(said.having)
    are = sentence(subject, be, what, f"with {having}" if having else "") if what else ""
    return [
        text
        for text in (
            are or (sentence(subject, have, having) if having else ""),
            sentence(subject, be, "wearing", _worn(said)) if _worn(said) else "",
            sentence(subject, _is(be, predicate(said.doing))) if said.doing else "",
        )
        if text
    ]


def _subject(whom: Whom) -> tuple[str, str, str]:
    subject, _, be, have = pronouns(whom)
    return subject, be, have


def _label(number: int, whos: list[Who]) -> str:
    """A person at the first mention of its own: the name, "the boy", "one girl"."""
    who = whos[number]
    if who.named:
        return who.subject
    alike = [one for one in whos if one.noun == who.noun]
    if len(alike) == 1:
        which = "the"
    elif alike[0] is who:
        which = "one"
    else:
        which = "the other" if len(alike) == 2 else "another"
    return f"{which} {who.noun}{who.origin}"


def unsaid(picture: Worded) -> list[str]:
    """Tags that no sentence words: too unusual for the rules, or nobody said whose they are."""
    common = {} if picture.crowd else common_tags(picture.persons)
    left = person_phrases(common, Whom("other", plural=True)).unsaid
    left += [tag for who in everyone(picture, common) for tag in who.said.unsaid]
    left += scene(picture.scene, picture.camera).unsaid
    left += styles(picture.style)[1]
    left += [tag for tag in picture.general if tag not in IMPLIED]
    return list(dict.fromkeys(left))
