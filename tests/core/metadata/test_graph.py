"""Traces of many shapes of graphs, with the types of outputs as ComfyUI knows them and without."""

import json
import time

import graphs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.metadata.graph import Traced, fill, links, static, trace
from ixl.core.metadata.graph_files import FileUse
from ixl.core.metadata.graph_text import join
from ixl.core.metadata.links import PREFIX, add_links, link_names, traced_for, without_links
from ixl.core.metadata.walk import Graph, Link, Node, as_link

TYPES = {
    "CheckpointLoaderSimple": ("MODEL", "CLIP", "VAE"),
    "LoraLoader": ("MODEL", "CLIP"),
    "CLIPTextEncode": ("CONDITIONING",),
    "EmptyLatentImage": ("LATENT",),
    "KSampler": ("LATENT",),
    "KSamplerAdvanced": ("LATENT",),
    "SamplerCustom": ("LATENT", "LATENT"),
    "SamplerCustomAdvanced": ("LATENT", "LATENT"),
    "CFGGuider": ("GUIDER",),
    "RandomNoise": ("NOISE",),
    "KSamplerSelect": ("SAMPLER",),
    "SamplerEulerAncestral": ("SAMPLER",),
    "BasicScheduler": ("SIGMAS",),
    "KarrasScheduler": ("SIGMAS",),
    "SplitSigmas": ("SIGMAS", "SIGMAS"),
    "VAEDecode": ("IMAGE",),
    "VAEEncode": ("LATENT",),
    "VAELoader": ("VAE",),
    "LatentUpscaleBy": ("LATENT",),
    "ImageScaleBy": ("IMAGE",),
    "ConditioningCombine": ("CONDITIONING",),
    "ConditioningConcat": ("CONDITIONING",),
    "ConditioningZeroOut": ("CONDITIONING",),
    "ConditioningSetMask": ("CONDITIONING",),
    "ControlNetApplyAdvanced": ("CONDITIONING", "CONDITIONING"),
    "StringConcatenate": ("STRING",),
    "PrimitiveStringMultiline": ("STRING",),
    "PrimitiveInt": ("INT",),
    "PrimitiveBoolean": ("BOOLEAN",),
    "ComfySwitchNode": ("COMFY_MATCHTYPE_V3",),
    "Reroute": ("*",),
    "LoadImage": ("IMAGE", "MASK"),
    "IXLCharacterRegions": ("CONDITIONING", "MASK", "STRING"),
    "IXLSamplerDefaults": ("MODEL", "COMBO", "COMBO", "INT", "FLOAT", "SAMPLER", "SIGMAS"),
    "IXLLoadCheckpoint": ("MODEL", "CLIP", "VAE", "IXL_PROFILE"),
    "ToBasicPipe": ("BASIC_PIPE",),
    "FromBasicPipe": ("MODEL", "CLIP", "VAE", "CONDITIONING", "CONDITIONING"),
    "Efficient Loader": ("MODEL", "CONDITIONING", "CONDITIONING", "LATENT", "VAE", "CLIP"),
    "FaceDetailer": ("IMAGE", "IMAGE"),
}
KNOWN = {"with types": lambda class_type: TYPES.get(class_type, ()), "by names": lambda _: ()}


@pytest.fixture(params=KNOWN)
def outputs(request):
    return KNOWN[request.param]


def node(class_type: str, **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs}


def base(**more) -> dict:
    """Text to image; the decoded picture is node 6. `more` replaces nodes."""
    return {**graphs.text_to_image("1girl", seed=7, steps=20, px=512, cfg=6.5), **more}


def traced(prompt: dict, outputs, picture: str = "6") -> Traced:
    return trace(Graph(prompt, outputs), Link(picture, 0))


def stated(prompt: dict, outputs, picture: str = "6") -> Traced:
    graph = Graph(prompt, outputs)
    return static(graph, trace(graph, Link(picture, 0)))


