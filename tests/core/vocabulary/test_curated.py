"""The hand-written lists: size, form, agreement with a Danbooru list when one is given."""

import csv
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.core.prompt.normalize import normalize
from ixl.core.vocabulary import contradictions, curated, spelling, suggest, tables
from ixl.core.vocabulary.closed import PERSON_COUNTS
from ixl.core.vocabulary.curated import curated_tags, curated_vocabulary, general_groups
from ixl.core.vocabulary.names import canonical, emoticons, is_emoticon
from ixl.core.vocabulary.tag import CATEGORIES, GROUPS

needs_list = pytest.mark.skipif(
    not os.environ.get("IXL_TAG_CSV"), reason="set IXL_TAG_CSV to a Danbooru tag list (CSV)"
)
# A few stems of words that have no place in lists that are safe for work.
UNSAFE = re.compile(r"\b(nude|naked|nsfw|sex\w*|nipple\w*|penis|pussy|cum|anus|guro|gore|blood)\b")


@pytest.fixture(scope="module")
def danbooru() -> dict[str, int]:
    """Canonical name -> category number of the given list."""
    with open(os.environ["IXL_TAG_CSV"], encoding="utf-8", newline="") as file:
        return {canonical(row[0]): int(row[1]) for row in csv.reader(file)}


def test_enough_general_tags_in_known_groups():
    assert len(general_groups()) >= 2500
    assert set(general_groups().values()) == set(GROUPS)


def test_enough_relations():
    assert sum(len(tag.implies) for tag in curated_tags().values()) >= 300
    assert len(tables.entries(curated.DATA / "contradictions.txt")) >= 150
    ambiguous = tables.entries(curated.DATA / "ambiguous.txt")
    assert len(ambiguous) >= 60
    assert ambiguous[0].startswith("doctor | ")


@needs_list
def test_general_tags_are_real(danbooru):
    unknown = [name for name in general_groups() if danbooru.get(name) != 0]
    assert len(unknown) <= 0.02 * len(general_groups()), unknown[:50]


@needs_list
def test_deprecated_tags_left_the_list(danbooru):
    gone = [tag.name for tag in curated_tags().values() if tag.deprecated]
    assert gone
    assert [name for name in gone if name in danbooru] == []


@needs_list
def test_today_s_names_are_tags_and_old_names_are_not(danbooru):
    renamed = [tag for tag in curated_tags().values() if tag.trained_as]
    assert len(renamed) >= 40
    for tag in renamed:
        assert tag.name in danbooru
        assert tag.trained_as not in danbooru


def test_safe_for_work():
    names = [name for name in curated_tags() if curated_tags()[name].category != "rating"]
    assert [name for name in names if UNSAFE.search(name)] == []


def test_every_name_is_canonical_and_placed():
    for name, tag in curated_tags().items():
        assert canonical(name) == name == tag.name
        assert tag.category in CATEGORIES
        assert tag.group in ("", *GROUPS)
        for alias in tag.aliases:
            assert canonical(alias) == alias


def every_contradiction():
    lines = tables.entries(contradictions.DATA / "contradictions.txt")
    words = {
        name.strip()
        for line in lines
        for name in re.split("[,;]", line.partition(": ")[2].partition(" = ")[0])
    }
    found = [clash for name in sorted(words) for clash in contradictions.opposites(name)]
    assert len(found) > 500
    return found


def test_relations_speak_of_known_tags():
    tags = curated_tags()
    for tag in tags.values():
        assert all(implied in tags for implied in tag.implies), tag
    for clash in every_contradiction():
        assert clash.one in tags and clash.other in tags, clash
        assert clash.reason and "|" not in clash.reason


def test_implications_have_no_cycle():
    tags = curated_tags()

    def walk(name, seen):
        assert name not in seen, (*seen, name)
        for implied in tags[name].implies:
            walk(implied, (*seen, name))

    for name in tags:
        walk(name, ())


def test_what_implies_does_not_contradict():
    clashes = {frozenset(c[:2]) for c in every_contradiction()}
    for tag in curated_tags().values():
        for implied in tag.implies:
            assert frozenset((tag.name, implied)) not in clashes, (tag.name, implied)


def test_no_alias_is_a_tag():
    assert [a for a in curated.alias_targets() if a in curated_tags() and a != "mouse"] == []


