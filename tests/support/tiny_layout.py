"""Key table of an SDXL single-file checkpoint at a small size: {key: (shape, gain)}.

The topology is SDXL's (three UNet levels, transformers on the lower two, two text encoders, KL-f8
VAE), the widths are small and every transformer is one block deep. `gain` says how `tiny.py` fills
the tensor: None is a norm's weight (near 1), 0.0 is a bias (near 0), a number g draws weights of
standard deviation g / sqrt(fan in). Keys follow the layout of `sd_xl_base_1.0.safetensors`
(Stability AI generative-models).
"""

import math

CHANNELS = 64  # UNet channels at full latent resolution (SDXL: 320)
MULT = (1, 2, 4)
EMBED = CHANNELS * 4
HIDDEN = 64  # hidden size of both text encoders (SDXL: 768 and 1280), two heads each
L_LAYERS, G_LAYERS = 12, 3  # SDXL: 12 and 32
CONTEXT = 2 * HIDDEN
ADM = HIDDEN + 6 * 256  # pooled text + six sizes of 256 sinusoids, as in SDXL
VAE_CHANNELS, VAE_MULT = 32, (1, 2, 4, 4)  # SDXL: 128
VOCABULARY, POSITIONS = 49408, 77  # CLIP's

AFTER_SILU = 1.68  # 1 / sqrt(E[silu(x)^2]), x ~ N(0, 1): keeps unit variance through SiLU
UNIT = math.sqrt(HIDDEN)  # gain of an embedding table with unit variance
TEXT_SPREAD = 3.0  # standard deviation of the text encoders' output
SHARP = 1.5  # query and key gain: attention that looks somewhere rather than averaging

Table = dict[str, tuple[tuple[int, ...], float | None]]


def checkpoint() -> Table:
    """The whole single-file checkpoint."""
    parts = {
        "model.diffusion_model.": unet(),
        "conditioner.embedders.0.transformer.text_model.": _clip_l(),
        "conditioner.embedders.1.model.": _clip_g(),
        "first_stage_model.": _vae(),
    }
    return {prefix + key: entry for prefix, table in parts.items() for key, entry in table.items()}


def unet() -> Table:
    table = _unet_down()
    skips = [CHANNELS * m for m in (1, 1, 1, 1, 2, 2, 2, 4, 4)]
    width, block = CHANNELS * MULT[-1], 0
    for level in reversed(range(len(MULT))):
        for i in range(3):
            key = f"output_blocks.{block}"
            table |= _resblock(f"{key}.0", width + skips.pop(), CHANNELS * MULT[level])
            width, block = CHANNELS * MULT[level], block + 1
            if level:
                table |= _transformer(f"{key}.1", width)
            if level and i == 2:
                table |= _conv(f"{key}.2.conv", width, width)
    return table | _norm("out.0", CHANNELS) | _conv("out.2", CHANNELS, 4, AFTER_SILU)


def controlnet() -> Table:
    """A ControlNet of the same shape, in the layout of the original ControlNet code for SDXL."""
    table = _unet_down()
    widths = [3, 16, 16, 32, 32, 96, 96, 256, CHANNELS]
    for i, (a, b) in enumerate(zip(widths, widths[1:], strict=False)):
        table |= _conv(f"input_hint_block.{2 * i}", a, b, AFTER_SILU)
    for i, m in enumerate((1, 1, 1, 1, 2, 2, 2, 4, 4)):
        table |= _conv(f"zero_convs.{i}.0", CHANNELS * m, CHANNELS * m, kernel=1)
    return table | _conv("middle_block_out.0", CHANNELS * 4, CHANNELS * 4, kernel=1)


def lora_targets() -> dict[str, tuple[int, int]]:
    """{kohya module name: (in, out)}: every Linear of the transformers and of the text encoders'
    blocks.
    """
    targets = {}
    for key, (shape, _) in unet().items():
        inside = ".1.proj_" in key or ".transformer_blocks." in key
        if inside and key.endswith(".weight") and len(shape) == 2:
            targets["lora_unet_" + _kohya(key)] = (shape[1], shape[0])
    for te, layers in (("te1", L_LAYERS), ("te2", G_LAYERS)):
        for key, (shape, _) in _clip_layers(layers).items():
            if key.endswith(".weight") and len(shape) == 2:
                targets[f"lora_{te}_text_model_" + _kohya(key)] = (shape[1], shape[0])
    return targets


