"""Encode Prompt and the nodes around it against ComfyUI's own encoder nodes and sampler."""

import re

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

MESSY = (
    "newest, masterpiece, (long_hair, smile:1.2), [blue eyes], <lora:x:0.5>, general, "
    "character:hatsune miku, 1girl BREAK best quality, (rain:0.8), 1boy"
)
BY_HAND = (
    "1girl, character:hatsune miku, general, (long hair, smile:1.2), [blue eyes], masterpiece, "
    "newest",
    "1boy, (rain:0.8), best quality",
)
LONG = ", ".join(f"(extraordinary flower number {n}:1.1)" for n in range(30))


@pytest.fixture(scope="module")
def nodes(comfy):
    """The pack's and ComfyUI's own node classes by name."""
    from comfy_extras.nodes_clip_sdxl import CLIPTextEncodeSDXL
    from ixl.nodes import node_classes

    import nodes as host

    found = {cls.__name__: cls for cls in node_classes()}
    return {**host.NODE_CLASS_MAPPINGS, **found, "CLIPTextEncodeSDXL": CLIPTextEncodeSDXL}


@pytest.fixture(scope="module")
def run(comfy, nodes):
    """Function that executes a node and gives its outputs."""

    def run(node, /, **inputs):
        out = comfy.run_node(nodes[node], **inputs)
        return getattr(out, "result", out)

    return run


def same(one, other):
    """The same conditioning; the number of chunks in one call moves the last bits."""
    assert len(one) == len(other)
    for (cond, extra), (other_cond, other_extra) in zip(one, other, strict=True):
        assert torch.allclose(cond, other_cond, rtol=1e-4, atol=1e-5)
        assert extra.keys() == other_extra.keys()
        pooled = extra["pooled_output"], other_extra["pooled_output"]
        assert torch.allclose(*pooled, rtol=1e-4, atol=1e-5)
        rest = extra.keys() - {"pooled_output", "mask"}
        assert {k: extra[k] for k in rest} == {k: other_extra[k] for k in rest}


@pytest.mark.parametrize("text", ["", "1girl, (smile:1.3), ((hat))", r"miku \(append\), :d", LONG])
def test_text_is_encoded_as_comfyui_does(run, tiny, text):
    same(
        run("IXLEncodePrompt", clip=tiny.clip, text=text)[0],
        run("CLIPTextEncode", clip=tiny.clip, text=text)[0],
    )


def test_a_normalized_prompt_equals_the_one_ordered_by_hand(run, tiny):
    def by_hand(*parts):
        encoded = [run("CLIPTextEncode", clip=tiny.clip, text=part)[0] for part in parts]
        return run("ConditioningConcat", conditioning_to=encoded[0], conditioning_from=encoded[1])[
            0
        ]

    text, _ = run("IXLTagNormalizer", text=MESSY)
    ours = run("IXLEncodePrompt", clip=tiny.clip, text=text)[0]
    same(ours, by_hand(*BY_HAND))
    other = by_hand(BY_HAND[0].replace("smile:1.2", "smile:1.3"), BY_HAND[1])
    assert not torch.allclose(ours[0][0], other[0][0], rtol=1e-2)


@pytest.mark.parametrize("weight", ["", ":1.3"])
def test_break_is_comfyuis_concatenation_of_the_parts(run, tiny, weight):
    first, second = f"1girl, (smile{weight})", LONG
    expected = run(
        "ConditioningConcat",
        conditioning_to=run("CLIPTextEncode", clip=tiny.clip, text=first)[0],
        conditioning_from=run("CLIPTextEncode", clip=tiny.clip, text=second)[0],
    )[0]
    ours = run("IXLEncodePrompt", clip=tiny.clip, text=f"{first} BREAK {second}")[0]
    same(ours, expected)
    assert ours[0][0].shape[1] == 77 * (1 + len(tiny.clip.tokenize(second)["l"]))


def test_a_proposed_break_keeps_sections_whole(run, tiny):
    """BREAK where the report proposes it: ComfyUI's chunks then begin with that section."""
    tags = ", ".join(f"flower number {n}" for n in range(14))
    sentence = "She walks through a garden in the morning sun and looks at all the flowers there."
    text = f"1girl, {sentence} {tags}, masterpiece, newest"
    text, report = run("IXLTagNormalizer", text=text)
    found = [line for line in report.split("\n") if line.startswith("proposal: BREAK before ")]
    assert found
    position = int(found[0].rpartition(" ")[2].rstrip(")"))
    broken = f"{text[:position]} BREAK {text[position:]}"
    chunks = run("IXLEncodePrompt", clip=tiny.clip, text=broken)[1].split("\n")
    assert len(chunks) == 2
    second = tiny.clip.tokenize(text[position:], return_word_ids=True)["l"]
    assert len(second) == 1
    assert chunks[1] == f"chunk 2: {sum(1 for token in second[0] if token[2])} of 75 tokens"


