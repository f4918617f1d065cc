"""sd-scripts at the tiny checkpoint's size: shrinks its hard-wired SDXL sizes from outside.

Call `shrink` in the process that runs sd-scripts, with its folder on sys.path, before it builds a
model. Changes nothing on disk. Seen to work with kohya-ss/sd-scripts 48d368fa (0.10) and v0.9.1.
"""

import tiny_layout


def shrink() -> None:
    from library import model_util, sdxl_model_util
    from library import sdxl_original_unet as unet

    unet.MODEL_CHANNELS = tiny_layout.CHANNELS
    unet.TIME_EMBED_DIM = tiny_layout.EMBED
    unet.ADM_IN_CHANNELS = tiny_layout.ADM
    unet.CONTEXT_DIM = tiny_layout.CONTEXT
    model_util.VAE_PARAMS_CH = tiny_layout.VAE_CHANNELS

    transformer, text_config = unet.Transformer2DModel.__init__, sdxl_model_util.CLIPTextConfig

    def small_transformer(self, *arguments, **options):
        options |= {"cross_attention_dim": tiny_layout.CONTEXT, "num_transformer_layers": 1}
        transformer(self, *arguments, **options)

    def small_text_config(**options):
        hidden, first = tiny_layout.HIDDEN, options["hidden_size"] == 768
        options |= {"hidden_size": hidden, "intermediate_size": 2 * hidden}
        options |= {"projection_dim": hidden, "num_attention_heads": 2}
        options["num_hidden_layers"] = tiny_layout.L_LAYERS if first else tiny_layout.G_LAYERS
        return text_config(**options)

    unet.Transformer2DModel.__init__ = small_transformer
    sdxl_model_util.CLIPTextConfig = small_text_config
