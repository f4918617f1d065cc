"""A prompt for a server that ends in the High-Res Sampler, and what came of it."""

import json

import tiny


def prompt(**widgets) -> dict:
    """Checkpoint to preview; the High-Res Sampler is node 4. Its report is the output of node 6."""
    inputs = {"seed": 5, "steps": 1, "cfg": 5.0, "sampler_name": "euler", "scheduler": "normal"}
    inputs |= {"megapixels": 20.0, "width": 0, "height": 0, "denoise": "", "pass_steps": "1"}
    inputs |= {"tile_px": 1024, "overlap_px": 128, "anchor": 0.5, **widgets}
    sources = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "vae": ["1", 2]}
    return {
        "1": _node("CheckpointLoaderSimple", ckpt_name=tiny.CHECKPOINT),
        "2": _node("CLIPTextEncode", clip=["1", 1], text="1girl, solo"),
        "3": _node("CLIPTextEncode", clip=["1", 1], text="lowres"),
        "4": _node("IXLHighResSampler", **sources, **inputs),
        "5": _node("PreviewImage", images=["4", 0]),
        "6": _node("PreviewAny", source=["4", 3]),
    }


def report(entry: dict) -> str:
    """The report of a prompt that ended well."""
    text = entry["outputs"]["6"]["text"][0]
    return json.loads(text) if text.startswith('"') else text


def _node(class_type: str, **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs}