def test_sizes_are_those_of_comfyuis_sdxl_encoder(run, tiny):
    sizes = {"width": 1024, "height": 1536, "crop_w": 8, "crop_h": 16, "target_width": 832,
             "target_height": 1216}  # fmt: skip
    expected = run("CLIPTextEncodeSDXL", clip=tiny.clip, text_g="1girl", text_l="1girl", **sizes)
    same(run("IXLEncodePrompt", clip=tiny.clip, text="1girl", **sizes)[0], expected[0])


def test_the_report_counts_tokens_as_comfyui_does(run, tiny):
    report = run("IXLEncodePrompt", clip=tiny.clip, text=f"{LONG} BREAK smile, <lora:x:1>")[1]
    chunks = tiny.clip.tokenize(LONG, return_word_ids=True)["l"]
    counts = [sum(1 for token in chunk if token[2]) for chunk in chunks]
    lines = report.split("\n")
    assert lines[: len(counts)] == [
        f"chunk {n}: {count} of 75 tokens" for n, count in enumerate(counts, 1)
    ]
    assert lines[len(counts)] == f"chunk {len(counts) + 1}: 1 of 75 tokens"
    assert lines[-1].startswith("<lora:x:1>: a network is not text")


def test_a1111_weights_multiply_each_encoders_embeddings_and_keep_their_mean(run, tiny):
    text = "1girl, (smile:1.5), [[hat]]"
    plain = run("IXLEncodePrompt", clip=tiny.clip, text="1girl, smile, hat")[0][0][0]
    free = run("IXLEncodePrompt", clip=tiny.clip, text=text, weights="A1111 without normalization")[
        0
    ][0][0]
    # start, 1girl (2 tokens), comma, smile, comma, hat, end: weights by the published rule
    ids = [token for token, _ in tiny.clip.tokenize("1girl, smile, hat")["l"][0]]
    smile, hat = (tiny.clip.tokenize(word)["l"][0][1][0] for word in ("smile", "hat"))
    expected = torch.ones(77)
    expected[ids.index(smile)], expected[ids.index(hat)] = 1.5, 1 / 1.1 / 1.1
    assert torch.allclose(free, plain * expected[None, :, None], atol=1e-5)

    scaled = run("IXLEncodePrompt", clip=tiny.clip, text=text, weights="A1111")[0][0][0]
    width = tiny.clip.cond_stage_model.clip_l.transformer.get_input_embeddings().weight.shape[1]
    for part in (slice(0, width), slice(width, None)):
        assert scaled[..., part].mean().item() == pytest.approx(
            plain[..., part].mean().item(), rel=1e-3
        )
        ratio = scaled[..., part] / free[..., part]
        assert torch.allclose(ratio, ratio.flatten()[0].expand_as(ratio), rtol=1e-3)


def test_nested_weights_multiply_in_a1111_and_replace_in_comfyui(run, tiny):
    def encoded(text, weights):
        return run("IXLEncodePrompt", clip=tiny.clip, text=text, weights=weights)[0][0][0]

    free = "A1111 without normalization"
    assert torch.allclose(
        encoded("((smile:1.5):1.2)", free), encoded("(smile:1.8)", free), atol=1e-5
    )
    assert torch.equal(encoded("((smile:1.5):1.2)", "ComfyUI"), encoded("(smile:1.5)", "ComfyUI"))


def test_a_checkpoint_without_text_encoder_is_named(run):
    with pytest.raises(ValueError, match="holds no text encoder"):
        run("IXLEncodePrompt", clip=None, text="1girl")


PERSONS = [
    {"name": "hatsune miku", "series": "vocaloid", "tags": "long hair, aqua hair",
     "position": "left"},
    {"name": "", "person": "boy", "tags": "short hair, black hair", "action": "sitting",
     "position": "right"},
]  # fmt: skip


def picture_of(run, **fields):
    characters = ()
    for person in PERSONS:
        characters = run("IXLCharacter", characters=characters, **person)[0]
    return run("IXLPromptBuilder", characters=characters, **fields)


def test_characters_reach_the_prompt_counted_and_in_order(run):
    text, sentences, _, notes = picture_of(
        run, person_count="", general="outdoors", level="sentence", score="masterpiece"
    )
    assert text == (
        "1girl, 1boy, hatsune miku, vocaloid, Hatsune Miku from Vocaloid with long aqua hair is "
        "on the left, and a boy with short black hair is sitting on the right outdoors. general, "
        "long hair, aqua hair, short hair, black hair, sitting, outdoors, masterpiece"
    )
    assert sentences in text
    assert notes == ""


