"""Expand Tags in ComfyUI, with a small model in TIPO's file form that was trained for seconds."""

import os
import random
from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")
TEXT = "(1girl:1.2), hat BREAK night, <lora:x_y:0.7>"


@pytest.fixture(scope="module")
def models(comfy, tmp_path_factory):
    """ComfyUI's models/kgen with the models `tiny` and `random`, and a folder that is no model."""
    import folder_paths
    import tiny_tipo

    folder = Path(folder_paths.models_dir) / "kgen"
    tiny_tipo.write_model(folder / "tiny")
    tiny_tipo.write_model(folder / "random", steps=0)
    (folder / "other").mkdir()
    (folder / "other" / "config.json").write_text("{}")
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


@pytest.fixture
def node(comfy, models):
    from ixl.nodes.expand_tags import IXLExpandTags

    def run(text=TEXT, model="tiny", **more):
        return comfy.run_node(IXLExpandTags, text=text, model=model, **more).args

    run.cls = IXLExpandTags
    return run


def test_models_are_listed(node):
    schema = node.cls.INPUT_TYPES()
    kind, options = schema["required"]["model"]
    assert (kind if isinstance(kind, list) else options["options"]) == ["random", "tiny"]


def test_a_prompt_is_expanded_and_its_own_parts_stay(node):
    import tiny_tipo

    text, added, report = node(seed=1)
    assert text.startswith("(1girl:1.2), hat, ") and text.endswith(" BREAK night <lora:x_y:0.7>")
    names = added.split(", ")
    known = set(tiny_tipo.GENERAL)
    assert len(names) >= 6 and len(known & set(names)) > len(names) / 2
    assert not set(names) & {"hat", "night", "1girl", *tiny_tipo.REFUSED}
    assert report.startswith(f"added: {added}")
    assert "not added: " in report


def test_a_seed_decides_the_result(node):
    first = node(seed=3)
    assert node(seed=3) == first
    assert node(seed=3, keep_model=False) == first
    assert node(seed=3) == first  # loaded again
    assert node(seed=4) != first
    assert node(seed=2**64 - 1)[1]


def test_two_models_do_not_disturb_each_other(node):
    first = node(seed=5)
    assert node(seed=5, model="random") != first
    assert node(seed=5) == first


def test_nobody_elses_random_numbers_change(node):
    torch.manual_seed(9)
    random.seed(9)
    before = torch.get_rng_state(), random.getstate()
    node(seed=6, keep_model=False)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


def test_nothing_is_printed(node, capfd):
    node(seed=7, keep_model=False)
    out, err = capfd.readouterr()
    assert "Loading" not in out + err and "it/s" not in out + err


def test_wishes_reach_the_model(node):
    _, added, _ = node(seed=8, length="long")
    banned = added.split(", ")[0]
    _, without, report = node(seed=8, length="long", banned=banned)
    assert banned not in without.split(", ")
    assert f"not added: {banned} (banned)" in report
    _, allowed, _ = node(
        seed=8, length="very long", add_characters=True, add_artists=True, rating="explicit"
    )
    assert {"hatsune miku", "wlop", "nude"} & set(allowed.split(", "))


def test_a_sentence_is_added_on_request(node):
    found = [node(seed=seed, format="tags + sentence")[0] for seed in range(3)]
    assert any("." in text.replace(":1.2", "").replace(":0.7", "") for text in found)


def test_cancel_stops_between_tokens(node, monkeypatch):
    import comfy.model_management as memory
    from ixl.core.tipo import model

    drawn = []
    real = model.draw

    def draw(*arguments):
        drawn.append(1)
        if len(drawn) == 3:
            memory.interrupt_current_processing()
        return real(*arguments)

    monkeypatch.setattr(model, "draw", draw)
    with pytest.raises(memory.InterruptProcessingException):
        node(seed=9)
    assert len(drawn) == 3
    monkeypatch.undo()
    assert node(seed=9)[1]


def test_the_progress_bar_moves(node, monkeypatch):
    import comfy.utils
    from ixl.core.tipo.model import MOST_TOKENS

    seen = []
    monkeypatch.setattr(
        comfy.utils, "PROGRESS_BAR_HOOK", lambda value, total, *rest, **more: seen.append(value)
    )
    node(seed=10)
    assert len(seen) > 1 and min(seen) == 0 and max(seen) == MOST_TOKENS


def test_the_sampling_is_that_of_transformers(models):
    """The chances of the next token, by the logits processors of transformers."""
    from ixl.core.tipo.model import REPETITION_PENALTY, Sampling, draw
    from transformers import (
        LogitsProcessorList,
        MinPLogitsWarper,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    logits = torch.randn(50, generator=torch.Generator().manual_seed(2)) * 3
    seen, chosen = [4, 7, 7, 30], Sampling(0.8, 0.9, 0.05, 20)
    steps = LogitsProcessorList(
        [
            RepetitionPenaltyLogitsProcessor(REPETITION_PENALTY),
            TemperatureLogitsWarper(chosen.temperature),
            TopKLogitsWarper(chosen.top_k),
            TopPLogitsWarper(chosen.top_p),
            MinPLogitsWarper(chosen.min_p),
        ]
    )
    expected = torch.softmax(steps(torch.tensor([seen]), logits[None].clone())[0], dim=0)
    generator, number = torch.Generator().manual_seed(0), 4000
    drawn = torch.tensor([draw(logits, seen, chosen, generator) for _ in range(number)])
    found = torch.bincount(drawn, minlength=50) / number
    assert set(drawn.tolist()) <= set(torch.nonzero(expected).flatten().tolist())
    assert (found - expected).abs().max() < 0.03


@pytest.mark.parametrize("model", ["(no model found)", "other", "gone"])
def test_a_missing_model_is_said(node, model):
    said = node.cls.validate_inputs(model)
    assert f"no TIPO model '{model}'" in said and "choose one of random, tiny" in said
    assert node.cls.validate_inputs("tiny") is True
    assert node.cls.validate_inputs(None) is True  # linked: known when it runs


def test_another_kind_of_model_is_said(node, models):
    config = models / "random" / "config.json"
    before = config.read_text()
    config.write_text(before.replace('"llama"', '"mixtral"'))
    weights = models / "random" / "model.safetensors"
    os.utime(weights)  # another file: not the one kept in memory
    with pytest.raises(ValueError, match="of the type 'mixtral'"):
        node(model="random")
    config.write_text(before)
    weights.write_bytes(b"cut off")
    with pytest.raises(ValueError, match="cannot be loaded .* download it again"):
        node(model="random")


def test_a_prompt_longer_than_the_window_is_said(node):
    long = ", ".join(f"very unusual thing number {n}" for n in range(71))
    with pytest.raises(ValueError, match="expand a shorter prompt"):
        node(text=long, length="very long")
