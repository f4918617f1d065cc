"""Run folders without a trainer: states, events, history, queue order, refusals."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ixl.training.making import resume, space_needed
from ixl.training.outcome import hint, log_tail, outcome
from ixl.training.parts import write_part
from ixl.training.runner import STARTING, WORKER_LOCK, stop, work
from ixl.training.runs import (
    all_runs,
    ask,
    events,
    find_run,
    history,
    is_locked,
    lock,
    newest_state,
    set_state,
    settings_of,
    state_of,
    status,
)
from ixl.training.settings import read_settings
from training_runs import tiny_settings, write_events

PYTHON = Path(__file__).resolve().parents[2] / "python"


def test_a_run_holds_what_was_asked(make):
    folder = make()
    assert settings_of(folder).steps == 6
    assert state_of(folder)["status"] == "queued"
    assert len((folder / "plans.jsonl").read_text().splitlines()) == 4
    assert Path(settings_of(folder).folders[0][0]).is_absolute()


def test_a_second_run_of_a_name_has_a_folder_of_its_own(make):
    first, second = make(), make()
    assert (first.name, second.name) == ("run", "run-2")
    assert all_runs(first.parent) == [first, second]
    assert find_run(first.parent, "") == second
    with pytest.raises(ValueError, match="run-2"):
        find_run(first.parent, "gone")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"checkpoint": "gone.safetensors"}, "no checkpoint"),
        ({"folders": [["gone", 1]]}, "cannot be read"),
        ({"options": {"cache_text_encoder_outputs": True}}, "caption policy would do nothing"),
    ],
)
def test_what_cannot_work_leaves_no_folder(make, tmp_path, changes, said):
    with pytest.raises(ValueError, match=said):
        make(**changes)
    assert all_runs(tmp_path / "runs") == []


def test_space(make, tmp_path):
    settings = read_settings(tiny_settings("run", tmp_path / "a.safetensors", tmp_path))
    lora = space_needed(settings)
    assert lora == 15e6 * 4 * (1 + 3 + 6)
    with pytest.raises(ValueError, match="GB free"):
        make(rank=1024, steps=10**8, save_every=1)


def test_history_is_what_counts():
    """Steps that a crash undid are counted once, as they were done again."""
    told = [
        {"event": "start", "step": 0},
        *({"event": "step", "step": n, "loss": 1.0} for n in (1, 2, 3)),
        {"event": "start", "step": 2},
        *({"event": "step", "step": n, "loss": 2.0} for n in (3, 4)),
    ]
    found = history(told)
    assert [(e["step"], e["loss"]) for e in found] == [(1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0)]


def test_a_torn_line_is_left_out(make):
    folder = make()
    write_events(folder, {"event": "step", "step": 1})
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"event": "step", "st')
    assert [e["step"] for e in events(folder)] == [1]


def test_a_half_written_state_does_not_count(make):
    folder = make()
    for name in ("step-00000002", "step-00000004.part"):
        (folder / "state" / name).mkdir()
        told = {"step": int(name[5:13]), "epoch": 1, "total": 6}
        (folder / "state" / name / "state.json").write_text(json.dumps(told))
    (folder / "state" / "step-00000005").mkdir()
    assert newest_state(folder)[1]["step"] == 2


def test_resume_queues_again_and_may_lengthen(make):
    folder = make()
    set_state(folder, status="done")
    (folder / "state" / "step-00000006").mkdir()
    told = {"step": 6, "epoch": 2, "total": 6}
    (folder / "state" / "step-00000006" / "state.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match="all of its 6 steps"):
        resume(folder)
    assert resume(folder, steps=9) == told
    assert (settings_of(folder).steps, settings_of(folder).schedule.total) == (9, 9)
    assert state_of(folder)["status"] == "queued"


def test_stop_takes_a_run_out_of_the_queue(make):
    folder = make()
    stop(folder)
    assert state_of(folder)["status"] == "stopped"
    with pytest.raises(ValueError, match="it is stopped"):
        stop(folder)
    with pytest.raises(ValueError, match="cannot be asked"):
        ask(folder, "../x")


def test_run_that_a_worker_is_starting_is_not_resumed(make):
    """Its trainer has no lock yet: a second one would be started beside it."""
    folder = make()
    set_state(folder, status="running", part=1)
    with lock(folder.parent / WORKER_LOCK), pytest.raises(ValueError, match="stop it before"):
        resume(folder)
    resume(folder)  # of a worker that died
    assert state_of(folder)["status"] == "queued"


def test_log_ends_where_torch_s_launcher_begins_to_talk(make):
    folder = make()
    (folder / "log.txt").write_text(
        "ValueError: the cause\nW1125 13:41:20.035000 15171 torch/distributed/elastic/api.py:1012] "
        "Sending process\nTraceback\n" + "=\n" * 40
    )
    assert log_tail(folder) == "ValueError: the cause"


def test_stop_holds_while_a_worker_takes_the_run_up(make):
    """The worker has seen it queued, the user stops it, the worker starts its trainer."""
    folder = make()
    stop(folder)
    write_part(folder)
    assert (folder / "requests" / "stop").exists()
    ask(folder, "save")
    resume(folder)
    assert not list((folder / "requests").iterdir())


def test_state_is_whole_whoever_reads_it_meanwhile(make):
    """On Windows a file that somebody reads cannot be replaced at that moment."""
    folder = make()
    with ThreadPoolExecutor(2) as pool:
        reads = [pool.submit(state_of, folder) for _ in range(300)]
        for number in range(100):
            set_state(folder, number=number)
        assert all(read.result().get("status") == "queued" for read in reads)
    assert state_of(folder)["number"] == 99


def test_queue_goes_on_behind_a_run_that_cannot_start(make):
    first, second = make(), make()
    work(first.parent)
    for folder in (first, second):
        assert state_of(folder)["status"] == "failed"
        assert "could not be started" in state_of(folder)["message"]


def test_run_of_a_machine_that_went_down_is_settled(make):
    folder = make()
    set_state(folder, status="running", part=1, pid=2**22 + 1)
    write_events(folder, {"event": "start", "part": 1, "step": 0})
    work(folder.parent)
    assert state_of(folder)["status"] == "failed"
    assert "ended without a word" in status(folder)["message"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_trainer_that_died_at_its_start_does_not_hold_the_queue_up(make):
    """Nobody has asked how it ended, so that its number is still taken."""
    folder = make()
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    set_state(folder, status="running", part=1, pid=child.pid)
    start = time.monotonic()
    work(folder.parent)
    assert state_of(folder)["status"] == "failed"
    assert time.monotonic() - start < STARTING / 10
    child.wait()


def test_trainer_that_has_not_told_of_itself_yet_is_waited_for(make):
    """A worker that takes over must not settle a run whose Python is still starting."""
    folder = make()
    code = (
        "import sys, time; time.sleep(2); sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from ixl.training.runs import lock\n"
        "run = Path(sys.argv[2])\n"
        "with lock(run / 'trainer.lock'):\n"
        "    time.sleep(1)\n"
        "    with (run / 'events.jsonl').open('w') as file:\n"
        '        file.write(\'{"event": "start", "part": 1, "step": 0}\\n\')\n'
        '        file.write(\'{"event": "done", "step": 6}\\n\')\n'
        "    time.sleep(1)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(PYTHON), str(folder)])
    set_state(folder, status="running", part=1, pid=child.pid)
    work(folder.parent)
    assert state_of(folder)["status"] == "done"
    child.wait()


@pytest.mark.parametrize(
    ("last", "code", "expected"),
    [
        ({"event": "done", "step": 6}, 0, "done"),
        ({"event": "stopped", "step": 3}, 3, "stopped"),
        ({"event": "done", "step": 6}, None, "done"),
        ({"event": "failed", "step": 1, "message": "CUDA out of memory"}, 1, "failed"),
        ({"event": "step", "step": 1}, 0, "failed"),
        ({"event": "step", "step": 1}, -9, "failed"),
    ],
)
def test_outcome(make, last, code, expected):
    folder = make()
    set_state(folder, part=1)
    write_events(folder, {"event": "start", "part": 1, "step": 0}, last)
    status, message = outcome(folder, code)
    assert status == expected
    assert bool(message) == (expected != "done")
    if code == -9:
        assert "signal 9" in message and "memory" in message


def test_end_of_an_earlier_part_is_not_taken_for_this_ones(make):
    folder = make()
    set_state(folder, part=2)
    write_events(folder, {"event": "start", "part": 1, "step": 0}, {"event": "stopped", "step": 3})
    assert outcome(folder, 1)[0] == "failed"


def test_hints_and_the_logs_end(make):
    folder = make()
    (folder / "log.txt").write_text("a\nsteps: 1\rsteps: 2\n\nOSError: No space left on device\n")
    assert log_tail(folder).splitlines() == ["a", "steps: 2", "OSError: No space left on device"]
    assert "disk" in hint(log_tail(folder))
    assert hint("something else") == ""


def test_lock_is_freed_by_death(tmp_path):
    file = tmp_path / "a.lock"
    code = f"""
import sys, os
sys.path.insert(0, {str(PYTHON)!r})
from pathlib import Path
from ixl.training.runs import lock
with lock(Path({str(file)!r})) as got:
    print(got, flush=True)
    sys.stdin.read()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "True\n"
    assert is_locked(file)
    with lock(file) as got:
        assert not got
    child.kill()
    child.wait()
    assert not is_locked(file)
