"""Tile Prompts through real samplers: each tile is told ComfyUI's encoding of its prompt."""

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

from tiled_stubs import SIZE, echo, entry, sample  # noqa: E402

NOBODY = "outdoors, night, masterpiece"
SHORT = "1girl, smile, outdoors, night, masterpiece"
LONG = ", ".join(["1girl", *(f"flower number {n} in her hair" for n in range(30)), NOBODY])
BOX = "0 0 40 30"
NEGATIVE = [entry(-0.01)]


@pytest.fixture(scope="module")
def nodes(comfy):
    from ixl.nodes import node_classes

    import nodes as host

    return {**host.NODE_CLASS_MAPPINGS, **{cls.__name__: cls for cls in node_classes()}}


@pytest.fixture(scope="module")
def run(comfy, nodes):
    def run(node, /, **inputs):
        out = comfy.run_node(nodes[node], **inputs)
        return getattr(out, "result", out)

    return run


@pytest.fixture(scope="module")
def tile_prompts(run, tiny):
    def made(text=SHORT, boxes=BOX, **more):
        return run("IXLTilePrompts", clip=tiny.clip, text=text, boxes=boxes, **more)

    return made


@pytest.fixture(scope="module")
def tiled(run):
    def patched(model, **settings):
        given = {"tile_px": 320, "overlap_px": 64, "tile_batch": 4, "consensus": False}
        return run("IXLTiledModel", model=model, **{**given, **settings})[0]

    return patched


