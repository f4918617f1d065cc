"""IXLVAEEncodeTiled: a large picture to a latent, equal to encoding it whole."""

from comfy_api.latest import io

from ._host import progress


class IXLVAEEncodeTiled(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLVAEEncodeTiled",
            display_name="VAE Encode Tiled, Exact (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Encodes a picture of any size within the memory that you allow. The "
            "latent is the same as encoding it whole would give: no seams, no colour shift.",
            inputs=[
                io.Image.Input(
                    "pixels",
                    tooltip="The picture to encode, of any size. What is left over from multiples "
                    "of 8 pixels is cut off at the borders, and transparency is dropped.",
                ),
                io.Vae.Input("vae", tooltip="The VAE of an SDXL-type model."),
                io.Float.Input(
                    "memory_gb", default=0.0, min=0.0, max=1024.0, step=0.5,
                    tooltip="The most memory that encoding may use, in GB, beside the VAE's "
                    "weights and the latent. 0 chooses from the free memory. Less memory takes "
                    "more time; the latent stays the same.",
                ),
            ],
            outputs=[io.Latent.Output()],
        )  # fmt: skip

    @classmethod
    def execute(cls, pixels, vae, memory_gb: float) -> io.NodeOutput:
        from ._vae import encode_exactly

        latent = encode_exactly(vae, pixels, memory_gb, progress())
        return io.NodeOutput({"samples": latent})


NODES = [IXLVAEEncodeTiled]
