"""Data sets of sd-scripts that make every caption by the pack's policy.

Imported in the trainer's process and, by name, in its spawned workers; sd-scripts must be on the
path. A picture's plan travels as an attribute of its caption, a `str` for everyone else, so it
survives fork and spawn and no constructor is touched. Random numbers come from seed, picture, epoch
and place in the epoch, not from Python's generator, which every worker seeds alike.
"""

import json
from functools import lru_cache
from typing import NamedTuple

from library import config_util

from ..core.prompt.clip_tokens import counter
from .captions import place_of
from .compose import compose, random_for
from .plan import Plan
from .policy import Policy
from .seams import ContractError

BATCH_STRIDE = 1 << 16  # above any batch: one number for (batch of the epoch, place in the batch)


class PlannedCaption(str):
    """A caption with the plan that it is made from."""

    plan: Plan

    def __new__(cls, text: str, plan: Plan):
        self = super().__new__(cls, text)
        self.plan = plan
        return self

    def __reduce__(self):
        return PlannedCaption, (str(self), self.plan)


class Making(NamedTuple):
    """How captions are made. clock: shared number of epochs that this process has done.

    record: file that every caption is written to, "" for none.
    """

    policy: Policy
    tokenizer: str
    first_epoch: int
    clock: object
    record: str = ""


@lru_cache(maxsize=2)
def _counter(folder: str):
    return counter(folder)


class _Captioned:
    """Mixed into a data set class of sd-scripts."""

    making: Making | None = None

    def __getitem__(self, index):
        making = self.making
        if making and getattr(self, "caching_mode", None) is None:
            self._place = index * BATCH_STRIDE
            if making.clock is not None:
                # else the first batches of every worker come from the unshuffled buckets
                self.set_current_epoch(making.clock.value + 1)
        return super().__getitem__(index)

    def process_caption(self, subset, caption):
        plan = getattr(caption, "plan", None)
        if plan is None or self.making is None:
            return super().process_caption(subset, caption)
        making = self.making
        place, epoch = 0, 0
        if making.clock is not None:
            place, epoch = self._place, making.first_epoch + making.clock.value
            self._place += 1
        random = random_for(making.policy.seed, plan.key, epoch, place)
        count = _counter(making.tokenizer) if making.policy.token_limit else None
        made = compose(plan, making.policy, random, count)
        if making.record:
            self._record(plan.key, epoch, place, made)
        return made.text

    def _record(self, key, epoch, place, made) -> None:
        told = {"key": key, "epoch": epoch, "place": place, "stage": made.stage, "text": made.text}
        with open(self.making.record, "a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")

    def take_plans(self, plans: dict[str, Plan], making: Making) -> int:
        """Attach the plans to this data set's pictures; how many there are."""
        self.making = making
        for info in self.image_data.values():
            plan = plans.get(place_of(info.absolute_path))
            if plan is None:
                raise ContractError(
                    f"{info.absolute_path} came to the folder after the run was made; start a new "
                    "run."
                )
            info.caption = PlannedCaption(info.caption or "", plan)
        return len(self.image_data)


class CaptionedFolder(_Captioned, config_util.DreamBoothDataset):
    """Pictures with caption files."""


class CaptionedMetadata(_Captioned, config_util.FineTuningDataset):
    """Pictures of a metadata file."""