class Heard:
    """Samples through a spy in place of the U-Net: (window, text, vector) of each positive tile."""

    def __init__(self, model, tiled, positive, steps=4, batch=1, **settings):
        self.tiles, self.calls = [], 0

        def spy(apply_model, call):
            c = call["c"]
            told = c["transformer_options"]["tile_windows"]
            self.calls += 1
            texts, vectors = c["c_crossattn"], c["y"]
            count = len(call["input"]) // len(call["cond_or_uncond"])
            for chunk, side in enumerate(call["cond_or_uncond"]):
                if side != 0:
                    continue
                for i in range(chunk * count, (chunk + 1) * count):
                    window = told["windows"][(i - chunk * count) // told["batch"]]
                    self.tiles.append((window, texts[i], vectors[i]))
            return call["input"] * 0.5

        spied = model.clone()
        spied.set_model_unet_function_wrapper(spy)
        model = tiled(spied, **settings)
        self.picture = sample(model, positive, NEGATIVE, steps=steps, batch=batch)


def sees_box(window) -> bool:
    """Whether a tile reaches into the box less a tenth of it at its two inner sides."""
    y, x, _, _ = window
    return x < 0.36 * SIZE[1] and y < 0.27 * SIZE[0]


def is_text(heard, encoded) -> bool:
    """ComfyUI repeats a text to the length of another one in the same call."""
    (expected, _), *_ = encoded
    return torch.equal(heard, expected[0].repeat(len(heard) // expected.shape[1], 1))


@pytest.mark.parametrize(("text", "size"), [(SHORT, "tile"), (LONG, "picture")])
def test_a_tile_is_told_of_who_is_in_it(run, tiny, tiled, tile_prompts, text, size):
    positive, report = tile_prompts(text)
    encoded = {
        seen: run("CLIPTextEncode", clip=tiny.clip, text=words)[0]
        for seen, words in ((True, text), (False, NOBODY))
    }
    assert report.split("\n")[-1] == f"no box: {NOBODY}"
    heard = Heard(tiny.model, tiled, positive, size_conditioning=size)
    assert len({window for window, _, _ in heard.tiles}) > 10  # the cuts move
    assert {sees_box(window) for window, _, _ in heard.tiles} == {True, False}
    for window, told, vector in heard.tiles:
        seen = sees_box(window)
        assert is_text(told, encoded[seen])
        assert not is_text(told, encoded[not seen])
        pooled = encoded[seen][0][1]["pooled_output"][0]
        assert torch.equal(vector[: len(pooled)], pooled)
        sides = [v * 8 for v in (window[2:] if size == "tile" else SIZE)]
        expected = tiny.model.model.embedder(torch.tensor([*sides, 0, 0, *sides])).flatten()
        assert torch.allclose(vector[len(pooled) :], expected.float(), atol=1e-6)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("text", [SHORT, LONG])
def test_many_tiles_in_a_call_are_the_same_picture(tiny, tiled, tile_prompts, text, batch):
    positive, model = tile_prompts(text)[0], echo(tiny.model)
    one = sample(tiled(model, tile_batch=1), positive, NEGATIVE, batch=batch)
    many = sample(tiled(model, tile_batch=5), positive, NEGATIVE, batch=batch)
    assert torch.allclose(one, many, atol=1e-5)
    everywhere = sample(tiled(model), tile_prompts(text, "0 0 100 100")[0], NEGATIVE, batch=batch)
    assert (one - everywhere).abs().max() > 1e-3


def test_equally_long_prompts_share_model_calls(tiny, tiled, tile_prompts):
    plain = Heard(tiny.model, tiled, [entry(0.1)])
    assert Heard(tiny.model, tiled, tile_prompts(SHORT)[0]).calls == plain.calls
    assert plain.calls < Heard(tiny.model, tiled, tile_prompts(LONG)[0]).calls < 2 * plain.calls


def test_the_real_model_draws_the_same_in_batches(tiny, tiled, tile_prompts):
    positive = tile_prompts(LONG)[0]
    with torch.inference_mode():
        one, many = (
            sample(tiled(tiny.model, tile_batch=n), positive, NEGATIVE, steps=1, size=(48, 64))
            for n in (1, 4)
        )
    assert torch.allclose(one, many, rtol=1e-3, atol=1e-3)


def test_a_sampler_without_tiles_gets_the_whole_prompt(run, tiny, tile_prompts):
    whole = run("CLIPTextEncode", clip=tiny.clip, text=SHORT)[0]
    with torch.inference_mode():
        ours, theirs = (
            sample(tiny.model, positive, NEGATIVE, steps=1, size=(32, 32))
            for positive in (tile_prompts()[0], whole)
        )
    assert torch.equal(ours, theirs)


def test_each_box_has_its_own_words_at_the_border_of_tiles_too(run, tiny, tiled, tile_prompts):
    """With fixed cuts: the composite of an echo is that of each tile's own prompt alone."""
    boxes = "0 0 40 30: 1girl, smile\n60 60 40 40: cat"
    positive, report = tile_prompts("1girl, smile, cat, outdoors, night", boxes)
    texts = dict(line.split(": ", 1) for line in report.split("\n")[1:])
    heard = Heard(tiny.model, tiled, positive, cuts="fixed")
    for window, told, _ in heard.tiles:
        y, x, h, w = window
        cat = x + w > 0.64 * SIZE[1] and y + h > 0.64 * SIZE[0]
        name = {(True, False): "box 1 (0-40 % across, 0-30 % down)", (False, False): "no box",
                (False, True): "box 2 (60-100 % across, 60-100 % down)",
                (True, True): "whole"}[sees_box(window), cat]  # fmt: skip
        assert is_text(told, run("CLIPTextEncode", clip=tiny.clip, text=texts[name])[0])
    assert "cat" not in texts["no box"] and texts["no box"] == "outdoors, night"


def test_other_nodes_on_the_way_keep_their_meaning(run, tiny, tiled, tile_prompts):
    """A range of steps, a strength and another prompt beside it: as with a prompt without boxes."""
    whole = tile_prompts(boxes="0 0 100 100")[0]
    plain = run("CLIPTextEncode", clip=tiny.clip, text=SHORT)[0]
    pictures = []
    for positive in (whole, plain):
        positive = run("ConditioningSetTimestepRange", conditioning=positive, start=0.2, end=0.8)[0]
        positive = run("ConditioningSetAreaStrength", conditioning=positive, strength=0.6)[0]
        both = run("ConditioningCombine", conditioning_1=positive, conditioning_2=[entry(0.1)])[0]
        pictures.append(sample(tiled(echo(tiny.model)), both, NEGATIVE))
    assert torch.allclose(*pictures, atol=1e-5)


def test_a_text_that_was_changed_on_its_way_gets_a_sentence(run, tiny, tiled, tile_prompts):
    other = run("CLIPTextEncode", clip=tiny.clip, text="rain")[0]
    joined = run(
        "ConditioningConcat", conditioning_to=tile_prompts()[0], conditioning_from=other
    )[0]  # fmt: skip
    sample(echo(tiny.model), joined, NEGATIVE)
    with pytest.raises(ValueError, match="changed on its way to a tiled model"):
        sample(tiled(echo(tiny.model)), joined, NEGATIVE)


def test_prompts_that_change_with_the_noise_change_in_every_tile(tiny, tiled):
    """A CLIP with a schedule gives several entries per prompt; each keeps its own others."""
    from ixl.core.prompt.tile_boxes import Box, TilePrompts
    from ixl.nodes._tile_texts import with_tile_prompts

    prompts = TilePrompts((Box(0.0, 0.0, 0.36, 0.27),), ("all", "none"), {1: 0, 0: 1})
    halves = ({"start_percent": 0.0, "end_percent": 0.5}, {"start_percent": 0.5})
    encoded = [
        [entry(value + i, **half) for i, half in enumerate(halves)] for value in (0.25, 10.25)
    ]
    heard = Heard(tiny.model, tiled, with_tile_prompts(encoded, prompts))
    for seen, values in ((True, {0.25, 1.25}), (False, {10.25, 11.25})):
        told = {text.mean().item() for window, text, _ in heard.tiles if sees_box(window) == seen}
        assert told == values


def test_inpainting_models_are_given_the_masked_picture_of_the_tile(
    tiny, tiled, tile_prompts, monkeypatch
):
    for name in ("concat_keys", "blank_inpaint_image_like"):  # what set_inpaint() changes
        monkeypatch.setattr(tiny.model.model, name, None, raising=False)
    tiny.model.model.set_inpaint()
    shapes = set()

    def spy(apply_model, call):
        shapes.add((tuple(call["input"].shape[2:]), tuple(call["c"]["c_concat"].shape[1:])))
        return call["input"] * 0.5

    spied = tiny.model.clone()
    spied.set_model_unet_function_wrapper(spy)
    mask = torch.ones(1, 1, *SIZE)
    sample(tiled(spied), tile_prompts()[0], NEGATIVE, noise_mask=mask)
    assert shapes and all(concat == (5, *tile) for tile, concat in shapes)


def test_boxes_of_comfyuis_own_nodes(run, tile_prompts):
    from comfy_api.latest import io

    box = io.BoundingBox.BoundingBoxDict(x=0, y=0, width=80, height=30)
    found = tile_prompts(boxes="", bboxes=box, image=torch.zeros(1, 100, 200, 3))[1]
    by_hand = tile_prompts()[1]
    assert found == by_hand
    element = {"type": "obj", "bbox": [0, 0, 300, 400], "desc": ""}
    assert tile_prompts(boxes="", bboxes=[element])[1] == by_hand


def test_without_any_place_it_says_what_to_do(tile_prompts):
    with pytest.raises(ValueError, match="Nothing says where anybody is"):
        tile_prompts(boxes="")
