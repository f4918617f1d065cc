"""Settings of a run: they survive JSON, and what cannot work is said in one sentence."""

import json

import pytest
from ixl.training.presets import PRESETS, scale_down
from ixl.training.schedule import Schedule
from ixl.training.settings import (
    TrainingSettings,
    check_settings,
    load_settings,
    read_settings,
    settings_of_preset,
)

GOOD = {"name": "my lora", "checkpoint": "a.safetensors", "folders": [["pictures", 2]]}


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
@pytest.mark.parametrize(("method", "memory"), [("lora", 12), ("full", 80)])
def test_every_preset_gives_settings_that_survive_json(preset, method, memory):
    scaled = scale_down(preset, method, 1, memory, images=200)
    made = settings_of_preset(preset, scaled, "run", "a.safetensors", (("pictures", 1),))
    assert check_settings(made) == made
    assert read_settings(json.loads(json.dumps(made.as_dict()))) == made
    assert (made.schedule is not None) == preset.cosine
    assert made.policy == preset.policy


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "../up"}, "The name is '../up'"),
        ({"name": "-rf"}, "The name is '-rf'"),
        ({"name": "a\nb"}, "The name"),
        ({"name": "run."}, "The name"),
        ({"name": "NUL"}, "a device"),
        ({"name": "com1.v2"}, "a device"),
        ({"launch": {"machines": 2}}, "shared evenly by 2 machines"),
        ({"launch": [2]}, "JSON object"),
        ({"method": "lokr"}, "lora"),
        ({"size": 1000}, "multiple of 32"),
        ({"steps": 0}, "steps is 0"),
        ({"folders": []}, "No folder"),
        ({"folders": "pictures"}, "folders"),
        ({"rank": 0}, "rank is 0"),
        ({"batch": "2"}, "batch"),
        ({"sample_every": 5}, "no prompts"),
        ({"method": "full", "validation": 0.1}, "never validates"),
        ({"unet_lr": 0}, "nothing would be trained"),
        ({"schedule": {"total": 7, "cycles": 9}, "steps": 7}, "cycles"),
        ({"policy": {"caption_dropout": 2}}, "caption_dropout"),
        ({"nonsense": 1}, "have no nonsense"),
    ],
)
def test_what_cannot_work_is_said(changes, said):
    with pytest.raises(ValueError, match=said) as caught:
        read_settings({**GOOD, **changes})
    assert str(caught.value).count("\n") <= 1


def test_the_schedule_follows_the_steps():
    read = read_settings({**GOOD, "steps": 12, "schedule": {"cycles": 3}})
    assert read.schedule == Schedule(12, cycles=3)


def test_a_schedule_for_another_number_of_steps_is_refused():
    settings = TrainingSettings("run", "a", (("p", 1),), steps=10, schedule=Schedule(9))
    with pytest.raises(ValueError, match="must be the same"):
        check_settings(settings)


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"name": "x"}'])
def test_a_bad_file_is_named(tmp_path, text):
    file = tmp_path / "settings.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"settings"):
        load_settings(file)
