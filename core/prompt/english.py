"""The grammar that composed sentences need: articles, plurals, lists, pronouns, names.

Deterministic and small. Covers the nouns of tags, not English at large.
"""

import re
from collections.abc import Collection
from typing import NamedTuple


def words(text: str) -> frozenset[str]:
    """The words or phrases of a comma-separated list."""
    return frozenset(" ".join(word.split()) for word in text.split(","))


# Nouns that take no article. Last word of a noun phrase.
_MASS = words(
    """hair, rain, snow, water, armor, clothing, makeup, jewelry, food, rice, tea, coffee, milk,
    light, sunlight, moonlight, fire, smoke, grass, sand, ice, lace, fur, underwear, swimwear,
    sportswear, legwear, footwear, blood, headwear, eyewear, neckwear, sleepwear, nightwear,
    polish, lipstick, eyeshadow, eyeliner, dirt, heterochromia, skin, fog, mist, electricity,
    magic, music, paper, luggage, money, bread, chocolate, ramen, wine, beer, alcohol, ivy,
    wheat, steam, mascara, facepaint, bodypaint, confetti, machinery, rubble, depth, nature,
    trim, embroidery, writing, fabric, leather, denim, latex, graffiti, bamboo, moss, coral,
    seaweed, lava, foam, dust, soil, mud, metal, wood, lightning, furniture, attire,
    gear, equipment, sweat, lingerie, chainmail, cake, ice cream, cleavage, stubble, fuel,
    debris, scaffolding, architecture, scenery, neon, fruit, headgear, gold, silver, poetry,
    popcorn, soup, sushi, candy, cotton candy, bokeh, chrome"""
)
# Singular in spite of their last letter.
_SINGULAR_S = re.compile(r"(?:ss|us|is|as|lens)\Z")
_ONLY_ONE = frozenset(("floor", "ground", "sky", "sea", "ocean", "sun", "moon"))
_PLURAL = words(
    """feet, teeth, people, children, men, women, geese, mice, bangs, pajamas, twin braids, scales,
    bandages, stairs, pantyhose"""
)
_DETERMINED = re.compile(
    r"(?:an?|the|her|his|their|its|one|two|three|four|five|six|many|some|no|another|another's|each"
    r"|both|multiple|several|something|nothing|it)(?: |\Z)"
)
# Words that sound like they begin with a consonant in spite of a vowel, and the reverse.
_CONSONANT_SOUND = re.compile(r"(?:uni|use|usu|uta|ute|eu|one\b|once|ukulele|u-)")
_VOWEL_SOUND = re.compile(r"(?:[aeiou]|hour|honest|heir|x-ray|8|11\b|18\b)")
# The noun phrase before its first preposition, and the rest.
_HEAD = re.compile(
    r"(.+?)( (?:on|in|of|over|under|between|behind|with|at|to|around|across|above|past|through) .+)"
)
_QUALIFIER = re.compile(r"\s*\([^()]*\)")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLURAL_PERSONS = {"girl": "girls", "boy": "boys", "other": "people"}
PERSON_NOUN = {"girl": "girl", "boy": "boy", "other": "person"}
SMALL_WORDS = frozenset(("of", "the", "and", "a", "an", "no", "to", "in", "on", "de", "von", "wa"))


def article(phrase: str) -> str:
    """ "a" or "an" for the phrase that follows."""
    lower = phrase.lower()
    vowel = bool(_VOWEL_SOUND.match(lower)) and not _CONSONANT_SOUND.match(lower)
    return "an" if vowel else "a"


def head_word(phrase: str) -> str:
    """The noun that a phrase is about: the last word before its first preposition."""
    found = _HEAD.match(phrase)
    return (found[1] if found else phrase).rsplit(" ", 1)[-1].lower()


def is_plural(phrase: str) -> bool:
    """Whether the noun phrase is plural: its last word before a preposition counts."""
    word = head_word(phrase)
    if word in _PLURAL:
        return True
    return word.endswith("s") and not _SINGULAR_S.search(word)


def noun_phrase(phrase: str) -> str:
    """The phrase with the indefinite article where English wants one."""
    word = head_word(phrase)
    if phrase in _ONLY_ONE:
        return f"the {phrase}"
    if _DETERMINED.match(phrase.lower()) or word in _MASS or is_plural(phrase):
        return phrase
    return f"{article(phrase)} {phrase}"


def many(phrase: str) -> str:
    """The plural of a noun phrase without article: "school uniform" -> "school uniforms"."""
    head, rest = phrase, ""
    found = _HEAD.match(phrase)
    if found:
        head, rest = found[1], found[2]
    word = head.rsplit(" ", 1)[-1].lower()
    if word in _MASS or is_plural(head):
        return phrase
    if re.search(r"(?:s|x|z|ch|sh)\Z", word):
        return f"{head}es{rest}"
    if re.search(r"[^aeiou]y\Z", word):
        return f"{head[:-1]}ies{rest}"
    return f"{head}s{rest}"


def join_words(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def title_name(name: str) -> str:
    """A name as it stands in a sentence: "hatsune miku (append)" -> "Hatsune Miku"."""
    plain = _QUALIFIER.sub("", name).strip() or name
    return " ".join(
        word if number and word in SMALL_WORDS else _capital(word)
        for number, word in enumerate(plain.split(" "))
    )


def _capital(word: str) -> str:
    """A word of a name with its capitals: "nier:automata" -> "Nier:Automata", "2b" -> "2B"."""
    if len(word) < 4 and any(char.isdigit() for char in word):
        return word.upper()
    return re.sub(r"(?:\A|(?<=[:/-]))\w", lambda found: found[0].upper(), word)


def sentence(*pieces: str) -> str:
    """The pieces with single spaces between, a capital in front and a full stop behind."""
    text = " ".join(piece.strip() for piece in pieces if piece and piece.strip())
    text = re.sub(r"\s+([,.;])", r"\1", text).rstrip(" ,;.")
    stop = "" if text.endswith(("!", "?")) else "."  # the end of a name: K-On!
    return text[:1].upper() + text[1:] + stop if text else ""


class Whom(NamedTuple):
    """Of whom is spoken. person: "girl", "boy" or "other"; plural: several of them."""

    person: str
    plural: bool = False


def pronouns(whom: Whom) -> tuple[str, str, str, str]:
    """(subject, possessive, form of be, form of have): ("she", "her", "is", "has")."""
    if whom.person == "other" or whom.plural:
        return "they", "their", "are", "have"
    return ("she", "her", "is", "has") if whom.person == "girl" else ("he", "his", "is", "has")


def people(counts: dict[str, tuple[int, bool]], others: Collection[str] = ()) -> str:
    """{"girl": (2, False), "boy": (1, False)} -> "two girls and a boy"; True: at least so many.

    others: persons of whom one was named before, so that these are "other girls".
    """
    amounts = (
        _amount(person, number, at_least, "other " if person in others else "")
        for person, (number, at_least) in counts.items()
    )
    return join_words(list(filter(None, amounts)))


def _amount(person: str, number: int, at_least: bool, other: str) -> str:
    if not number:
        return ""
    if number == 1 and not at_least:
        return f"another {PERSON_NOUN[person]}" if other else noun_phrase(PERSON_NOUN[person])
    noun = other + _PLURAL_PERSONS[person]
    if number < 3 and at_least:
        return f"several {noun}"
    amount = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{amount}{' or more' if at_least else ''} {noun}"