def test_text_to_image(outputs):
    found = traced(base(), outputs)
    (step,) = found.passes
    assert (step.node, step.seed, step.steps, step.cfg) == ("5", 7, 20, 6.5)
    assert (step.sampler, step.scheduler, step.denoise) == ("euler", "normal", 1.0)
    assert (join(step.positive), join(step.negative)) == ("1girl", "lowres")
    assert (found.width, found.height) == (512, 512)
    assert found.files == (FileUse("model", "tiny-illustrious.safetensors"),)
    assert list(links(found)) == []


def custom(**sampler) -> dict:
    prompt = base()
    prompt |= {
        "5": node("SamplerCustomAdvanced", noise=["10", 0], guider=["11", 0], sampler=["12", 0],
                  sigmas=["13", 0], latent_image=["4", 0]),
        "10": node("RandomNoise", noise_seed=99),
        "11": node("CFGGuider", model=["1", 0], positive=["2", 0], negative=["3", 0], cfg=4.5),
        "12": node("KSamplerSelect", sampler_name="dpmpp_2m"),
        "13": node("BasicScheduler", model=["1", 0], scheduler="karras", steps=30, denoise=0.6),
    }  # fmt: skip
    return {**prompt, **sampler}


def test_sampler_guider_noise_and_sigmas_in_nodes_of_their_own(outputs):
    (step,) = traced(custom(), outputs).passes
    assert (step.seed, step.steps, step.cfg, step.sampler) == (99, 30, 4.5, "dpmpp_2m")
    assert (step.scheduler, step.denoise) == ("karras", 0.6)
    assert (join(step.positive), join(step.negative)) == ("1girl", "lowres")


def test_samplers_and_schedulers_that_are_named_by_their_class(outputs):
    prompt = custom(**{
        "12": node("SamplerEulerAncestral", eta=1.0, s_noise=1.0),
        "13": node("SplitSigmas", sigmas=["14", 0], step=5),
        "14": node("KarrasScheduler", steps=12, sigma_max=14.0, sigma_min=0.03, rho=7.0),
    })  # fmt: skip
    (step,) = traced(prompt, outputs).passes
    assert (step.sampler, step.scheduler, step.steps) == ("euler_ancestral", "karras", 12)


def test_settings_that_a_node_of_this_pack_chooses(outputs):
    defaults = node("IXLSamplerDefaults", model=["1", 0], sampler_name="automatic", steps=0,
                    scheduler="automatic", cfg=0.0, denoise=0.7)  # fmt: skip
    prompt = custom(**{"12": defaults})
    prompt["5"]["inputs"] |= {"sampler": ["12", 5], "sigmas": ["12", 6]}
    prompt["11"]["inputs"]["cfg"] = ["12", 4]
    (step,) = traced(prompt, outputs).passes
    chosen = [Link("12", 1), Link("12", 2), Link("12", 3), Link("12", 4)]
    assert [step.sampler, step.scheduler, step.steps, step.cfg] == chosen
    assert step.denoise == 0.7
    (step,) = stated(prompt, outputs).passes
    assert [step.sampler, step.scheduler, step.steps, step.cfg] == [None] * 4


def test_sampler_custom(outputs):
    prompt = custom(**{
        "5": node("SamplerCustom", model=["1", 0], add_noise=True, noise_seed=3, cfg=7.0,
                  positive=["2", 0], negative=["3", 0], sampler=["12", 0], sigmas=["13", 0],
                  latent_image=["4", 0]),
    })  # fmt: skip
    (step,) = traced(prompt, outputs).passes
    assert (step.seed, step.cfg, step.sampler, step.steps) == (3, 7.0, "dpmpp_2m", 30)


