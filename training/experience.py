"""What earlier runs tell of the memory that a run needs. Reads run folders; sums in memory.py."""

from pathlib import Path

from .memory import Demand, corrected, estimate_text
from .runs import all_runs, last_event, read_json
from .settings import TrainingSettings, read_settings


def demand_of(settings: TrainingSettings) -> Demand:
    """The demand of a run; options of sd-scripts that the user gave count."""
    s, options = settings, dict(settings.options)
    optimizer = str(options.get("optimizer_type", s.optimizer)).rsplit(".", 1)[-1].lower()
    return Demand(
        s.method,
        s.size**2,
        s.batch,
        s.rank,
        optimizer,
        s.precision,
        s.checkpointing,
        s.text_encoder_lr > 0,
        s.cache_latents,
        half=bool(options.get("full_bf16") or options.get("full_fp16")),
        fused=s.method == "full" and optimizer == "adafactor" and s.accumulation == s.gpus == 1,
        gpus=s.gpus,
        zero_stage=int(options.get("zero_stage", 0)) if options.get("deepspeed") else 0,
    )


def experience(home: Path, most: int = 20) -> list[tuple[Demand, float]]:
    """(demand, peak in GB) of the newest runs on a GPU that told their peak."""
    found = []
    for folder in reversed(all_runs(home)):
        peak = last_event(folder, "done", "stopped", "memory").get("peak_gpu_gb")
        if peak and len(found) < most:
            try:
                found.append((demand_of(read_settings(read_json(folder / "settings.json"))), peak))
            except ValueError:
                continue  # settings of another version of the pack
    return found


def memory_line(folder: Path) -> str:
    """What a run needs, by the estimate and by the runs beside it."""
    demand = demand_of(read_settings(read_json(folder / "settings.json")))
    return estimate_text(corrected(demand, experience(folder.parent)))


USUAL = (  # what people ask about before they have chosen
    ("LoRA, rank 16, 1024 px", Demand("lora", 1024**2, 1, 16, "adamw")),
    ("LoRA, rank 16, 1536 px", Demand("lora", 1536**2, 1, 16, "adamw")),
    ("all weights, 1024 px, Adafactor", Demand("full", 1024**2, 1, 0, "adafactor", fused=True)),
    ("all weights, 1024 px, AdamW", Demand("full", 1024**2, 1, 0, "adamw")),
)


def usual_lines(home: Path) -> list[str]:
    """What usual runs need, one a line."""
    earlier = experience(home)
    return [f"{label}: {estimate_text(corrected(demand, earlier))}" for label, demand in USUAL]
