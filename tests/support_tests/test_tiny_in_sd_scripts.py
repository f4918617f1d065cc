"""The tiny checkpoint in sd-scripts: loads whole, and its parts compute what ComfyUI computes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny as files

pytestmark = [pytest.mark.sd_scripts, pytest.mark.comfy]
torch = pytest.importorskip("torch")
CHILD = """
import sys
checkpoint, inputs, outputs, support = sys.argv[1:]
sys.path.append(support)
import tiny_sd_scripts
tiny_sd_scripts.shrink()
import torch
from library import sdxl_model_util
from safetensors.torch import load_file, save_file

te1, te2, vae, unet, *_ = sdxl_model_util.load_models_from_sdxl_checkpoint(
    "sdxl_base_v1-0", checkpoint, "cpu", torch.float32
)
given = load_file(inputs)
with torch.no_grad():
    eps = unet.eval()(given["x"], given["t"], given["context"], given["y"])
    latent = vae.encode(given["picture"]).latent_dist.mean
    hidden = te1(given["tokens_l"], output_hidden_states=True).hidden_states[11]
    second = te2(given["tokens_g"], output_hidden_states=True)
save_file({
    "eps": eps.contiguous(), "latent": latent.contiguous(), "l": hidden.contiguous(),
    "g": second.hidden_states[-2].contiguous(), "pooled": second.text_embeds.contiguous(),
    "end": second.last_hidden_state[:, 3].contiguous(),
}, outputs)
"""


@pytest.fixture(scope="module")
def inputs():
    generator = torch.Generator().manual_seed(1)
    words = [49406, 272, 1611, 49407]  # start, two words, end
    return {
        "x": torch.randn(1, 4, 16, 24, generator=generator),
        "t": torch.tensor([500.0]),
        "context": torch.randn(1, 77, 128, generator=generator),
        "y": torch.randn(1, 1600, generator=generator),
        "picture": torch.rand(1, 3, 64, 96, generator=generator) * 2 - 1,
        "tokens_l": torch.tensor([words + [49407] * 73]),
        "tokens_g": torch.tensor([words + [0] * 73]),
    }


@pytest.fixture(scope="module")
def sd_scripts(inputs, tmp_path_factory):
    """What sd-scripts computes, in a process of its own environment (`SD_SCRIPTS_PYTHON`)."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("sd-scripts")
    save_file(inputs, folder / "inputs.safetensors")
    support = Path(files.__file__).parent
    paths = [folder / "inputs.safetensors", folder / "outputs.safetensors", support]
    python = os.environ.get("SD_SCRIPTS_PYTHON", sys.executable)
    done = subprocess.run(
        [python, "-c", CHILD, *map(str, [files.tiny_file(files.CHECKPOINT), *paths])],
        cwd=os.environ["SD_SCRIPTS_PATH"],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.environ["SD_SCRIPTS_PATH"]},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return load_file(folder / "outputs.safetensors")


def test_noise_estimate(sd_scripts, inputs, tiny):
    import comfy.model_management

    comfy.model_management.load_models_gpu([tiny.model])
    unet = tiny.model.model.diffusion_model
    with torch.inference_mode():
        own = unet(inputs["x"], inputs["t"], context=inputs["context"], y=inputs["y"])
    torch.testing.assert_close(sd_scripts["eps"], own.clone(), rtol=1e-3, atol=1e-4)


def test_encoded_picture(sd_scripts, inputs, comfy, tiny):
    pixels = (inputs["picture"].movedim(1, -1) + 1) / 2
    with torch.inference_mode():
        own = tiny.vae.encode(pixels)
    torch.testing.assert_close(sd_scripts["latent"], own.clone(), rtol=1e-3, atol=1e-2)


def test_text(sd_scripts, inputs, comfy, tiny):
    tokens = {
        name: [[(token, 1.0) for token in inputs[f"tokens_{name}"][0].tolist()]] for name in "lg"
    }
    with torch.inference_mode():
        context, pooled = tiny.clip.encode_from_tokens(tokens, True)
    both = torch.cat([sd_scripts["l"], sd_scripts["g"]], dim=-1)
    torch.testing.assert_close(both, context.clone(), rtol=1e-2, atol=2e-2)
    projection = tiny.clip.cond_stage_model.clip_g.transformer.text_projection.weight.float()
    end = sd_scripts["end"]
    torch.testing.assert_close(end @ projection.T, pooled.clone(), rtol=1e-2, atol=2e-2)
    # sd-scripts uses the stored matrix as a layer's weight without transposing it, as OpenCLIP's
    # layout (and ComfyUI) wants: its pooled text is another. Its own reading, not the file's fault.
    torch.testing.assert_close(end @ projection, sd_scripts["pooled"], rtol=1e-2, atol=2e-2)