def hires(first: str = "5") -> dict:
    prompt = base()
    second = {**prompt["5"]["inputs"], "seed": 8, "steps": 9, "denoise": 0.4}
    prompt["8"] = node(
        "LatentUpscaleBy", samples=[first, 0], upscale_method="bicubic", scale_by=2.0
    )
    prompt["9"] = node("KSampler", **{**second, "latent_image": ["8", 0]})
    prompt["6"]["inputs"]["samples"] = ["9", 0]
    return prompt


def test_passes_come_in_the_order_of_their_work(outputs):
    found = traced(hires(), outputs)
    assert [(step.node, step.seed, step.denoise) for step in found.passes] == [
        ("5", 7, 1.0), ("9", 8, 0.4)
    ]  # fmt: skip
    assert (found.width, found.height) == (512, 512)
    assert len(found.files) == 1


def test_a_pass_over_pixels_and_a_detailer(outputs):
    prompt = base()
    more = {**prompt["5"]["inputs"], "seed": 8}
    del more["latent_image"]
    prompt["8"] = node("ImageScaleBy", image=["6", 0], upscale_method="lanczos", scale_by=2.0)
    prompt["9"] = node("VAEEncode", pixels=["8", 0], vae=["1", 2])
    prompt["10"] = node("KSampler", **{**more, "latent_image": ["9", 0]})
    prompt["11"] = node("VAEDecode", samples=["10", 0], vae=["1", 2])
    prompt["12"] = node("FaceDetailer", image=["11", 0], **{**more, "seed": 9})
    assert [step.seed for step in traced(prompt, outputs, "12").passes] == [7, 8, 9]


def test_a_refiner_goes_on_with_the_same_pass(outputs):
    prompt = base()
    settings = {**prompt["5"]["inputs"], "noise_seed": 7, "start_at_step": 0, "end_at_step": 15}
    for name in ("seed", "denoise"):
        del settings[name]
    prompt["5"] = node("KSamplerAdvanced", **settings, add_noise="enable")
    prompt["20"] = node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors")
    more = {**settings, "latent_image": ["5", 0], "model": ["20", 0], "start_at_step": 15}
    prompt["8"] = node("KSamplerAdvanced", **more, add_noise="disable")
    prompt["6"]["inputs"]["samples"] = ["8", 0]
    found = traced(prompt, outputs)
    assert [step.node for step in found.passes] == ["5"]
    names = [use.name for use in found.files]
    assert names == ["tiny-illustrious.safetensors", "refiner.safetensors"]


def test_texts_over_links_stay_links(outputs):
    prompt = base()
    prompt["2"]["inputs"]["text"] = ["8", 0]
    prompt["8"] = node("StringConcatenate", string_a="a", string_b=["9", 0], delimiter=", ")
    prompt["9"] = node("PrimitiveStringMultiline", value="b")
    prompt["5"]["inputs"]["seed"] = ["10", 0]
    prompt["10"] = node("PrimitiveInt", value=42)
    found = traced(prompt, outputs)
    assert set(links(found)) == {Link("8", 0), Link("10", 0)}
    filled = fill(found, {Link("8", 0): "run", Link("10", 0): 5}.get)
    assert (join(filled.passes[0].positive), filled.passes[0].seed) == ("run", 5)
    same = stated(prompt, outputs).passes[0]
    assert (join(same.positive), same.seed) == ("a, b", 42)


def test_texts_of_nodes_that_compute_them_are_shown_as_they_go_in(outputs):
    prompt = base()
    prompt["2"]["inputs"]["text"] = ["8", 0]
    prompt["8"] = node("SomePacksWildcards", text="{a|b}, ", seed=1, mode="populate")
    assert join(stated(prompt, outputs).passes[0].positive) == "{a|b}, "


