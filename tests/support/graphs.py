"""Prompts in API format, of ComfyUI's own nodes, for tests that need some picture from a server."""

import tiny


def text_to_image(
    text: str = "1girl, solo", *, seed: int = 1, steps: int = 2, px: int = 128, cfg: float = 5.0
) -> dict:
    """Checkpoint to saved picture; the latent sampler is node 5, the saver node 7."""
    return {
        "1": _node("CheckpointLoaderSimple", ckpt_name=tiny.CHECKPOINT),
        "2": _node("CLIPTextEncode", clip=["1", 1], text=text),
        "3": _node("CLIPTextEncode", clip=["1", 1], text="lowres"),
        "4": _node("EmptyLatentImage", width=px, height=px, batch_size=1),
        "5": _node(
            "KSampler",
            **{"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0]},
            **{"latent_image": ["4", 0], "seed": seed, "steps": steps, "cfg": cfg},
            **{"sampler_name": "euler", "scheduler": "normal", "denoise": 1.0},
        ),
        "6": _node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": _node("SaveImage", images=["6", 0], filename_prefix="test"),
    }


def _node(class_type: str, **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs}
