"""Fixtures of all rings. The support modules in `support/` know nothing of pytest.

Ring 2 (`comfy`) and ring 3 (`server`, `browser`) need what tools/dev.py finds and passes on in
variables. Without them these tests are skipped; where `CI` is set they fail. Tests in sd-scripts
(`sd_scripts`) run only where `SD_SCRIPTS_PATH` and an interpreter that has what sd-scripts requires
(`SD_SCRIPTS_PYTHON`, else this one) are given.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent / "support"
PACK = SUPPORT.parents[1]

# `python -m pytest` puts the current folder on the path: our `nodes` would shadow ComfyUI's.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != PACK]
if str(SUPPORT) not in sys.path:
    sys.path.append(str(SUPPORT))

# Threads that wait by spinning starve a server, a browser and these tests on the same two cores:
# the same tests took 51 s instead of 560 s on a busy machine. Read when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A shell's background job ignores SIGINT, and what it starts inherits that; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import hypothesis  # noqa: E402
import pytest  # noqa: E402

# How long a test takes is no property of the pack: a machine that does other work must not fail it.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

NEEDS = {
    "comfy": ("IXL_COMFYUI",),
    "server": ("IXL_COMFYUI",),
    "browser": ("IXL_COMFYUI", "IXL_BROWSER"),
    "sd_scripts": ("SD_SCRIPTS_PATH",),
}


# fixture: mark
USES = {"comfy": "comfy", "servers": "server", "canvas": "browser", "shared_canvas": "browser"}


# Runs in several processes: one has the servers and browsers, one ComfyUI; of other files each goes
# whole to whichever process is free. Written as paths, because the process that deals out the tests
# knows no fixtures.
TOGETHER = {
    "server": ("canvas/", "live/", "support_tests/test_canvas", "support_tests/test_server"),
    "comfy": ("pack_nodes/", "support_tests/test_tiny_in_comfyui", "test_locales"),
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByRing(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path = nodeid.split("::", 1)[0]
            rings = (ring for ring, starts in TOGETHER.items() if path.startswith(starts))
            return next(rings, path)

    return ByRing(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Whatever uses a fixture carries its mark, before `-m` selects."""
    for item in items:
        for fixture in USES.keys() & set(item.fixturenames):
            item.add_marker(USES[fixture])


def pytest_runtest_setup(item):
    missing = {
        variable
        for mark, variables in NEEDS.items()
        if item.get_closest_marker(mark)
        for variable in variables
        if not os.environ.get(variable)
    }
    if missing == {"SD_SCRIPTS_PATH"}:
        pytest.skip("SD_SCRIPTS_PATH is not set")
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


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Function from front end ("pinned" or "newest") to a live server, started on first use."""
    from base_directory import make_base_directory
    from server import running_server

    running = {}

    def get(front_end: str):
        if front_end not in running:
            base = make_base_directory(tmp_path_factory.mktemp(f"server-{front_end}"))
            static = os.environ["IXL_FRONT_END_NEWEST"] if front_end == "newest" else None
            running[front_end] = stack.enter_context(
                running_server(Path(os.environ["IXL_COMFYUI"]), base, static and Path(static))
            )
        return running[front_end]

    with contextlib.ExitStack() as stack:
        yield get


@pytest.fixture
def comfy_server(servers):
    """A live ComfyUI with the pack and the tiny model (a `server.Server`), shared by all tests."""
    return servers("pinned")


@pytest.fixture(scope="module", params=["pinned", "newest"])
def front_end(request):
    """Choose one with `@pytest.mark.parametrize("front_end", ["pinned"], indirect=True)`."""
    if request.param == "newest" and not os.environ.get("IXL_FRONT_END_NEWEST"):
        if os.environ.get("CI"):
            pytest.fail("CI is set but IXL_FRONT_END_NEWEST is not; run by tools/dev.py")
        pytest.skip("no newest front end: run by tools/dev.py, with network")
    return request.param


@pytest.fixture(scope="module", params=["classic", "nodes2"])
def renderer(request):
    """Choose one with `@pytest.mark.parametrize("renderer", ["classic"], indirect=True)`."""
    return request.param


@pytest.fixture
def canvas(servers, front_end, renderer, tmp_path, request):
    """The canvas in a browser (a `browser.Canvas`): both front ends, both renderers.

    An error of the pack's scripts fails the test. A failed test leaves a screenshot.
    """
    from browser import opened_canvas

    browser = Path(os.environ["IXL_BROWSER"])
    with opened_canvas(browser, servers(front_end), renderer, tmp_path) as canvas:
        yield from watched(canvas, request)


@pytest.fixture(scope="module")
def open_page(servers, front_end, renderer, tmp_path_factory):
    """One page for all tests of a module; a module uses either this or `canvas`."""
    from browser import opened_canvas

    browser = Path(os.environ["IXL_BROWSER"])
    folder = tmp_path_factory.mktemp("page")
    with opened_canvas(browser, servers(front_end), renderer, folder) as canvas:
        yield canvas


@pytest.fixture
def shared_canvas(open_page, request):
    """As `canvas`, but the page of the test before: a test clears what it finds. Saves seconds."""
    open_page.pack_errors.clear()
    yield from watched(open_page, request)


def watched(canvas, request):
    yield canvas
    if request.node.stash.get(FAILED, False):
        print(f"Screenshot: {canvas.screenshot(f'failed-{request.node.name}')}")
    if canvas.pack_errors:
        pytest.fail("Errors of the pack's scripts:\n" + "\n".join(canvas.pack_errors))


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        names = ("canvas", "shared_canvas", "comfy_server")
        used = next(filter(None, map(item.funcargs.get, names)), None)
        if used is not None:
            server = getattr(used, "server", used)
            report.sections.append(("ComfyUI log", server.log_tail()))
    return report