@pytest.mark.parametrize(
    ("name", "canonical_name", "category", "group"),
    [
        ("long hair", "long hair", "general", "hair"),
        ("white thighhighs", "white thighhighs", "general", "clothing"),
        ("from above", "from above", "general", "camera"),
        ("^_^", "^_^", "general", "expression"),
        ("official art", "official art", "meta", ""),
        ("blonde", "blonde hair", "general", "hair"),
        ("black headwear", "black hat", "general", "accessory"),
        ("catgirl", "cat girl", "general", "creature"),
        ("doctor", "doctor", "general", "clothing"),
    ],
)
def test_lookup(name, canonical_name, category, group):
    tag = curated_vocabulary().lookup(name)
    assert (tag.name, tag.category, tag.group) == (canonical_name, category, group)


def test_lookup_carries_what_is_known():
    vocabulary = curated_vocabulary()
    assert vocabulary.lookup("white thighhighs").implies == ("thighhighs",)
    assert vocabulary.lookup("2girls").implies == ("multiple girls",)
    assert vocabulary.lookup("black hat").trained_as == "black headwear"
    assert vocabulary.lookup("bangs").deprecated
    assert len(vocabulary.lookup("doctor").meanings) == 2
    assert vocabulary.lookup("hatsune miku") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("thigthighs", "thighhighs"),
        ("thighighs", "thighhighs"),
        ("loking at viewer", "looking at viewer"),
        ("looking at veiwer", "looking at viewer"),
        ("twin-tails", "twintails"),
        ("hair ornamnet", "hair ornament"),
        ("masterpeice", "masterpiece"),
        ("simle", "smile"),
        ("ponytails", "ponytail"),
        # what people write, phrases, and bare nouns
        ("woman", "1girl"),
        ("a beautiful girl", "1girl"),
        ("8k", "absurdres"),
        ("volumetric lighting", "light rays"),
        ("long blonde hair", "blonde hair"),
        ("beautiful detailed blue eyes", "blue eyes"),
        ("standing in the rain", "standing"),
        ("hair", "long hair"),
        # no suggestion rather than an absurd one
        ("plane crash", None),
        ("beautiful", None),
        ("ultra detailed", None),
        ("cinematic", None),
        ("store", None),
        ("best", None),
        ("xq", None),
        ("", None),
    ],
)
def test_nearest(typed, meant):
    found = [tag.name for tag in curated_vocabulary().nearest(typed)]
    assert found[:1] == ([meant] if meant else []), found


def test_every_suggestion_leads_from_an_unknown_phrase_to_a_tag():
    for phrase, meant in suggest.phrases().items():
        assert canonical(phrase) == phrase
        assert curated_vocabulary().lookup(phrase) is None, phrase
        assert set(meant) <= set(curated_tags()), phrase
    assert len(suggest.phrases()) >= 300


def test_a_phrase_is_taken_apart_into_its_tags():
    near = curated_vocabulary().nearest("very long wavy blonde hair", 5)
    assert {tag.name for tag in near} == {"very long hair", "wavy hair", "blonde hair"}


@pytest.mark.parametrize(
    ("typed", "meant", "slips"),
    [
        ("simle", "smile", 1),  # two letters changed places
        ("umbrela", "umbrella", 1),
        ("cst", "cat", None),  # too short to tell
        ("plane", "plant", None),  # e is no neighbour of t
        ("light", "night", None),  # the first letter is right in a short name
        ("smule", "smile", 1),  # u is a neighbour of i
        ("hatsune mikku", "hatsune miku", 1),
        ("makisekuriss", "makisekurisu", 1),
        ("twin-tails", "twintails", 0),
    ],
)
def test_slips_of_the_keyboard(typed, meant, slips):
    assert spelling.slips(*map(spelling.squash, (typed, meant))) == slips


def test_a_name_typed_in_full_completes_first():
    for name in ("old", "oldest", "safe", "dress", "1girl"):
        assert curated_vocabulary().search(name, 3)[0].name == name
    assert curated_vocabulary().search("dress", 3, ["artist"]) == []


def test_meanings_are_words_for_people():
    crane = curated_vocabulary().lookup("crane").meanings
    assert crane[0] == 'the bird (write "crane (animal)")'
    assert not any("{" in text for tag in curated_tags().values() for text in tag.meanings)


@given(st.sampled_from(sorted(general_groups())), st.randoms(use_true_random=False))
def test_one_lost_letter_is_found_again(name, rnd):
    squashed = spelling.squash(name)
    if not 6 <= len(squashed) <= spelling.MAX_SQUASHED:
        return
    keeps_first = len(squashed) <= spelling.LONG  # of a short name the first letter must be right
    at = rnd.randrange(1 if keeps_first else 0, len(name))
    near = curated_vocabulary().nearest(name[:at] + name[at + 1 :], limit=20)
    assert name in [tag.name for tag in near] or curated_vocabulary().lookup(
        name[:at] + name[at + 1 :]
    )


