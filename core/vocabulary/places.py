"""Where a user's vocabulary lies and which tag lists the user has; one answer for all callers.

    IXL_VOCABULARY   the folder of the index, in the stead of the usual one
    IXL_TAG_CSV      further tag lists (several are separated like those of PATH)

Does not read the lists.
"""

import logging
import os
import sys
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)

NAME = "illustrious-xl-studio"


def directory_from_environment() -> Path | None:
    """The folder that IXL_VOCABULARY names, None without it."""
    given = os.environ.get("IXL_VOCABULARY")
    return Path(given).expanduser().absolute() if given else None


def directory_without_host(pack: Path) -> Path:
    """The vocabulary's folder for the command line, which has no ComfyUI to ask.

    IXL_VOCABULARY; else that of the ComfyUI in whose custom_nodes the pack lies; else the
    platform's folder for a user's data.
    """
    return directory_from_environment() or data_without_host(pack) / "vocabulary"


def data_without_host(pack: Path) -> Path:
    """The pack's folder in a user's data: that of the ComfyUI around the pack, else the platform's.

    For the command line; nodes ask ComfyUI.
    """
    if pack.parent.name == "custom_nodes":
        return pack.parent.parent / "user" / NAME
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base).absolute() / NAME


def lists_from_environment() -> list[Path]:
    """The tag lists of IXL_TAG_CSV; one that is not there is left out with one warning."""
    given = [Path(t) for t in os.environ.get("IXL_TAG_CSV", "").split(os.pathsep) if t]
    for path in given:
        if not path.is_file():
            _warn(f"IXL_TAG_CSV names {path}, which is no file; it is left out.")
    return [path for path in given if path.is_file()]


def user_lists(directory: Path) -> list[Path]:
    """The user's lists, strongest first: IXL_TAG_CSV, then `*.csv` and `*.csv.gz` of the folder.

    What `update` downloads (<directory>/lists) is not among them; see index.sources_of.
    """
    own = sorted([*directory.glob("*.csv"), *directory.glob("*.csv.gz")])
    return [*lists_from_environment(), *(path for path in own if path.is_file())]


@cache
def _warn(message: str) -> None:
    """Log a warning once per process."""
    log.warning(message)
