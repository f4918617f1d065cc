"""Translations of the nodes: every language has each text of the real schemas, and no others.

The front end reads names and descriptions through a message compiler, which gives `{ } @ |` a
meaning, and tooltips raw. An output that is named like its type is translated by the front end.
"""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = sorted(path.name for path in (ROOT / "locales").iterdir())
SYNTAX = re.compile(r"[{}@|]")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Words of the category path that ComfyUI's own translations have.
KNOWN_TO_THE_FRONT_END = {"Illustrious XL", "model"}


@pytest.fixture(scope="module")
def nodes(comfy) -> dict[str, dict]:
    """The node definitions as the server sends them, by node id."""
    from ixl.nodes import node_classes

    return {cls.__name__: cls.GET_NODE_INFO_V1() for cls in node_classes()}


def load(language: str, name: str) -> dict:
    return json.loads((ROOT / "locales" / language / name).read_text(encoding="utf-8"))


def inputs(node: dict) -> dict[str, dict]:
    """Options of each input; `choices` are those of a combo."""
    groups = [node["input"].get(group, {}) for group in ("required", "optional")]
    found = {}
    for name, (kind, *options) in (item for group in groups for item in group.items()):
        given = options[0] if options else {}
        choices = kind if isinstance(kind, list) else given.get("options", [])
        found[name] = {**given, "choices": [str(choice) for choice in choices]}
    return found


def keys(texts: dict) -> dict:
    """What is there to translate: the same shape with the texts left out."""
    return {name: keys(text) if isinstance(text, dict) else None for name, text in texts.items()}


def english(node: dict) -> dict:
    """A node's texts in the shape of nodeDefs.json."""
    outputs = zip(node["output_name"], node["output"], node["output_tooltips"], strict=True)
    return {
        "display_name": node["display_name"],
        "description": node["description"],
        "inputs": {
            name: {"name": name, **({"tooltip": tip} if (tip := given.get("tooltip")) else {})}
            for name, given in inputs(node).items()
        },
        "outputs": {
            str(index): {"name": name, **({"tooltip": tip} if tip else {})}
            for index, (name, kind, tip) in enumerate(outputs)
            if name != kind or tip
        },
    }


def test_there_are_languages():
    assert {"ja", "ko", "zh"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_every_node_is_translated_and_no_other(nodes, language):
    translated = load(language, "nodeDefs.json")
    for name, node in nodes.items():
        assert keys(translated.get(name, {})) == keys(english(node)), name
    assert set(translated) == set(nodes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_texts_that_the_front_end_shows_as_they_are(language):
    for name, node in load(language, "nodeDefs.json").items():
        entries = [*node["inputs"].values(), *node["outputs"].values()]
        compiled = [node["display_name"], node["description"], *(e["name"] for e in entries)]
        for text in compiled:
            assert not SYNTAX.search(text), f"{name}: {text}"
        tooltips = [entry["tooltip"] for entry in entries if "tooltip" in entry]
        for text in (*compiled, *tooltips):
            assert text.strip() == text != "", name
        for text in (node["display_name"], node["description"], *tooltips):
            assert not text.isascii(), f"{name}: {text} is English still"


@pytest.mark.parametrize("language", LANGUAGES)
def test_tooltips_keep_their_numbers_and_the_choices_that_they_explain(nodes, language):
    translated = load(language, "nodeDefs.json")
    for name, node in nodes.items():
        for key, given in inputs(node).items():
            tooltip = given.get("tooltip", "")
            text = translated[name]["inputs"][key].get("tooltip", "")
            assert set(NUMBER.findall(tooltip)) <= set(NUMBER.findall(text)), (name, key)
            explained = [choice for choice in given["choices"] if f"{choice}:" in tooltip]
            assert all(choice in text for choice in explained), (name, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_category_is_translated_and_no_other(nodes, language):
    words = {word for node in nodes.values() for word in node["category"].split("/")}
    categories = load(language, "main.json")["nodeCategories"]
    assert set(categories) == words - KNOWN_TO_THE_FRONT_END
