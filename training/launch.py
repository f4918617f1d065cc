"""How a run's processes are started: GPUs, machines, DeepSpeed; as commands and as shell lines.

Several processes start through `accelerate launch` with every value given and a configuration file
of the run's own, so nothing is read from the user's default_config.yaml. Starts nothing (runner.py)
and logs in nowhere: on several machines the user, or a cluster, starts launch.txt line by line.
"""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

LINES = "launch.txt"  # in a run: line N starts machine N - 1
ACCELERATE = "accelerate.json"  # in a run: stands in for the user's default_config.yaml
PORT = 29500  # torch's own for several machines
OFFLOADS = ("", "cpu", "nvme")
# A host's name or IPv4 address, and never an option.
ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}\Z")
# Which a shell replaces: a cluster knows the first machine only when the job starts.
LATER = '"${MASTER_ADDR:?set it to the address of the first machine}"'


class Launch(NamedTuple):
    """Where a run's processes run; how many there are over all machines is TrainingSettings.gpus.

    address, port: where machine 0 is reached; 0 takes a free port on one machine, else 29500.
    gpu_ids: which GPUs of each machine, () for the first ones. elsewhere: the pack writes the run
    and its launch.txt and starts nothing (SLURM); without an address its lines take $MASTER_ADDR.
    zero_stage: DeepSpeed ZeRO 1 to 3, 0 for none. offload_optimizer, offload_parameters: "cpu" or
    "nvme" (then in offload_folder), as sd-scripts' own options of DeepSpeed.
    """

    machines: int = 1
    address: str = ""
    port: int = 0
    gpu_ids: tuple[int, ...] = ()
    elsewhere: bool = False
    zero_stage: int = 0
    offload_optimizer: str = ""
    offload_parameters: str = ""
    offload_folder: str = ""

    def as_dict(self) -> dict:
        return {**self._asdict(), "gpu_ids": list(self.gpu_ids)}


def read_launch(data: object) -> Launch:
    """A launch from JSON data; what is missing has its default. Raises ValueError."""
    if not isinstance(data, dict):
        raise ValueError('launch must be a JSON object, such as {"machines": 2}.')
    if unknown := sorted(data.keys() - set(Launch._fields)):
        raise ValueError(f"launch has no {', '.join(unknown)}; it has {', '.join(Launch._fields)}.")
    values = dict(data)
    ids = values.get("gpu_ids", ())
    if not isinstance(ids, list | tuple) or not all(type(n) is int for n in ids):
        raise ValueError(f"gpu_ids of launch is {ids!r}; write it as a list, such as [0, 1].")
    values["gpu_ids"] = tuple(ids)
    for name, value in values.items():
        if type(value) is not type(getattr(Launch(), name)):
            raise ValueError(f"{name} of launch is {value!r}; such a value it cannot have.")
    return Launch(**values)


def check_launch(launch: Launch, gpus: int) -> Launch:
    """The launch itself. Raises ValueError with one sentence on what cannot work."""
    for name, high in (("machines", 1024), ("port", 65535), ("zero_stage", 3)):
        low = 1 if name == "machines" else 0
        if not low <= getattr(launch, name) <= high:
            raise ValueError(
                f"{name} of launch is {getattr(launch, name)}; it must be from {low} to {high}."
            )
    if gpus % launch.machines:
        raise ValueError(
            f"{gpus} GPUs cannot be shared evenly by {launch.machines} machines; gpus counts those "
            "of all machines together."
        )
    _check_address(launch)
    each = gpus // launch.machines
    if launch.gpu_ids and (len(set(launch.gpu_ids)) != each or min(launch.gpu_ids) < 0):
        raise ValueError(
            f"gpu_ids of launch is {list(launch.gpu_ids)}; name {each} different GPUs, as many as "
            "train on each machine."
        )
    _check_zero(launch)
    return launch


def _check_address(launch: Launch) -> None:
    if launch.address and not ADDRESS.match(launch.address):
        raise ValueError(
            f"address of launch is '{launch.address}'; give the name or IPv4 address of the first "
            "machine."
        )
    if launch.address and launch.machines == 1:
        raise ValueError("launch has an address, but there is only one machine; leave it out.")
    if launch.machines > 1 and not launch.address and not launch.elsewhere:
        raise ValueError(
            f"{launch.machines} machines need the address of the first one; give it in launch, "
            "such as 10.0.0.1."
        )


def _check_zero(launch: Launch) -> None:
    optimizer, parameters = launch.offload_optimizer, launch.offload_parameters
    for name, value in (("offload_optimizer", optimizer), ("offload_parameters", parameters)):
        if value not in OFFLOADS:
            raise ValueError(f"{name} of launch is '{value}'; it must be cpu, nvme or empty.")
    if optimizer and launch.zero_stage < 2:
        raise ValueError("offload_optimizer of launch needs zero_stage 2 or 3; set it.")
    nvme = "nvme" in (optimizer, parameters)
    if (parameters or nvme) and launch.zero_stage < 3:
        raise ValueError("offload_parameters and nvme of launch need zero_stage 3; set it.")
    if nvme != bool(launch.offload_folder):
        raise ValueError(
            "offload_folder of launch is the folder for 'nvme'; give both or leave both out."
        )


