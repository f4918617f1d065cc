"""Fixtures of all rings. The support modules in `support/` know nothing of pytest.

Ring 2 (`comfy`) and ring 3 (`server`, `browser`) need what tools/dev.py finds and passes on in
variables. Without them these tests are skipped; where `CI` is set they fail.
"""

import os
import sys
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent / "support"
PACK = SUPPORT.parents[1]

# `python -m pytest` puts the current folder on the path: our `nodes` would shadow ComfyUI's.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != PACK]
if str(SUPPORT) not in sys.path:
    sys.path.append(str(SUPPORT))

import pytest  # noqa: E402

NEEDS = {
    "comfy": ("IXL_COMFYUI",),
    "server": ("IXL_COMFYUI",),
    "browser": ("IXL_COMFYUI", "IXL_BROWSER"),
    "sd_scripts": ("SD_SCRIPTS_PATH",),
}


def pytest_runtest_setup(item):
    missing = {
        variable
        for mark, variables in NEEDS.items()
        if item.get_closest_marker(mark)
        for variable in variables
        if not os.environ.get(variable)
    }
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI is set but {', '.join(sorted(missing))} is not; run by tools/dev.py")
    if missing:
        pytest.skip("run by tools/dev.py")


@pytest.fixture(scope="session")
def comfy(tmp_path_factory):
    """ComfyUI in this process, on the CPU; the value is the module `comfy_in_process` with its
    helpers.
    """
    import comfy_in_process
    from base_directory import make_base_directory

    base = make_base_directory(tmp_path_factory.mktemp("comfyui"))
    comfy_in_process.start(Path(os.environ["IXL_COMFYUI"]), base)
    return comfy_in_process


@pytest.fixture(scope="session")
def tiny(comfy):
    """The tiny checkpoint's model, clip and vae. Shared: clone before patching."""
    import tiny as files

    return comfy.load_checkpoint(files.tiny_file(files.CHECKPOINT))
