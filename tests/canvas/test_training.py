"""The training tab of the sidebar: runs, curves, samples, what is asked of a run, captions."""

import os
import re
import shutil
from pathlib import Path

import pytest
import run_folders
import tiny
import tiny_trainer
from browser import READY
from ixl.training.backend import Backend
from ixl.training.making import make_run
from ixl.training.runner import WORKER_LOCK
from ixl.training.runs import lock, newest_state, settings_of, state_of
from ixl.training.settings import read_settings
from training_runs import tiny_settings, wait_until, write_pictures

pytestmark = pytest.mark.browser

OTHERS = [("newest", "nodes2"), ("pinned", "nodes2"), ("newest", "classic")]
everywhere = pytest.mark.parametrize(
    ("front_end", "renderer"),
    [("pinned", "classic"), *(pytest.param(*pair, marks=pytest.mark.prove) for pair in OTHERS)],
    indirect=True,
)
LOADED = "img => img.complete && img.naturalWidth > 0"
CURVE = "[...document.querySelectorAll('.ixl-line')].map(p => p.getAttribute('d').length > 40)"


@pytest.fixture
def home(servers, front_end):
    """The server's folder of runs, with nobody at work on the queue; left empty."""
    folder = servers(front_end).base / "output" / "illustrious-xl-studio" / "training"
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / WORKER_LOCK):
        yield folder
        for made in filter(Path.is_dir, folder.iterdir()):  # runs, and their shared tokenizers
            shutil.rmtree(made)


def open_tab(page):
    page.locator(".side-tool-bar-container").get_by_role("button", name="Training").click()
    page.locator(".ixl-training").wait_for()


def open_run(page, name):
    page.locator(".ixl-run").filter(has=page.get_by_text(name, exact=True)).click()
    page.locator(".ixl-head").get_by_text(name, exact=True).wait_for()