def sd15_lora_targets() -> dict[str, tuple[int, int]]:
    """{kohya module name: (in, out)} of a few Stable Diffusion 1.5 layers: the wrong base for an
    SDXL model.
    """
    targets = {"lora_te_text_model_encoder_layers_0_self_attn_q_proj": (768, 768)}
    for i, width in enumerate((320, 640, 1280)):
        block = f"lora_unet_down_blocks_{i}_attentions_0_transformer_blocks_0"
        targets |= {f"{block}_attn1_to_q": (width, width), f"{block}_attn2_to_k": (768, width)}
    return targets


def _kohya(key: str) -> str:
    return key.removesuffix(".weight").replace(".", "_")


def _norm(key: str, width: int) -> Table:
    return {f"{key}.weight": ((width,), None), f"{key}.bias": ((width,), 0.0)}


def _linear(key: str, a: int, b: int, gain: float = 1.0, bias: bool = True) -> Table:
    return {f"{key}.weight": ((b, a), gain)} | ({f"{key}.bias": ((b,), 0.0)} if bias else {})


def _conv(key: str, a: int, b: int, gain: float = 1.0, kernel: int = 3) -> Table:
    return {f"{key}.weight": ((b, a, kernel, kernel), gain), f"{key}.bias": ((b,), 0.0)}


def _resblock(key: str, a: int, b: int) -> Table:
    table = _norm(f"{key}.in_layers.0", a) | _conv(f"{key}.in_layers.2", a, b, AFTER_SILU)
    table |= _linear(f"{key}.emb_layers.1", EMBED, b, 0.7)
    table |= _norm(f"{key}.out_layers.0", b) | _conv(f"{key}.out_layers.3", b, b)
    return table | (_conv(f"{key}.skip_connection", a, b, kernel=1) if a != b else {})


def _transformer(key: str, width: int) -> Table:
    block = f"{key}.transformer_blocks.0"
    table = _norm(f"{key}.norm", width) | _linear(f"{key}.proj_in", width, width)
    for attention, context, spread in (("attn1", width, 1.0), ("attn2", CONTEXT, TEXT_SPREAD)):
        table |= _linear(f"{block}.{attention}.to_q", width, width, SHARP, bias=False)
        table |= _linear(f"{block}.{attention}.to_k", context, width, SHARP / spread, bias=False)
        table |= _linear(f"{block}.{attention}.to_v", context, width, 2.0 / spread, bias=False)
        table |= _linear(f"{block}.{attention}.to_out.0", width, width)
    table |= _linear(f"{block}.ff.net.0.proj", width, 8 * width, 1.5)
    table |= _linear(f"{block}.ff.net.2", 4 * width, width)
    for i in (1, 2, 3):
        table |= _norm(f"{block}.norm{i}", width)
    return table | _linear(f"{key}.proj_out", width, width)


def _unet_down() -> Table:
    """Embeddings, input blocks and middle block: what UNet and ControlNet share."""
    table = _linear("time_embed.0", CHANNELS, EMBED, 1.4) | _linear(
        "time_embed.2", EMBED, EMBED, AFTER_SILU
    )
    table |= _linear("label_emb.0.0", ADM, EMBED) | _linear(
        "label_emb.0.2", EMBED, EMBED, AFTER_SILU
    )
    table |= _conv("input_blocks.0.0", 4, CHANNELS)
    width, block = CHANNELS, 1
    for level, mult in enumerate(MULT):
        for _ in range(2):
            table |= _resblock(f"input_blocks.{block}.0", width, CHANNELS * mult)
            width = CHANNELS * mult
            if level:
                table |= _transformer(f"input_blocks.{block}.1", width)
            block += 1
        if level < len(MULT) - 1:
            table |= _conv(f"input_blocks.{block}.0.op", width, width)
            block += 1
    table |= _resblock("middle_block.0", width, width)
    table |= _transformer("middle_block.1", width)
    return table | _resblock("middle_block.2", width, width)


