"""IXLTrainingLaunch: several machines, chosen GPUs and DeepSpeed for a training."""

from comfy_api.latest import io

NONE = "none"


class IXLTrainingLaunch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        offloads = [NONE, "cpu", "nvme"]
        return io.Schema(
            node_id="IXLTrainingLaunch",
            display_name="Training Launch (Illustrious)",
            category="Illustrious XL/training",
            description="How a training is started on several machines, on chosen GPUs, by a "
            "cluster or with DeepSpeed. Goes between Training Preset and Train; one GPU needs it "
            "not.",
            inputs=[
                io.Custom("IXL_TRAINING").Input("training", tooltip="From Training Preset."),
                io.Int.Input(
                    "machines", default=1, min=1, max=1024,
                    tooltip="How many machines share the GPUs that the preset counts. The run's "
                    "folder must be shared, under the same path on all of them.",
                ),
                io.String.Input(
                    "address", default="",
                    tooltip="Name or IPv4 address of the first machine, for several. Empty with "
                    "elsewhere: the lines take it from MASTER_ADDR.",
                ),
                io.Int.Input(
                    "port", default=0, min=0, max=65535, advanced=True,
                    tooltip="Port of the first machine. 0: a free one on one machine, 29500 on "
                    "several.",
                ),
                io.String.Input(
                    "gpu_ids", default="",
                    tooltip="Which GPUs of each machine, such as 0,1. Empty: the first ones.",
                ),
                io.Boolean.Input(
                    "elsewhere", default=False,
                    tooltip="On: the run and its launch.txt are written, and you or a cluster "
                    "(SLURM) start a line of it on each machine. Off: this machine starts line 1.",
                ),
                io.Int.Input(
                    "zero_stage", default=0, min=0, max=3, advanced=True,
                    tooltip="DeepSpeed ZeRO: what the GPUs share out. 0: off. 1: optimizer. 2: and "
                    "gradients. 3: and weights.",
                ),
                io.Combo.Input(
                    "offload_optimizer", options=offloads, advanced=True,
                    tooltip="Where ZeRO 2 and 3 may keep the optimizer.",
                ),
                io.Combo.Input(
                    "offload_parameters", options=offloads, advanced=True,
                    tooltip="Where ZeRO 3 may keep the weights.",
                ),
                io.String.Input(
                    "offload_folder", default="", advanced=True,
                    tooltip="A folder on a fast disk, for nvme.",
                ),
            ],
            outputs=[
                io.Custom("IXL_TRAINING").Output(
                    "training", display_name="training", tooltip="For Train (Illustrious)."
                )
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, training, gpu_ids, **given) -> io.NodeOutput:
        from ..training.launch import check_launch, numbers, read_launch

        preset, scaled = training
        told = {name: "" if value == NONE else value for name, value in given.items()}
        launch = read_launch({**told, "gpu_ids": numbers(gpu_ids)})
        return io.NodeOutput((preset, scaled._replace(launch=check_launch(launch, scaled.gpus))))


NODES = [IXLTrainingLaunch]