def numbers(text: str) -> tuple[int, ...]:
    """GPU numbers as people write them: "0,1" or "0 1"; "" for none. Raises ValueError."""
    words = text.replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ValueError(f"The GPUs are '{text}'; write their numbers, such as 0,1.")
    return tuple(map(int, words))


def zero_arguments(launch: Launch, batch: int) -> dict[str, object]:
    """sd-scripts' own DeepSpeed options (library/deepspeed_utils.py), {} without ZeRO."""
    if not launch.zero_stage:
        return {}
    folder, found = launch.offload_folder or None, {}
    for name, device in (
        ("optimizer", launch.offload_optimizer),
        ("param", launch.offload_parameters),
    ):
        found[f"offload_{name}_device"] = device or None
        found[f"offload_{name}_nvme_path"] = folder if device == "nvme" else None
    return {
        "deepspeed": True,
        "zero_stage": launch.zero_stage,
        "train_batch_size": batch,  # DeepSpeed is told this one, not that of the data sets
        "zero3_save_16bit_model": launch.zero_stage == 3,  # else no whole weights can be saved
        **found,
    }


def accelerate_config(gpus: int, launch: Launch, precision: str) -> dict:
    """What accelerate would read from the user's default_config.yaml."""
    return {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": "MULTI_GPU",
        "num_processes": gpus,
        "num_machines": launch.machines,
        "mixed_precision": precision,
        "use_cpu": False,
        "debug": False,
    }


def command(
    python: Path, own: list[str], folder: Path, gpus: int, precision: str, launch: Launch,
    machine: int = 0,
) -> list[str]:  # fmt: skip
    """The command that starts one machine's processes. own: the trainer's, behind its Python."""
    if gpus == 1 and launch.zero_stage:  # DeepSpeed asks for a world, also for one of one
        world = ("--standalone", "--nnodes", "1", "--nproc_per_node", "1", "--max_restarts", "0")
        return [str(python), "-m", "torch.distributed.run", *world, *own]
    if gpus == 1:
        return [str(python), *own]
    port = launch.port or (PORT if launch.machines > 1 else 0)
    return [
        *(str(python), "-m", "accelerate.commands.launch"),
        *("--config_file", str(folder / ACCELERATE), "--multi_gpu"),
        *("--num_processes", str(gpus), "--num_machines", str(launch.machines)),
        *("--machine_rank", str(machine), "--main_process_ip", launch.address or "127.0.0.1"),
        *("--main_process_port", str(port), "--rdzv_backend", "static", "--max_restarts", "0"),
        *("--gpu_ids", ",".join(map(str, launch.gpu_ids)) or "all"),
        *("--mixed_precision", precision, "--dynamo_backend", "no"),
        *("--num_cpu_threads_per_process", "1", *own),
    ]


def launch_environment(python: Path, gpus: int, launch: Launch) -> dict[str, str]:
    """What the processes need in their environment beside the trainer's own."""
    found = {"PYTHON_EXEC": str(python)}  # torch starts the processes with it
    if gpus == 1 and launch.gpu_ids:
        found["CUDA_VISIBLE_DEVICES"] = str(launch.gpu_ids[0])
    return found


def shell_line(words: list[str], environment: dict[str, str], without, folder: Path, machine: int):
    """One POSIX shell line that starts a machine's processes, its output in the run's folder."""
    log = folder / ("log.txt" if machine == 0 else f"log-{machine}.txt")
    start = ["env", *(word for name in without for word in ("-u", name))]
    start += [f"{name}={value}" for name, value in environment.items()]
    told = [word if word == LATER else shlex.quote(word) for word in words]
    here, out = shlex.quote(str(folder)), shlex.quote(str(log))
    return f"cd {here} && exec {shlex.join(start)} {' '.join(told)} >>{out} 2>&1"


def shell_lines(
    python: Path, own: list[str], folder: Path, gpus: int, precision: str, launch: Launch,
    environment: dict[str, str], without: tuple[str, ...],
) -> str:  # fmt: skip
    """launch.txt: a line per machine."""
    later = launch.machines > 1 and not launch.address
    given = launch._replace(address=LATER) if later else launch
    environment = {**environment, **launch_environment(python, gpus, launch)}
    lines = [
        shell_line(
            command(python, own, folder, gpus, precision, given, machine),
            environment, without, folder, machine,
        )
        for machine in range(launch.machines)
    ]  # fmt: skip
    if any("\n" in line for line in lines):
        raise ValueError(
            f"{folder} or {python} has a line break in its path, and {LINES} has a line for each "
            "machine; rename it."
        )
    return "\n".join(lines) + "\n"
