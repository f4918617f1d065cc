"""The nodes Resolution and Sampler Defaults linked into ComfyUI's sampling nodes, on a server."""

import pytest
import server
import tiny

pytestmark = pytest.mark.server


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


@pytest.fixture
def graph():
    """The same picture by KSampler and by custom sampling, all values linked."""
    automatic = {
        "sampler_name": "automatic", "scheduler": "automatic", "steps": 1, "cfg": 0.0,
        "cfg_rescale": -1.0, "denoise": 1.0,
    }  # fmt: skip
    size = {
        "aspect_ratio": "custom", "area": "native", "target_megapixels": 0.0, "batch_size": 1,
        "step_px": 64, "custom_width": 256, "custom_height": 256,
    }  # fmt: skip
    told = dict.fromkeys(
        ("width", "height", "crop_w", "crop_h", "target_width", "target_height"), 0
    )
    linked = {"positive": ["text", 0], "negative": ["text", 0], "latent_image": ["size", 0]}
    return {
        "file": node("IXLLoadCheckpoint", checkpoint=tiny.CHECKPOINT, profile="automatic"),
        "size": node("IXLResolution", **size, model_profile=["file", 3]),
        "text": node("IXLEncodePrompt", clip=["file", 1], text="1girl", weights="ComfyUI", **told,
                     sizes=["size", 5]),
        "set": node("IXLSamplerDefaults", model=["file", 0], model_profile=["file", 3],
                    **automatic),
        "k": node("KSampler", model=["set", 0], seed=5, sampler_name=["set", 1],
                  scheduler=["set", 2], steps=["set", 3], cfg=["set", 4], denoise=1.0, **linked),
        "select": node("KSamplerSelect", sampler_name=["set", 1]),
        "basic": node("BasicScheduler", model=["set", 0], scheduler=["set", 2], steps=["set", 3],
                      denoise=1.0),
        "custom": node("SamplerCustom", model=["set", 0], add_noise=True, noise_seed=5,
                       cfg=["set", 4], sampler=["select", 0], sigmas=["basic", 0], **linked),
        "custom2": node("SamplerCustom", model=["set", 0], add_noise=True, noise_seed=5,
                        cfg=["set", 4], sampler=["set", 5], sigmas=["set", 6], **linked),
        **{
            f"show-{name}": node("PreviewImage", images=[f"picture-{name}", 0])
            for name in ("k", "custom", "custom2")
        },
        **{
            f"picture-{name}": node("VAEDecode", samples=[name, 0], vae=["file", 2])
            for name in ("k", "custom", "custom2")
        },
    }  # fmt: skip


def test_every_way_of_sampling_takes_the_links_and_makes_the_same_picture(comfy_server, graph):
    entry = comfy_server.run(graph)
    assert server.succeeded(entry), server.node_error(entry)
    pictures = comfy_server.images(entry)
    assert len(pictures) == 3 and len(set(pictures)) == 1


def test_a_scheduler_is_no_sampler_name(comfy_server, graph):
    graph["k"]["inputs"]["sampler_name"] = ["set", 2]
    for other in ("custom", "custom2"):
        del graph[f"show-{other}"]
    with pytest.raises(server.Refused) as refused:
        comfy_server.queue(graph)
    assert "k" in refused.value.errors and "mismatch" in refused.value.text


def test_a_wish_that_cannot_be_gets_a_sentence_on_the_node(comfy_server, graph):
    graph["size"]["inputs"]["target_megapixels"] = 0.01
    error = server.node_error(comfy_server.run(graph))
    assert error.node_type == "IXLResolution"
    assert "target_megapixels is 0.01, but the first picture, 256x256" in error.message