@pytest.mark.parametrize(
    ("class_type", "inputs", "expected"),
    [
        ("ConditioningCombine", ("conditioning_1", "conditioning_2"), "1girl AND hat"),
        ("ConditioningConcat", ("conditioning_to", "conditioning_from"), "1girl BREAK hat"),
        ("ConditioningAverage", ("conditioning_to", "conditioning_from"), "1girl AND hat"),
    ],
)
def test_several_texts_keep_their_order_and_how_they_were_joined(
    outputs, class_type, inputs, expected
):
    prompt = base()
    prompt["8"] = node("CLIPTextEncode", clip=["1", 1], text="hat")
    prompt["9"] = node(class_type, **dict(zip(inputs, (["2", 0], ["8", 0]), strict=True)))
    prompt["5"]["inputs"]["positive"] = ["9", 0]
    assert join(traced(prompt, outputs).passes[0].positive) == expected


def test_masks_control_nets_and_reroutes_are_passed_through(outputs):
    prompt = base()
    prompt["8"] = node("ConditioningSetMask", conditioning=["2", 0], mask=["9", 1], strength=1.0)
    prompt["9"] = node("LoadImage", image="pose.png")
    prompt["10"] = node("ControlNetApplyAdvanced", positive=["8", 0], negative=["3", 0],
                        control_net=["11", 0], image=["9", 0], strength=1.0)  # fmt: skip
    prompt["11"] = node("ControlNetLoader", control_net_name="pose.safetensors")
    prompt["12"] = node("Reroute", **{"": ["10", 1]})
    prompt["5"]["inputs"] |= {"positive": ["10", 0], "negative": ["12", 0]}
    (step,) = traced(prompt, outputs).passes
    assert (join(step.positive), join(step.negative)) == ("1girl", "lowres")


def test_a_negative_prompt_that_is_zeroed_is_empty(outputs):
    prompt = base()
    prompt["3"] = node("ConditioningZeroOut", conditioning=["2", 0])
    assert traced(prompt, outputs).passes[0].negative == ()


def test_both_encoders_of_sdxl(outputs):
    sizes = {"width": 1024, "height": 1024, "crop_w": 0, "crop_h": 0}
    same = node("CLIPTextEncodeSDXL", clip=["1", 1], text_g="a", text_l="a", **sizes)
    other = node("CLIPTextEncodeSDXL", clip=["1", 1], text_g="a", text_l="b", **sizes)
    assert join(traced(base(**{"2": same}), outputs).passes[0].positive) == "a"
    assert join(traced(base(**{"2": other}), outputs).passes[0].positive) == "a, b"


def test_regions_hand_on_their_text(outputs):
    prompt = base()
    prompt["2"] = node("IXLCharacterRegions", clip=["1", 1], picture=["8", 2], weights="ComfyUI")
    prompt["8"] = node("IXLPromptBuilder", general="smile")
    assert list(links(traced(prompt, outputs).passes[0].positive)) == [Link("2", 2)]


@pytest.mark.parametrize(
    ("state", "expected"), [(True, "1girl"), (False, "other"), (["11", 0], "other")]
)
def test_of_a_switch_the_chosen_branch_counts(outputs, state, expected):
    prompt = base()
    prompt["8"] = node("CLIPTextEncode", clip=["1", 1], text="other")
    prompt["9"] = node("ComfySwitchNode", switch=state, on_false=["8", 0], on_true=["2", 0])
    prompt["11"] = node("PrimitiveBoolean", value=False)
    prompt["5"]["inputs"]["positive"] = ["9", 0]
    assert join(traced(prompt, outputs).passes[0].positive) == expected


def test_a_switch_whose_state_is_not_known_says_nothing(outputs):
    prompt = base()
    prompt["9"] = node("ComfySwitchNode", switch=["11", 0], on_false=["3", 0], on_true=["2", 0])
    prompt["11"] = node("SomePacksDice", sides=6)
    prompt["5"]["inputs"]["positive"] = ["9", 0]
    assert traced(prompt, outputs).passes[0].positive == ()