def _clip_layers(layers: int) -> Table:
    table: Table = {}
    for i in range(layers):
        key = f"encoder.layers.{i}"
        for name, gain in (("q", SHARP), ("k", SHARP), ("v", 1.0), ("out", 1.0)):
            table |= _linear(f"{key}.self_attn.{name}_proj", HIDDEN, HIDDEN, gain)
        table |= _linear(f"{key}.mlp.fc1", HIDDEN, 2 * HIDDEN)
        table |= _linear(f"{key}.mlp.fc2", 2 * HIDDEN, HIDDEN)
        table |= _norm(f"{key}.layer_norm1", HIDDEN) | _norm(f"{key}.layer_norm2", HIDDEN)
    return table


def _clip_l() -> Table:
    table: Table = {
        "embeddings.token_embedding.weight": ((VOCABULARY, HIDDEN), UNIT),
        "embeddings.position_embedding.weight": ((POSITIONS, HIDDEN), 0.3 * UNIT),
    }
    return table | _clip_layers(L_LAYERS) | _norm("final_layer_norm", HIDDEN)


def _clip_g() -> Table:
    """OpenCLIP's names: packed query, key and value; projection stored as a matrix, not a layer."""
    table: Table = {
        "token_embedding.weight": ((VOCABULARY, HIDDEN), UNIT),
        "positional_embedding": ((POSITIONS, HIDDEN), 0.3 * UNIT),
        "text_projection": ((HIDDEN, HIDDEN), 1.0),
        "logit_scale": ((), 0.0),
    }
    for i in range(G_LAYERS):
        key = f"transformer.resblocks.{i}"
        table[f"{key}.attn.in_proj_weight"] = ((3 * HIDDEN, HIDDEN), SHARP)
        table[f"{key}.attn.in_proj_bias"] = ((3 * HIDDEN,), 0.0)
        table |= _linear(f"{key}.attn.out_proj", HIDDEN, HIDDEN)
        table |= _linear(f"{key}.mlp.c_fc", HIDDEN, 2 * HIDDEN)
        table |= _linear(f"{key}.mlp.c_proj", 2 * HIDDEN, HIDDEN)
        table |= _norm(f"{key}.ln_1", HIDDEN) | _norm(f"{key}.ln_2", HIDDEN)
    return table | _norm("ln_final", HIDDEN)


def _vae_resblock(key: str, a: int, b: int) -> Table:
    table = _norm(f"{key}.norm1", a) | _conv(f"{key}.conv1", a, b, AFTER_SILU)
    table |= _norm(f"{key}.norm2", b) | _conv(f"{key}.conv2", b, b, AFTER_SILU)
    return table | (_conv(f"{key}.nin_shortcut", a, b, kernel=1) if a != b else {})


def _vae_middle(side: str, width: int) -> Table:
    table = _vae_resblock(f"{side}.mid.block_1", width, width) | _norm(
        f"{side}.mid.attn_1.norm", width
    )
    for name in ("q", "k", "v", "proj_out"):
        table |= _conv(f"{side}.mid.attn_1.{name}", width, width, SHARP, kernel=1)
    return table | _vae_resblock(f"{side}.mid.block_2", width, width)


def _vae() -> Table:
    widths = [VAE_CHANNELS * m for m in VAE_MULT]
    top, last = widths[-1], len(widths) - 1
    table = _conv("encoder.conv_in", 3, widths[0])
    width = widths[0]
    for level, target in enumerate(widths):
        for i in range(2):
            table |= _vae_resblock(f"encoder.down.{level}.block.{i}", width, target)
            width = target
        if level < last:
            table |= _conv(f"encoder.down.{level}.downsample.conv", width, width)
    table |= _vae_middle("encoder", top) | _norm("encoder.norm_out", top)
    table |= _conv("encoder.conv_out", top, 8, AFTER_SILU) | _conv("quant_conv", 8, 8, kernel=1)
    table |= _conv("post_quant_conv", 4, 4, kernel=1) | _conv("decoder.conv_in", 4, top)
    table |= _vae_middle("decoder", top)
    width = top
    for level in reversed(range(len(widths))):
        for i in range(3):
            table |= _vae_resblock(f"decoder.up.{level}.block.{i}", width, widths[level])
            width = widths[level]
        if level:
            table |= _conv(f"decoder.up.{level}.upsample.conv", width, width)
    return (
        table | _norm("decoder.norm_out", width) | _conv("decoder.conv_out", width, 3, AFTER_SILU)
    )
