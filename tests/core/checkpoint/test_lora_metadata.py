"""What trainers write into LoRA files, as it is and as it should not be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.core.checkpoint.lora_metadata import Training, read_training

TAGS = {
    "10_miku": {"1girl": 30, "hatsune miku": 30, "smile": 12},
    "2_hats": {"hat": 10, "1girl": 4},
}
DIRS = {"10_miku": {"n_repeats": 10, "img_count": 30}, "2_hats": {"n_repeats": 2, "img_count": 10}}
# by sd-scripts 0.10 (test_load_lora.py has a file that it really wrote)
KOHYA = {
    "ss_output_name": "miku-v2",
    "ss_sd_model_name": "illustriousXL_v01.safetensors",
    "ss_sd_scripts_commit_hash": "48d368fa557731ad0488c07304dfeba8c07910eb",
    "ss_network_module": "networks.lora",
    "ss_network_alpha": "16.0",
    "ss_num_epochs": "10",
    "ss_epoch": "8",
    "ss_steps": "1280",
    "ss_num_train_images": "320",
    "ss_resolution": "(1024, 1024)",
    "ss_tag_frequency": json.dumps(TAGS),
    "ss_dataset_dirs": json.dumps(DIRS),
}


def read(**metadata) -> Training:
    """Keys with a dot are written with two underscores here."""
    return read_training({key.replace("__", "."): value for key, value in metadata.items()})


def test_what_sd_scripts_writes():
    told = read_training(KOHYA)
    assert (told.name, told.trainer, told.base) == (
        "miku-v2",
        "sd-scripts",
        "illustriousXL_v01.safetensors",
    )
    assert (told.epoch, told.epochs, told.steps, told.alpha) == (8, 10, 1280, 16)
    assert (told.pictures, told.shown, told.resolutions) == (40, 320, ("1024x1024",))
    assert [(t.tag, t.count, t.share) for t in told.tags] == [
        ("1girl", 34, 0.85),
        ("hatsune miku", 30, 0.75),
        ("smile", 12, 0.3),
        ("hat", 10, 0.25),
    ]


def test_trigger_words_are_what_all_captions_of_a_folder_have():
    told = read_training(KOHYA)
    assert told.trigger_words == ("hatsune miku", "hat") and told.words_from == "captions"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("modelspec.trigger_phrase", "hatsune miku, twintails", ("hatsune miku", "twintails")),
        ("modelspec.trigger_phrase", "one phrase", ("one phrase",)),
        ("trigger_word", "p3r5on", ("p3r5on",)),
        ("trigger_words", '["a b", "c, d", 3, null, "a b"]', ("a b", "c", "d")),
        ("trained_words", "a,,b , a", ("a", "b")),
        ("ss_trigger_words", '"quoted"', ("quoted",)),
        ("trigger_phrase", "(miku:1.2), [x", ("(miku:1.2)", "[x")),
        ("instance_prompt", "a\nb\x1b[31m c", ("a b [31m c",)),
    ],
)
def test_words_that_the_author_states(key, value, words):
    told = read_training({**KOHYA, key: value})
    assert told.trigger_words == words and told.words_from == key


@pytest.mark.parametrize("value", ["", "  ", "[]", "[1, 2]", " , ,", '""', "None", '[""]'])
def test_an_empty_statement_counts_as_none(value):
    told = read_training({**KOHYA, "modelspec.trigger_phrase": value})
    assert told.trigger_words == ("hatsune miku", "hat") and told.words_from == "captions"


@pytest.mark.parametrize(
    ("frequency", "words"),
    [
        # ostris/ai-toolkit: the trigger word alone, once
        ({"1_ohwx": {"ohwx": 1}}, ("ohwx",)),
        # names of characters come escaped, as a prompt needs them
        ({"a": {"saber (fate)": 9, "1girl": 9}}, (r"saber \(fate\)",)),
        # what belongs to the caption scheme is no trigger
        ({"a": dict.fromkeys(("masterpiece", "1girl", "solo", "year 2023", "general"), 9)}, ()),
        ({"a": {"x": 19, "1girl": 20}}, ("x",)),  # 95 %
        ({"a": {"x": 18, "1girl": 20}}, ()),
        ({"a": {name: 5 for name in "abcdefgh"}}, tuple("abcde")),  # five at most
        ({"a": {"x": 3}, "b": {"x": 3, "y": 3}}, ("x", "y")),  # each once
        ({"a": {"miku ||| smile": 4, "miku": 1}}, ("miku",)),  # sections of our captions
        ({"a": {"miku\nx": 4, "Miku ": 1}}, ("miku",)),
        ({"flat": 4, "rare": 1}, ("flat",)),  # without folders
        (json.dumps({"a": {"twice": 2}}), ("twice",)),  # JSON in JSON
        ({"a": {"x": True, "y": -1, "z": "7", "w": None, "v": 0, "u": 1e300}}, ("z",)),
    ],
)
def test_tag_tables(frequency, words):
    assert read(ss_tag_frequency=json.dumps(frequency)).trigger_words == words


def test_tags_of_regularisation_pictures_are_left_out():
    tags = json.dumps({**TAGS, "1_girl": {"girl": 500}})
    told = read_training(
        {**KOHYA, "ss_tag_frequency": tags, "ss_reg_dataset_dirs": '{"1_girl": 1}'}
    )
    assert "girl" not in {t.tag for t in told.tags}
    sets = json.dumps([{"subsets": [{"is_reg": True, "image_dir": "1_girl"}, 7]}, 8])
    told = read_training({**KOHYA, "ss_tag_frequency": tags, "ss_datasets": sets})
    assert "girl" not in {t.tag for t in told.tags}


def test_without_the_number_of_pictures_there_is_no_share():
    told = read(ss_tag_frequency=json.dumps(TAGS))
    assert {t.share for t in told.tags} == {None} and told.pictures == 0


def test_captions_of_several_levels_count_a_tag_more_than_once():
    told = read(ss_tag_frequency='{"a": {"miku": 50}}', ss_dataset_dirs='{"a": {"img_count": 10}}')
    assert told.tags[0].share == 1.0


def test_data_sets_of_a_configuration_file():
    sets = [
        {"resolution": [1024, 1024], "tag_frequency": {"a": {"x": 2}}},
        {"resolution": [1536, 1024], "tag_frequency": {"a": {"x": 2}, "b": {"y": 1}}},
    ]
    told = read(ss_datasets=json.dumps(sets))
    assert told.resolutions == ("1536x1024", "1024x1024")
    assert [(t.tag, t.count) for t in told.tags] == [("x", 2), ("y", 1)]


@pytest.mark.parametrize(
    ("value", "sizes"),
    [
        ("(1024, 1024)", ("1024x1024",)), ("1024,768", ("1024x768",)), ("1024", ("1024x1024",)),
        ("1024x1536", ("1024x1536",)), ("None", ()), ("", ()), ("1,2,3", ()), ("9" * 60, ()),
        ("0", ()), ("(nan, inf)", ()),
    ],
)  # fmt: skip
def test_resolutions(value, sizes):
    assert read(ss_resolution=value).resolutions == sizes


@pytest.mark.parametrize(
    ("metadata", "trainer"),
    [
        ({"ss_network_module": "lycoris.kohya"}, "sd-scripts with LyCORIS"),
        ({"software": '{"name": "ai-toolkit", "version": "0.5"}'}, "ai-toolkit 0.5"),
        ({"software": '{"name": "ai-toolkit", "version": 5}'}, "ai-toolkit"),
        ({"ot_branch": "master"}, "OneTrainer"),
        ({"lora_adapter_metadata": "{}"}, "diffusers"),
        ({"software": "Photoshop"}, ""),
        ({}, ""),
    ],
)
def test_trainers(metadata, trainer):
    assert read_training(metadata).trainer == trainer


def test_without_words_nobody_is_named():
    assert read().words_from == "" and read(ss_output_name="x").trigger_words == ()


def test_huge_and_hostile_values_are_as_good_as_absent():
    deep = "[" * 100_000 + "]" * 100_000
    large = json.dumps({"a": {f"tag {i}": 1 for i in range(300_000)}}) + " " * (9 << 20)
    number = f'{{"a": {{"x": {"9" * 5000}}}}}'
    for value in (deep, large, number, '{"a": {"x": 1', "\ud800", "NaN"):
        assert read(ss_tag_frequency=value, ss_datasets=value, ss_dataset_dirs=value).tags == ()


KEYS = (
    *KOHYA,
    *("ss_datasets", "ss_reg_dataset_dirs", "modelspec.trigger_phrase", "trigger_words"),
    *("software", "modelspec.resolution", "modelspec.title", "lora_adapter_metadata"),
)
NAMES = st.sampled_from(
    [
        "10_miku",
        "img_count",
        "tag_frequency",
        "subsets",
        "is_reg",
        "image_dir",
        "resolution",
        "name",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
VALUES = st.text(max_size=40) | JSON.map(json.dumps) | JSON.map(json.dumps).map(json.dumps)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_value_in_any_field(metadata):
    told = read_training({**KOHYA, **metadata})
    assert all(isinstance(word, str) and word.isprintable() for word in told.trigger_words)
    for tag in told.tags:
        assert tag.count >= 1 and (tag.share is None or 0 < tag.share <= 1)
        assert tag.tag == tag.tag.strip() and tag.tag.isprintable() and "," not in tag.tag
    counts = [tag.count for tag in told.tags]
    assert counts == sorted(counts, reverse=True)
    numbers = (told.epoch, told.epochs, told.steps, told.pictures, told.shown, told.alpha)
    assert all(0 <= number < 1e13 for number in numbers)
    assert json.dumps(told._asdict(), allow_nan=False)