@given(st.text(max_size=12), st.text(max_size=12))
def test_distance_is_a_metric_up_to_its_limit(a, b):
    d = spelling.distance(a, b, 12)
    assert d == spelling.distance(b, a, 12)
    assert (d == 0) == (a == b)
    assert abs(len(a) - len(b)) <= d <= max(len(a), len(b))
    assert min(d, 3) == min(spelling.distance(a, b, 2), 3)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Long_Hair", "long hair"),
        ("  long   hair ", "long hair"),
        (r"doctor_\(arknights\)", "doctor (arknights)"),
        ("^_^", "^_^"),
        ("O_O", "o_o"),
        (">_<", ">_<"),
        (r"\o/", r"\o/"),
        ("=_=", "=_="),
        ("m_k", "m k"),
        ("score_8_up", "score_8_up"),
        ("RATING_SAFE", "rating_safe"),
        ("初音_ミク", "初音 ミク"),
        ("\u200blong\u00ad_hair\ufeff", "long hair"),
        ("", ""),
    ],
)
def test_canonical(text, name):
    assert canonical(text) == name


@given(st.text())
def test_canonical_is_idempotent(text):
    assert canonical(canonical(text)) == canonical(text)


def test_emoticons_keep_their_mouths():
    for face in ("^_^", ">_<", ":d", "o_o", ";)", "+_+", r"\o/", "|_|", "<|>_<|>"):
        assert face in emoticons()
        assert is_emoticon(face)
    assert not is_emoticon("long_hair")


@pytest.mark.parametrize("face", sorted(emoticons()))
def test_every_emoticon_is_a_tag_however_its_brackets_are_written(face):
    """As Danbooru has it (a caption), and with escapes (a prompt): parse, look-up and print."""
    assert canonical(face) == face
    tag = curated_vocabulary().lookup(face)
    assert tag is not None and (tag.name == face or face in tag.aliases)
    escaped = re.sub(r"([()])", r"\\\1", face)
    assert canonical(escaped) == face
    result = normalize(f"1girl, {escaped}, smile", "illustrious-v2.0", curated_vocabulary())
    assert result.text == f"1girl, {escaped}, smile"
    assert [atom.text for atom in result.source.atoms] == ["1girl", escaped, "smile"]
    assert all(warning.kind == "alias" for warning in result.warnings)
    assert result.explanation[1].why.startswith("the vocabulary (curated) lists it")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["solo", "1girl", "2girls"], {("solo", "2girls"), ("1girl", "2girls")}),
        (["day", "smile", "night"], {("day", "night")}),
        (["standing", "sitting"], {("standing", "sitting")}),
        (["portrait", "full body"], {("portrait", "full body")}),
        (["1girl", "solo", "long hair", "smile"], set()),
        (["solo", "solo"], set()),
        (["short sleeves", "long sleeves"], {("short sleeves", "long sleeves")}),
        (["short sleeves", "long sleeves", "layered sleeves"], set()),
        ([], set()),
    ],
)
def test_contradictions(tags, expected):
    assert {c[:2] for c in contradictions.contradictions(tags)} == expected
    assert {c[:2] for c in curated_vocabulary().contradictions(tags)} == expected


def test_closed_eyes_and_gaze_is_only_a_weak_contradiction():
    (clash,) = contradictions.contradictions(["closed eyes", "looking at viewer"])
    assert clash.weak
    (clash,) = contradictions.contradictions(["day", "night"])
    assert not clash.weak


@given(st.lists(st.sampled_from([*PERSON_COUNTS, "solo", "day", "night", "smile", "frown"])))
def test_contradictions_do_not_depend_on_the_order(tags):
    def unordered(found):
        return {frozenset(c[:2]) for c in found}

    shuffled = random.Random(0).sample(tags, len(tags))
    first = contradictions.contradictions(tags)
    assert len(first) == len(unordered(first))
    assert unordered(first) == unordered(contradictions.contradictions(shuffled))


def test_import_reads_no_file():
    """Importing the vocabulary opens no data file: they are read at the first question."""
    code = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == 'open' else None)\n"
        "import ixl.core.vocabulary.curated, ixl.core.vocabulary.contradictions\n"
        "assert not [p for p in opened if p.endswith('.txt')], opened\n"
        "ixl.core.vocabulary.curated.curated_tags()\n"
        "assert [p for p in opened if p.endswith('.txt')]\n"
    )
    python = Path(__file__).parents[3] / "python"
    env = os.environ | {"PYTHONPATH": str(python)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
