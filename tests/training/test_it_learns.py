"""A model trained by the pack tells right tags from wrong ones, protected tags best of all.

Real sd-scripts train the tiny checkpoint, whose weights are random, on pictures of coloured shapes
on a ground; ComfyUI then judges pictures that it has not seen. Two runs that differ in nothing but
the policy: one protects the colours and drops nine of ten grounds, the other the reverse. So the
colours are compared with themselves. The grounds are not judged: so large an area is seen through
the noise, and its tag says little more (gap 0.4 % where it is protected, 0.1 % where it is not).
"""

import os
from pathlib import Path

import pytest
import shapes
import tiny
import tiny_trainer
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.training.backend import Backend
from ixl.training.making import make_run
from ixl.training.outcome import log_tail
from ixl.training.policy import CATEGORIES
from ixl.training.runner import start_trainer, watch
from ixl.training.settings import read_settings

pytestmark = [pytest.mark.sd_scripts, pytest.mark.comfy, pytest.mark.prove]
STEPS, RATE = 250, 5e-4
DROPPED = 0.9
SURE = 1e-3  # one-sided


def trained(base: Path, protected: str) -> Path:
    """The checkpoint of a run that keeps all tags of one group and drops most of the other."""
    policy = {
        **{"stages": [], "caption_dropout": 0.05, "no_dropout": shapes.GROUPS[protected]},
        "rates": dict.fromkeys(CATEGORIES, DROPPED),
    }
    settings = {
        **{"name": protected, "checkpoint": str(tiny.tiny_file(tiny.CHECKPOINT))},
        **{"folders": [[str(base / "pictures"), 1]], "policy": policy, "method": "full"},
        **{"rank": 0, "size": shapes.SIDE, "batch": 8, "steps": STEPS, "unet_lr": RATE},
        **{"precision": "no", "checkpointing": False, "state_every": 0, "workers": 0},
        # below it a picture shows through the noise, and the tags tell nothing new
        "options": {"min_timestep": 400},
    }
    backend = Backend(Path(os.environ["SD_SCRIPTS_PATH"]), tiny_trainer.make_interpreter(base))
    tokenizers = Path(os.environ["IXL_COMFYUI"]) / "comfy" / "sd1_tokenizer"
    run = make_run(
        base / "runs", read_settings(settings), backend, tokenizers, curated_vocabulary()
    )
    assert watch(run, start_trainer(run)) == "done", log_tail(run, 40)
    return run / "output" / f"{protected}.safetensors"


@pytest.fixture(scope="module")
def gaps(comfy, tmp_path_factory):
    """{protected group: gap of the colours in each unseen picture}; "" for the untrained model."""
    base = tmp_path_factory.mktemp("learns")
    shapes.write(base / "pictures", shapes.pictures(64, seed=1))
    unseen = shapes.pictures(48, seed=2)
    files = {"": tiny.tiny_file(tiny.CHECKPOINT), **{g: trained(base, g) for g in shapes.GROUPS}}
    found = {}
    for protected, file in files.items():
        judge = shapes.Judge(comfy.load_checkpoint(file))
        found[protected] = [judge.gap(one, "colour", n) for n, one in enumerate(unseen)]
        print(f"protected: {protected or '-'}, gap {sum(found[protected]) / len(unseen):.2f} %")
    return found


def surely_above(values: list[float], than: list[float] | None = None) -> bool:
    """Wilcoxon's signed ranks, paired by picture; against 0 without `than`."""
    from scipy.stats import wilcoxon

    return wilcoxon(values, than, alternative="greater").pvalue < SURE


def test_right_tags_explain_unseen_pictures_better_than_wrong_ones(gaps):
    assert surely_above(gaps["colour"]), gaps["colour"]
    assert not surely_above(gaps[""])


def test_protected_tags_are_learned_better_than_dropped_ones(gaps):
    assert surely_above(gaps["colour"], gaps["ground"]), (gaps["colour"], gaps["ground"])