def test_regions_are_comfyuis_masks_on_comfyuis_encoding(run, tiny):
    picture = picture_of(run, general="outdoors", person_count="")[2]
    made, masks, text = run(
        "IXLCharacterRegions", clip=tiny.clip, picture=picture, base_strength=0.5,
        region_strength=0.8, feather=0.2,
    )  # fmt: skip
    base, *regions = text.split("\nCOUPLE MASK")
    same(made[:1], [[c, {**d, "strength": 0.5}] for c, d in
                    run("CLIPTextEncode", clip=tiny.clip, text=base)[0]])  # fmt: skip
    for entry, region, mask in zip(made[1:], regions, masks, strict=True):
        own = region.partition(") ")[2]
        expected = run(
            "ConditioningSetMask", mask=mask, strength=0.8, set_cond_area="default",
            conditioning=run("CLIPTextEncode", clip=tiny.clip, text=own)[0],
        )[0]  # fmt: skip
        same([entry], expected)
        assert torch.equal(entry[1]["mask"], expected[0][1]["mask"])


@pytest.mark.parametrize("tiled", [False, True])
def test_one_step_with_hard_regions_is_each_prompts_own_picture(run, tiny, tiled):
    """With no base and no feather, x0 of a region is x0 of a picture of that prompt alone."""
    picture = picture_of(run, general="outdoors", person_count="")[2]
    made, _, text = run(
        "IXLCharacterRegions", clip=tiny.clip, picture=picture, base_strength=0.0,
        region_strength=1.0, feather=0.0,
    )  # fmt: skip
    model = tiny.model
    if tiled:
        # tiles that agree on tone would carry one region's tone into the other
        model = run("IXLTiledModel", model=model, tile_px=256, overlap_px=32, consensus=False,
                    cuts="fixed",
                    size_conditioning="picture")[0]  # fmt: skip
    width = 64
    regional = one_step(model, made, width)
    for region, half in zip(
        text.split("\nCOUPLE MASK")[1:], (slice(0, width // 2 - 1), slice(width // 2 + 1, None)),
        strict=True,
    ):  # fmt: skip
        alone = run("CLIPTextEncode", clip=tiny.clip, text=region.partition(") ")[2])[0]
        own = one_step(model, alone, width)
        assert torch.allclose(regional[..., half], own[..., half], atol=1e-3)
        assert not torch.allclose(regional, own, atol=0.1)


def one_step(model, positive, width):
    import comfy.sample

    noise = torch.randn([1, 4, 48, width], generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        return comfy.sample.sample(
            model, noise, 1, 1.0, "euler", "normal", positive, positive, torch.zeros_like(noise),
            seed=3, disable_pbar=True,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("node", "given", "said"),
    [
        ("IXLPromptBuilder", {"characters": 3}, "The characters are 3; they must be a list"),
        ("IXLPromptBuilder", {"general": 5}, "The field general of a picture is 5"),
        ("IXLPromptBuilder", {"model_profile": "v1"}, "model_profile is 'v1'"),
        ("IXLCharacter", {"characters": "miku"}, "The characters are 'miku'"),
        ("IXLCharacterRegions", {"picture": "1girl"}, "The picture is '1girl'"),
        ("IXLCharacterRegions", {"picture": None}, "The picture is empty"),
        ("IXLTagNormalizer", {"text": 1.5}, "text is 1.5; it must be text"),
        ("IXLEncodePrompt", {"text": ["1girl"]}, "text is of the kind list"),
        ("IXLNegativePrompt", {"positive": 7}, "positive is 7"),
    ],
)
def test_what_an_untyped_link_brings_is_refused_in_one_sentence(run, tiny, node, given, said):
    if node in ("IXLCharacterRegions", "IXLEncodePrompt"):
        given = {**given, "clip": tiny.clip}
    with pytest.raises(ValueError, match="^" + re.escape(said)):
        run(node, **given)


def test_an_empty_link_is_nothing(run):
    assert (
        run("IXLPromptBuilder", characters=None, general="smile", rating="none", score="none")[0]
        == "smile"
    )
    assert run("IXLNegativePrompt", positive=None)[1] == "Nothing cancels the positive prompt."
    assert run("IXLCharacter", characters=None, name="frieren")[0][0].name == "frieren"


def test_a_picture_without_characters_is_refused_in_one_sentence(run, tiny):
    picture = run("IXLPromptBuilder")[2]
    with pytest.raises(ValueError, match="connect Character"):
        run("IXLCharacterRegions", clip=tiny.clip, picture=picture)


def test_negative_words_of_the_card_less_what_is_wanted(run):
    words, report = run("IXLNegativePrompt", extra="(hat:1.2)", positive="1girl, monochrome",
                        profile="illustrious-v0.1")  # fmt: skip
    assert "monochrome" not in words.split(", ")
    assert words.startswith("worst quality, comic")
    assert words.endswith("(hat:1.2)")
    assert report == "left out: monochrome (the positive prompt asks for it)"
    kept, report = run("IXLNegativePrompt", positive="1girl, monochrome", cancelled="keep",
                       profile="illustrious-v0.1")  # fmt: skip
    assert "monochrome" in kept.split(", ")
    assert report.startswith("warning: monochrome: the positive prompt asks for it")


def test_own_negative_words_stay_even_if_they_cancel(run):
    words, report = run("IXLNegativePrompt", card=False, extra="smile", positive="1girl, smile")
    assert words == "smile"
    assert "warning: smile" in report