def test_a_pipe_and_a_loader_with_everything(outputs):
    prompt = base()
    prompt["8"] = node("ToBasicPipe", model=["1", 0], clip=["1", 1], vae=["1", 2],
                       positive=["2", 0], negative=["3", 0])  # fmt: skip
    settings = {k: v for k, v in prompt["5"]["inputs"].items() if k not in ("positive", "negative")}
    prompt["9"] = node("FromBasicPipe", basic_pipe=["8", 0])
    unpacked = {**settings, "model": ["9", 0], "positive": ["9", 3], "negative": ["9", 4]}
    (step,) = traced({**prompt, "5": node("KSampler", **unpacked)}, outputs).passes
    assert (join(step.positive), join(step.negative)) == ("1girl", "lowres")
    del settings["model"]
    whole = {**prompt, "5": node("ImpactKSamplerBasicPipe", basic_pipe=["8", 0], **settings)}
    found = traced(whole, outputs)
    assert (join(found.passes[0].positive), found.passes[0].seed) == ("1girl", 7)
    assert found.files == (FileUse("model", "tiny-illustrious.safetensors"),)
    everything = base(**{
        "1": node("Efficient Loader", ckpt_name="x.safetensors", lora_name="None", clip_skip=-2,
                  positive="cat", negative="dog", empty_latent_width=640, empty_latent_height=480),
        "5": node("KSampler", model=["1", 0], positive=["1", 1], negative=["1", 2],
                  latent_image=["1", 3], seed=1, steps=2, cfg=3.0, sampler_name="euler",
                  scheduler="normal", denoise=1.0),
    })  # fmt: skip
    found = traced(everything, outputs)
    (step,) = found.passes
    assert (join(step.positive), join(step.negative), step.clip_skip) == ("cat", "dog", -2)
    assert (found.width, found.height) == (640, 480)
    assert found.files == (FileUse("model", "x.safetensors"),)


def test_loras_in_the_order_in_which_they_were_loaded(outputs):
    prompt = base()
    prompt["8"] = node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name="a.safetensors",
                       strength_model=0.8, strength_clip=0.6)  # fmt: skip
    prompt["9"] = node("LoraLoaderModelOnly", model=["8", 0], lora_name="b.safetensors",
                       strength_model=["10", 0])  # fmt: skip
    prompt["10"] = node("PrimitiveFloat", value=0.25)
    prompt["5"]["inputs"]["model"] = ["9", 0]
    assert stated(prompt, outputs).files == (
        FileUse("model", "tiny-illustrious.safetensors"),
        FileUse("lora", "a.safetensors", 0.8, 0.6),
        FileUse("lora", "b.safetensors", 0.25, None),
    )


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (node("Power Lora Loader (rgthree)", lora_1={"on": True, "lora": "a.safetensors",
              "strength": 0.5}, lora_2={"on": False, "lora": "b.safetensors", "strength": 1},
              lora_3={"on": True, "lora": "c.safetensors", "strength": 1, "strengthTwo": 0.5}),
         [("a.safetensors", 0.5, 0.5), ("c.safetensors", 1, 0.5)]),
        (node("LoRA Stacker", input_mode="simple", lora_count=2, lora_name_1="a.safetensors",
              lora_wt_1=0.5, model_str_1=9, clip_str_1=9, lora_name_2="None", lora_wt_2=1.0,
              lora_name_3="c.safetensors", lora_wt_3=1.0),
         [("a.safetensors", 0.5, 0.5)]),
        (node("LoRA Stacker", input_mode="advanced", lora_count=2, lora_name_1="a.safetensors",
              lora_wt_1=9, model_str_1=0.5, clip_str_1=0.4, lora_name_2="b.safetensors",
              lora_wt_2=9, model_str_2=1.0, clip_str_2=1.0),
         [("a.safetensors", 0.5, 0.4), ("b.safetensors", 1.0, 1.0)]),
        (node("CR LoRA Stack", switch_1="On", lora_name_1="a.safetensors", model_weight_1=0.5,
              clip_weight_1=0.4, switch_2="Off", lora_name_2="b.safetensors", model_weight_2=1.0,
              clip_weight_2=1.0),
         [("a.safetensors", 0.5, 0.4)]),
    ],
)  # fmt: skip
def test_stacks_of_other_packs(outputs, stack, expected):
    prompt = base()
    stack["inputs"]["model"] = ["1", 0]
    prompt["8"] = stack
    prompt["5"]["inputs"]["model"] = ["8", 0]
    uses = [use for use in traced(prompt, outputs).files if use.kind == "lora"]
    assert [(use.name, use.strength_model, use.strength_clip) for use in uses] == expected


