"""What a MODEL says of the files it was made from: attached by our loaders, read by the saver.

Values only; `nodes/` puts them on the MODEL under the keys below (ComfyUI keeps attachments when a
model is cloned or patched) and reads them back. Files loaded by other packs' nodes leave no trace.
"""

from typing import NamedTuple

CHECKPOINT_KEY = "ixl.checkpoint"  # one LoadedCheckpoint
LORAS_KEY = "ixl.loras"  # a tuple of LoadedLora, in the order of loading


class LoadedCheckpoint(NamedTuple):
    """The checkpoint (or U-Net file) of a MODEL.

    name: as in the loader's list. path: where it lies. sha256: of the whole file, "" if not known.
    profile: id of the model profile in use.
    """

    name: str
    path: str
    sha256: str
    profile: str


class LoadedLora(NamedTuple):
    """One LoRA of a MODEL, strengths as set on the node.

    sha256: of the whole file (AutoV2 is its first ten digits); data_sha256: of the tensors alone
    (AutoV3: its first twelve digits); "" if not known.
    """

    name: str
    path: str
    strength_model: float
    strength_clip: float
    sha256: str
    data_sha256: str
