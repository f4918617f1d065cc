"""IXLVAEDecodeTiled: a large latent to a picture, equal to decoding it whole."""

from comfy_api.latest import io

from ._host import progress


class IXLVAEDecodeTiled(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLVAEDecodeTiled",
            display_name="VAE Decode Tiled, Exact (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Decodes a latent of any size within the memory that you allow. The "
            "picture is the same as decoding it whole would give: no seams, no colour shift.",
            inputs=[
                io.Latent.Input("samples", tooltip="The latent to decode, of any size."),
                io.Vae.Input("vae", tooltip="The VAE of an SDXL-type model."),
                io.Float.Input(
                    "memory_gb", default=0.0, min=0.0, max=1024.0, step=0.5,
                    tooltip="The most memory that decoding may use, in GB, beside the VAE's "
                    "weights and the finished picture. 0 chooses from the free memory. Less "
                    "memory takes more time; the picture stays the same.",
                ),
            ],
            outputs=[io.Image.Output()],
        )  # fmt: skip

    @classmethod
    def execute(cls, samples: dict, vae, memory_gb: float) -> io.NodeOutput:
        from ._vae import decode_exactly

        latent = samples["samples"]
        return io.NodeOutput(decode_exactly(vae, latent, memory_gb, progress()))


NODES = [IXLVAEDecodeTiled]