def test_a_vae_file_of_its_own(outputs):
    prompt = base()
    prompt["8"] = node("VAELoader", vae_name="sdxl_vae.safetensors")
    prompt["6"]["inputs"]["vae"] = ["8", 0]
    assert FileUse("vae", "sdxl_vae.safetensors") in traced(prompt, outputs).files


def test_clip_skip(outputs):
    prompt = base()
    prompt["8"] = node("CLIPSetLastLayer", clip=["1", 1], stop_at_clip_layer=-2)
    prompt["2"]["inputs"]["clip"] = ["8", 0]
    assert traced(prompt, outputs).passes[0].clip_skip == -2


def test_a_latent_of_unknown_size_is_asked_itself(outputs):
    found = traced(base(**{"4": node("IXLResolution", shape="portrait")}), outputs)
    assert (found.width, found.height, found.latent) == (None, None, Link("4", 0))


def test_ids_of_subgraphs_and_numbers_as_ids(outputs):
    renamed = json.loads(json.dumps(base()).replace('["5"', '["12:3:5"'))
    renamed["12:3:5"] = renamed.pop("5")
    assert traced(renamed, outputs).passes[0].node == "12:3:5"
    numbers = base()
    numbers["6"]["inputs"]["samples"] = [5, 0]
    assert traced(numbers, outputs).passes[0].node == "5"


def test_pictures_without_a_sampler(outputs):
    prompt = {"1": node("LoadImage", image="a.png"),
              "2": node("ImageScaleBy", image=["1", 0], scale_by=2.0)}  # fmt: skip
    assert traced(prompt, outputs, "2") == Traced()
    assert traced(prompt, outputs, "gone") == Traced()


def test_nodes_that_are_missing_and_loops_end_the_trace(outputs):
    prompt = base()
    del prompt["2"], prompt["4"]
    prompt["3"]["inputs"]["text"] = ["3", 0]
    (step,) = traced(prompt, outputs).passes
    assert step.positive == ()
    prompt["8"] = node("ImageScaleBy", image=["8", 0])
    assert traced(prompt, outputs, "8") == Traced()
    assert static(Graph(prompt), Traced((step,))).passes[0].negative is not None


def test_long_chains_and_doubling_graphs_end(outputs):
    chain = {str(n): node("ImageScaleBy", image=[str(n + 1), 0]) for n in range(5000)}
    assert traced(chain, outputs, "0") == Traced()
    prompt = base()
    prompt["2"]["inputs"]["text"] = ["t0", 0]
    for n in range(60):
        both = [f"t{n + 1}", 0]
        prompt[f"t{n}"] = node("StringConcatenate", string_a=both, string_b=both, delimiter="")
        prompt[f"p{n}"] = node("X", pipe=[f"p{n + 1}", 0], other_pipe=[f"p{n + 1}", 0])
    prompt["t60"] = node("PrimitiveStringMultiline", value="abc")
    prompt["5"]["inputs"]["pipe"] = ["p0", 0]
    del prompt["5"]["inputs"]["cfg"]
    start = time.process_time()
    assert join(stated(prompt, outputs).passes[0].positive) == ""
    assert time.process_time() - start < 2


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "a", "x.safetensors"])
    | st.tuples(st.sampled_from("01234"), st.integers(-1, 2)).map(list),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["on", "lora"]), inner),
    max_leaves=4,
)  # fmt: skip
_inputs = st.dictionaries(
    st.sampled_from(["images", "samples", "model", "positive", "negative", "seed", "steps",
                     "switch", "on_true", "on_false", "text", "lora_name_1", "lora_count",
                     "input_mode", "basic_pipe", "guider", "noise", "sigmas", "vae", "width",
                     "strength", "x"]),
    _values, max_size=8,
)  # fmt: skip
_nodes = st.fixed_dictionaries(
    {"class_type": st.sampled_from(["KSampler", "IXLSaveImage", "ConditioningCombine", "X"]),
     "inputs": _inputs}
) | _values  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("01234"), _nodes))
def test_any_json_can_be_traced_and_linked(prompt):
    for outputs in KNOWN.values():
        graph = Graph(prompt, outputs)
        static(graph, trace(graph, Link("0", 0)))
        add_links(prompt, "IXLSaveImage", outputs)


