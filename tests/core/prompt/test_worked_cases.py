"""At least 200 worked cases: shapes of public prompts, issue threads and the paper's figures."""

from pathlib import Path

import pytest
from ixl.core.prompt.normalize import normalize
from prompt_vocabulary import VOCABULARY

_MARKS = {"<": "text", ">": "expected", "=": "reason", "@": "settings", "!": "kinds"}
_VALUES = {"True": True, "False": False}


def read_cases() -> list[dict]:
    cases: list[dict] = []
    group = ""
    for line in Path(__file__).with_name("worked_cases.txt").read_text("utf-8").splitlines():
        if line.startswith("# "):
            group = line[2:]
        elif group and line[:1] in _MARKS and line[1:2] in ("", " "):
            if line[0] == "<":
                cases.append({"group": group, "settings": "", "kinds": None})
            content = line[2:].replace("⏎", "\n").replace("∅", "\u200b")
            cases[-1][_MARKS[line[0]]] = content
    return cases


CASES = read_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:60])
def test_worked_case(case):
    settings = dict(pair.split("=") for pair in case["settings"].split())
    profile = settings.pop("profile", "illustrious-v1.0")
    options = {name: _VALUES.get(value, value) for name, value in settings.items()}
    text = case["text"].replace("␣", " ")
    result = normalize(text, profile, VOCABULARY, **options)
    assert result.text == case["expected"].replace("␣", " "), case["reason"]
    assert normalize(result.text, profile, VOCABULARY, **options).text == result.text
    if case["kinds"] is not None:
        wanted = [] if case["kinds"] == "none" else case["kinds"].split(",")
        assert [warning.kind for warning in result.warnings] == wanted, case["reason"]


def test_there_are_enough_cases_and_each_says_why():
    assert len(CASES) >= 200
    assert all(case["reason"] for case in CASES)
