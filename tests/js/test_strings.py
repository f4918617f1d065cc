"""Interface strings: every translation file has each string of the scripts, with its {names}."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = sorted(path.parent.name for path in ROOT.glob("locales/*/main.json"))
STRING = re.compile(r"""\bt\(\s*"((?:[^"\\]|\\.)*)\"""")
SETTING = re.compile(r'"(ixl\.(?:tags|model)\.\w+)"')
NAME = re.compile(r"\{\w+\}")


def scripts() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("js/**/*.js"))


def load(language: str, name: str) -> dict:
    return json.loads((ROOT / "locales" / language / name).read_text(encoding="utf-8"))


def test_there_are_strings_and_translations():
    assert len(STRING.findall(scripts())) > 20
    assert LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated_with_its_names(language):
    translated = load(language, "main.json")["ixl"]
    assert set(STRING.findall(scripts())) <= set(translated)
    for english, text in translated.items():
        assert text.strip()
        assert sorted(NAME.findall(text)) == sorted(NAME.findall(english)), english


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_is_translated(language):
    ids = {name.replace(".", "_") for name in SETTING.findall(scripts())}
    ids = {name for name in ids if not name.endswith(("off", "folded"))}
    assert ids == set(load(language, "settings.json"))
