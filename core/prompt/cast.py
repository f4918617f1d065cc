"""Who a picture shows, as sentences speak of them: the subject, what there is to say, where.

Writes no sentences (see prose).
"""

from typing import NamedTuple

from .deeds import predicate
from .english import PERSON_NOUN, Whom, join_words, noun_phrase, people, title_name
from .loose import Person, Worded
from .phrases import Said, kind_phrases, person_phrases, position

Fields = dict[str, list[str]]


class Who(NamedTuple):
    """Somebody a sentence is about.

    subject: at the first mention, with the kind of who has no name. what: "an elf girl" of who has
    a name, "also a robot" of who is two things; or "". origin: " from Vocaloid", or "".
    """

    subject: str
    what: str
    noun: str
    whom: Whom
    named: bool
    said: Said
    where: str
    origin: str = ""

    @property
    def verbs(self) -> str:
        """What this person is and does, and where; "" for nothing."""
        return predicate([*self.said.doing, self.where])

    @property
    def be(self) -> str:
        return "are" if self.whom.plural else "is"


def everyone(picture: Worded, leave: Fields) -> list[Who]:
    """Everybody there is to speak of, without the tags that are said of all."""
    whos: list[Who] = []
    series: set[str] = set()
    for person in picture.persons:
        only = picture.series if len(picture.persons) == 1 and not picture.crowd else ""
        whos.append(_who(person, leave, whos, only, series))
        series.add(person.series)
    if picture.crowd:
        plural = len(picture.crowd) > 1 or next(iter(picture.crowd.values())) != (1, False)
        whom = Whom(picture.shared.person, plural)
        who = people(picture.crowd, {person.person for person in picture.persons})
        if picture.series and not picture.persons:
            who += f" from {title_name(picture.series)}"
        said = person_phrases(picture.shared.fields, whom)
        kinds = join_words(kind_phrases(said, whom))
        whos.append(Who(who, kinds, who, whom, bool(kinds), said, ""))
    return whos


def _who(person: Person, leave: Fields, before: list[Who], series: str, told: set[str]) -> Who:
    """One person. before: those spoken of already; told: their series."""
    whom = Whom(person.person)
    fields = {
        field: [tag for tag in tags if tag not in leave.get(field, ())]
        for field, tags in person.fields.items()
    }
    said = person_phrases(fields, whom)
    kinds = kind_phrases(said, whom)
    noun, more = PERSON_NOUN[person.person], kinds
    if kinds and not person.name:
        noun, *more = kinds
    another = any(not who.named and who.noun == noun for who in before)
    subject = f"another {noun}" if another else noun_phrase(noun)
    what = join_words([noun_phrase(kind) for kind in more])
    if person.name:
        subject = title_name(person.name)
    elif what:
        what = f"also {what}"
    work = person.series or ("" if person.name else series)
    origin = f" from {title_name(work)}" if work and work not in told else ""
    where = position(person.position)
    return Who(subject + origin, what, noun, whom, bool(person.name), said, where, origin)


def common_tags(persons: tuple[Person, ...]) -> Fields:
    """The tags that every one of several persons has, by field."""
    if len(persons) < 2:
        return {}
    first, *others = persons
    return {
        field: [tag for tag in tags if all(tag in other.fields[field] for other in others)]
        for field, tags in first.fields.items()
    }