def saver(prompt: dict, **inputs) -> dict:
    return {**prompt, "s": node("IXLSaveImage", images=["6", 0], format="png", **inputs)}


def linked_prompt() -> dict:
    prompt = base()
    prompt["2"]["inputs"]["text"] = ["8", 0]
    prompt["3"]["inputs"]["text"] = ["9", 0]
    prompt["8"] = node("PrimitiveStringMultiline", value="a")
    prompt["9"] = node("PrimitiveStringMultiline", value="b")
    return prompt


def test_a_saver_gets_a_link_to_each_value_that_it_needs():
    prompt = saver(linked_prompt())
    before = json.loads(json.dumps(prompt))
    for _ in range(2):  # a prompt that is queued again has the links already
        add_links(prompt, "IXLSaveImage", KNOWN["with types"])
        added = {k: v for k, v in prompt["s"]["inputs"].items() if k.startswith(PREFIX)}
        assert list(added.values()) == [["8", 0], ["9", 0]]
    own = Node("s", "IXLSaveImage", prompt["s"]["inputs"])
    assert [link for _, link in link_names(own)] == [Link("8", 0), Link("9", 0)]
    prompt["5"]["is_changed"] = [float("nan")]
    assert without_links(prompt, "IXLSaveImage") == before


def test_what_the_user_connected_is_not_traced():
    prompt = saver(linked_prompt(), positive=["9", 0], model=["20", 0])
    prompt["20"] = node("CheckpointLoaderSimple", ckpt_name="mine.safetensors")
    graph = Graph(prompt, KNOWN["with types"])
    found = traced_for(graph, graph.node("s"))
    assert list(links(found)) == [Link("9", 0)]  # the negative prompt
    assert [use.name for use in found.files] == ["mine.safetensors"]


def test_a_model_of_this_packs_loaders_is_asked_for_its_files():
    prompt = saver(base())
    prompt["1"] = node("IXLLoadCheckpoint", checkpoint="a.safetensors", profile="automatic")
    prompt["8"] = node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name="b.safetensors",
                       strength_model=1.0, strength_clip=1.0)  # fmt: skip
    prompt["5"]["inputs"]["model"] = ["8", 0]
    add_links(prompt, "IXLSaveImage", KNOWN["with types"])
    assert prompt["s"]["inputs"][f"{PREFIX}0"] == ["8", 0]


@pytest.mark.parametrize(
    ("value", "link"),
    [(["1", 0], ("1", 0)), (["12:3", 2], ("12:3", 2)), ([1, 0], ("1", 0)), (("1", 0), ("1", 0)),
     (["1", True], None), ([True, 0], None), (["1", -1], None), (["1"], None), ("1", None),
     (["1", "0"], None), ([["1"], 0], None), (None, None)],
)  # fmt: skip
def test_links(value, link):
    assert as_link(value) == link