@everywhere
def test_runs_curves_requests_and_captions(home, canvas, tmp_path):
    page = canvas.page
    run = run_folders.make_folder(home, tmp_path, "the run", steps=1500, prompts=["1girl"])
    run_folders.record(run, 60)
    sample = run_folders.add_sample(run, 50)
    run_folders.end(run, "running")
    failed = run_folders.make_folder(home, tmp_path, "broken", steps=100)
    (failed / "log.txt").write_text("one\ntorch.OutOfMemoryError: CUDA out of memory.\n")
    run_folders.end(failed, "failed", "The cause of it.")

    # the list, then one run: numbers, curves, samples
    open_tab(page)
    rows = page.locator(".ixl-run")
    rows.nth(1).wait_for()
    assert [row.split("\n")[0] for row in rows.all_inner_texts()] == ["the run", "broken"]
    assert "The cause of it." in rows.nth(1).inner_text()
    open_run(page, "the run")
    page.get_by_text("step 60 of 1500 · 4 %").wait_for()
    page.get_by_text("24:00 min left").wait_for()
    page.wait_for_function(f"{CURVE}.length === 2 && {CURVE}.every(Boolean)")
    picture = page.locator(".ixl-samples img")
    wait_until(lambda: picture.evaluate(LOADED), 30, "the sample")
    assert sample in picture.get_attribute("src").replace("%20", " ").replace("+", " ")
    picture.click()
    large = page.locator("dialog.ixl-large img")
    wait_until(lambda: large.evaluate(LOADED), 30, "the large sample")
    page.keyboard.press("Escape")
    large.wait_for(state="detached")

    # it goes on by itself, and the pointer reads values
    for step in range(61, 64):
        told = {"event": "step", "step": step, "time": 1.7e9 + 10 + step, "lr/unet": 5e-5}
        run_folders.tell(run, {**told, "loss/current": 0.0777})
    page.get_by_text("step 63 of 1500 · 4 %").wait_for()
    page.locator(".ixl-figures").get_by_text("0.0777").wait_for()
    page.locator(".ixl-figures").get_by_text("5e-5").wait_for()
    box = page.locator(".ixl-plot").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 9, box["y"] + box["height"] / 2)
    page.get_by_text("Step 63", exact=True).wait_for()
    page.get_by_text("loss 0.0777", exact=True).wait_for()

    # requests reach the folder and stay marked until the trainer has done them
    save = page.get_by_role("button", name="Save now")
    save.click()
    wait_until((run / "requests" / "save").exists, 30, "the request")
    page.locator("button[data-asked='true']").wait_for()
    (run / "requests" / "save").unlink()
    page.locator("button:not(:disabled)").get_by_text("Save now").wait_for()
    page.get_by_role("button", name="Sample now").click()
    wait_until((run / "requests" / "sample").exists, 30, "the request")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Copy the path of the folder").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == str(run)
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_until((run / "requests" / "stop").exists, 30, "the request")

    # all of it is there after a reload, with what happened meanwhile
    run_folders.end(run, "stopped", "Stopped at step 63.")
    page.reload()
    page.wait_for_function(READY)
    if not page.locator(".ixl-training").count():  # the front end may open the last tab by itself
        open_tab(page)
    open_run(page, "the run")
    page.locator(".ixl-badge").get_by_text("Stopped").wait_for()
    page.wait_for_function(f"{CURVE}.length === 2 && {CURVE}.every(Boolean)")
    page.get_by_label("Steps in all").fill("2000")
    page.get_by_role("button", name="Resume").click()
    page.locator(".ixl-badge").get_by_text("Waiting").wait_for()
    assert (state_of(run)["status"], settings_of(run).steps) == ("queued", 2000)

    # a failure has its cause and the end of the log
    page.locator(".ixl-back").click()
    open_run(page, "broken")
    page.locator(".ixl-told-message").get_by_text("The cause of it.").wait_for()
    page.locator(".ixl-log pre").get_by_text("CUDA out of memory.").wait_for()

    # captions of that run
    page.get_by_role("tab", name="Captions").click()
    page.get_by_label("Captions of").select_option("run:the run")
    page.get_by_role("button", name="Preview").click()
    page.locator(".ixl-rates").first.get_by_text("keep-30").wait_for()
    text = page.locator(".ixl-captions").inner_text()
    assert "Dropped whole (set: 10.0 %)" in text and "1 to 4 of 4" in text
    assert page.locator(".ixl-picture").count() == 4
    page.get_by_label("Captions of").select_option("typed:")
    page.get_by_label("Captions, one a line").fill("1girl, smile")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("1 to 1 of 1").wait_for()
    # keys typed there are no shortcuts of the canvas
    assert page.evaluate("app.graph.nodes.length") == 0


@pytest.mark.sd_scripts
@pytest.mark.parametrize(("front_end", "renderer"), [("pinned", "classic")], indirect=True)
def test_a_real_run_is_started_watched_and_stopped(servers, front_end, canvas, tmp_path):
    page, base = canvas.page, servers(front_end).base
    home = base / "output" / "illustrious-xl-studio" / "training"
    pictures = write_pictures(tmp_path / "pictures")
    settings = tiny_settings(
        "real", tiny.tiny_file(tiny.CHECKPOINT), pictures, steps=3000, save_every=0, state_every=0,
        schedule=None, workers=0, record_captions=False,
    )  # fmt: skip
    backend = Backend(Path(os.environ["SD_SCRIPTS_PATH"]), tiny_trainer.make_interpreter(tmp_path))
    tokenizers = Path(os.environ["IXL_COMFYUI"]) / "comfy" / "sd1_tokenizer"
    run = make_run(home, read_settings(settings), backend, tokenizers)
    open_tab(page)  # starts the queue's worker: nobody else is there
    open_run(page, "real")
    steps = re.compile(r"step [1-9]\d* of 3000")
    page.locator(".ixl-one").get_by_text(steps).wait_for(timeout=180_000)
    page.wait_for_function(f"{CURVE}.length === 2")
    page.get_by_text("GB at most").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator(".ixl-badge").get_by_text("Stopped").wait_for(timeout=90_000)
    page.locator(".ixl-files").get_by_text("real").first.wait_for()
    assert newest_state(run)[1]["step"] > 0
