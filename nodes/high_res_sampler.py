"""IXLHighResSampler: from a prompt, a latent or a picture to 20 megapixels, pass by pass."""

from pathlib import Path

import comfy.samplers
from comfy_api.latest import io

from ._host import user_folder

MADE_FROM = ("model", "positive", "negative", "vae", "upscale_model")


class IXLHighResSampler(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLHighResSampler",
            display_name="High-Res Sampler (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Goes from nothing, a latent or a picture to a large picture in passes: "
            "each one enlarges at most twice, encodes exactly and samples in tiles without seams. "
            "Finished passes are kept: after a cancel or a crash it goes on from the last one.",
            hidden=[io.Hidden.dynprompt, io.Hidden.unique_id],
            inputs=[
                io.Model.Input("model"),
                io.Conditioning.Input("positive"),
                io.Conditioning.Input("negative"),
                io.Vae.Input("vae"),
                io.Latent.Input(
                    "latent", optional=True,
                    tooltip="What to start from, for instance a KSampler's result. A mask in it "
                    "limits what the passes redraw.",
                ),
                io.Image.Input(
                    "image", optional=True,
                    tooltip="A picture to start from. Without latent and image the base is drawn "
                    "from the prompt first.",
                ),
                io.UpscaleModel.Input(
                    "upscale_model", optional=True,
                    tooltip="Enlarges between the passes; Lanczos without one.",
                ),
                io.Custom("IXL_PROFILE").Input(
                    "model_profile", optional=True,
                    tooltip="From Load Checkpoint (Illustrious): the size of the base that this "
                    "version draws best.",
                ),
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1, control_after_generate=True),
                io.Int.Input("steps", default=28, min=1, max=1000,
                             tooltip="Of the base. A pass runs the share that its denoise is."),
                io.Float.Input("cfg", default=6.0, min=0.0, max=100.0, step=0.1),
                io.Combo.Input("sampler_name", options=comfy.samplers.KSampler.SAMPLERS,
                               default="euler_ancestral"),
                io.Combo.Input("scheduler", options=comfy.samplers.KSampler.SCHEDULERS,
                               default="normal"),
                io.Float.Input(
                    "megapixels", default=20.0, min=0.1, max=1000.0, step=0.1,
                    tooltip="Size of the result (10^6 px) in the shape of the base. Not used when "
                    "width and height are given.",
                ),
                io.Int.Input("width", default=0, min=0, max=65536, step=8,
                             tooltip="Of the result, in px. 0: from megapixels."),
                io.Int.Input("height", default=0, min=0, max=65536, step=8,
                             tooltip="Of the result, in px. 0: from megapixels."),
                io.String.Input(
                    "denoise", default="",
                    tooltip="One number per pass, such as 0.5, 0.35. Empty: 0.5, 0.35, 0.3. More "
                    "invents more; more numbers make more passes.",
                ),
                io.String.Input(
                    "pass_steps", default="",
                    tooltip="Steps of each pass, such as 12, 10. Empty: steps times denoise.",
                ),
                io.Int.Input("tile_px", default=1024, min=256, max=4096, step=64,
                             tooltip="Side of a square with the area of the largest tile, in px."),
                io.Int.Input("overlap_px", default=128, min=16, max=1024, step=16,
                             tooltip="How far neighbouring tiles overlap, in px."),
                io.Float.Input(
                    "anchor", default=0.5, min=0.0, max=1.0, step=0.05,
                    tooltip="How firmly each pass keeps the composition and tones of the one "
                    "before (low frequencies only). 0: free.",
                ),
            ],
            outputs=[
                io.Image.Output("picture", display_name="image"),
                io.Latent.Output("last_latent", display_name="latent"),
                io.Image.Output("pictures", display_name="passes", is_output_list=True,
                                tooltip="The base and the result of every pass."),
                io.String.Output("report", display_name="report",
                                 tooltip="Sizes, denoise, steps, tiles and cost of every pass."),
            ],
        )  # fmt: skip

    @classmethod
    def validate_inputs(cls, tile_px: int, overlap_px: int) -> bool | str:
        from ..core.tiling.plan import check_tile_sizes

        try:
            check_tile_sizes(tile_px, overlap_px)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls, model, positive, negative, vae, seed, steps, cfg, sampler_name, scheduler, megapixels,
        width, height, denoise, pass_steps, tile_px, overlap_px, anchor,
        latent=None, image=None, upscale_model=None, model_profile=None,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.tiling.pass_store import first_key
        from ..core.tiling.passes import passes_report, plan_passes, target_size
        from ._passes import Route, Sampling, Start, Store, Tools, run

        _refuse_both(latent, image)
        start = Start(latent and latent["samples"], image)
        target = target_size(width, height, megapixels, start.size)
        area = model_profile.native_area if model_profile else 0
        base, passes = plan_passes(target, start.size, steps, denoise, pass_steps, area)
        key = first_key(cls._made_from(), *_values(model, positive, negative, start.given), base)
        result = run(
            Tools(model, positive, negative, vae, upscale_model, (latent or {}).get("noise_mask")),
            Sampling(seed, cfg, sampler_name, scheduler, tile_px, overlap_px, anchor),
            Route(start, base, steps, passes),
            Store(Path(user_folder("high-resolution")), key),
        )
        report = passes_report(base, passes, tile_px, overlap_px, result.kept)
        return io.NodeOutput(
            result.pictures[-1], {"samples": result.latent}, result.pictures, report
        )

    @classmethod
    def _made_from(cls) -> str:
        """The graph above the inputs that are objects: their values cannot be compared."""
        from ..core.graph import link_of, signature

        node_of = cls.hidden.dynprompt.get_node
        inputs = node_of(cls.hidden.unique_id)["inputs"]
        links = [link_of(inputs.get(name)) for name in MADE_FROM]
        return signature(node_of, [link for link in links if link])


def _refuse_both(latent, image) -> None:
    if latent is not None and image is not None:
        raise ValueError("Both latent and image are connected; leave one of them open.")


def _values(model, positive, negative, given) -> list:
    """What can be compared by value, because nodes may give another one with the same inputs."""
    from ..core.checkpoint.loaded import CHECKPOINT_KEY

    texts = [entry[0] for entry in (*positive, *negative)]
    return [model.get_attachment(CHECKPOINT_KEY), *texts, *([] if given is None else [given])]


NODES = [IXLHighResSampler]
