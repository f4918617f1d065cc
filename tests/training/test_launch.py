"""How processes are started: refusals, commands, and lines that a real shell takes apart again."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ixl.training.backend import require_package, trainer_environment
from ixl.training.launch import (
    LINES,
    Launch,
    check_launch,
    command,
    launch_environment,
    numbers,
    read_launch,
    shell_line,
    shell_lines,
)
from ixl.training.making import resume
from ixl.training.outcome import outcome
from ixl.training.runner import stop, work
from ixl.training.runs import read_json, set_state, settings_of, state_of, status
from ixl.training.trainer import train
from training_runs import write_events

OWN = ["entry.py", "run", "a folder; $(x)"]


@pytest.mark.parametrize(
    ("changes", "gpus", "said"),
    [
        ({"machines": 0}, 1, "machines of launch is 0"),
        ({"machines": 4, "address": "a"}, 6, "6 GPUs cannot be shared evenly by 4"),
        ({"machines": 2}, 2, "need the address"),
        ({"machines": 2, "address": "--module"}, 2, "address of launch is '--module'"),
        ({"machines": 2, "address": "a b"}, 2, "address of launch is 'a b'"),
        ({"machines": 2, "address": "a\n"}, 2, "address of launch"),
        ({"address": "host"}, 1, "only one machine"),
        ({"port": 70000}, 1, "port of launch is 70000"),
        ({"gpu_ids": (0, 0)}, 2, "name 2 different GPUs"),
        ({"gpu_ids": (0, 1)}, 1, "name 1 different GPUs"),
        ({"gpu_ids": (-1,)}, 1, "different GPUs"),
        ({"zero_stage": 4}, 1, "zero_stage of launch is 4"),
        ({"offload_optimizer": "cpu"}, 1, "needs zero_stage 2 or 3"),
        ({"offload_optimizer": "disk", "zero_stage": 3}, 1, "cpu, nvme or empty"),
        ({"offload_parameters": "cpu", "zero_stage": 2}, 1, "need zero_stage 3"),
        ({"offload_optimizer": "nvme", "zero_stage": 3}, 1, "give both"),
        ({"offload_folder": "/disk", "zero_stage": 3}, 1, "give both"),
    ],
)
def test_what_cannot_be_started_is_one_sentence(changes, gpus, said):
    with pytest.raises(ValueError, match=said):
        check_launch(Launch(**changes), gpus)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "JSON object"),
        ({"nodes": 2}, "no nodes; it has machines"),
        ({"gpu_ids": "0,1"}, "as a list"),
        ({"gpu_ids": [True]}, "as a list"),
        ({"machines": "2"}, "machines of launch is '2'"),
        ({"elsewhere": 1}, "elsewhere of launch is 1"),
    ],
)
def test_what_is_no_launch_is_one_sentence(data, said):
    with pytest.raises(ValueError, match=said):
        read_launch(data)


def test_a_launch_is_read_back():
    launch = Launch(2, "host", 1, (0, 1), True, 3, "cpu", "nvme", "/disk")
    assert read_launch(launch.as_dict()) == launch
    assert numbers(" 0, 3") == (0, 3)
    with pytest.raises(ValueError, match="'0-3'"):
        numbers("0-3")


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def test_every_value_is_given_to_accelerate():
    """Of its options that a user's default configuration could fill in."""
    launch = Launch(machines=2, address="host", gpu_ids=(2, 3))
    words = command(Path("python"), OWN, Path("run"), 4, "bf16", launch, 1)
    assert words[:3] == ["python", "-m", "accelerate.commands.launch"]
    assert {
        name: option(words, f"--{name}")
        for name in ("num_processes", "num_machines", "machine_rank", "main_process_ip")
    } == {"num_processes": "4", "num_machines": "2", "machine_rank": "1", "main_process_ip": "host"}
    assert option(words, "--main_process_port") == "29500"
    assert option(words, "--gpu_ids") == "2,3"
    assert option(words, "--mixed_precision") == "bf16"
    assert option(words, "--dynamo_backend") == "no"
    assert Path(option(words, "--config_file")).parent == Path("run")
    assert words[-3:] == OWN  # arguments, never a shell's words


def test_one_machine_takes_a_free_port_and_one_gpu_no_launcher():
    words = command(Path("python"), OWN, Path("run"), 2, "no", Launch())
    assert option(words, "--main_process_port") == "0"
    assert option(words, "--gpu_ids") == "all"
    assert command(Path("python"), OWN, Path("run"), 1, "no", Launch()) == ["python", *OWN]
    chosen = launch_environment(Path("python"), 1, Launch(gpu_ids=(3,)))
    assert chosen["CUDA_VISIBLE_DEVICES"] == "3"
    zero = command(Path("python"), OWN, Path("run"), 1, "no", Launch(zero_stage=2))
    assert zero[2] == "torch.distributed.run"  # DeepSpeed asks for WORLD_SIZE


@pytest.mark.skipif(os.name == "nt", reason="the lines are for POSIX shells")
@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), max_size=20))
@example("'; touch x; $(touch x) `touch x` \\")
def test_a_shell_takes_a_line_apart_as_it_was_written(text):
    """Whatever stands in a path or name: nothing is run, split or replaced."""
    code = "import os, sys; print(ascii([*sys.argv[1:], os.environ['A'], os.getcwd()]))"
    with tempfile.TemporaryDirectory(prefix="a b'$(x)") as place:
        folder = Path(place).resolve()
        words = [sys.executable, "-S", "-c", code, text, "$HOME"]
        line = shell_line(words, {"A": text}, ("B",), folder, 0)
        assert "\n" not in line
        subprocess.run(["sh", "-c", line], check=True, timeout=30)
        assert [p.name for p in folder.iterdir()] == ["log.txt"]
        assert (folder / "log.txt").read_text() == f"{[text, '$HOME', text, str(folder)]!a}\n"


def test_a_path_of_two_lines_has_no_place_in_a_file_of_lines():
    python = Path("new\nline")
    with pytest.raises(ValueError, match="line break"):
        shell_lines(python, OWN, Path("run"), 2, "no", Launch(elsewhere=True), {}, ())


def test_a_user_s_launcher_does_not_reach_the_trainer(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert not {"RANK", "WORLD_SIZE"} & trainer_environment().keys()


def test_missing_library_is_one_sentence():
    require_package(Path(sys.executable), "json", "zero_stage")
    with pytest.raises(ValueError, match="zero_stage needs the library no_such_one"):
        require_package(Path(sys.executable), "no_such_one", "zero_stage")
    with pytest.raises(ValueError, match="could not be asked"):
        require_package(Path("no python"), "json", "zero_stage")


ELSEWHERE = {"gpus": 4, "launch": {"machines": 2, "elsewhere": True}}


def test_a_run_for_a_cluster_is_written_and_never_started(make):
    folder = make(**ELSEWHERE)
    work(folder.parent)
    found = status(folder)
    assert (found["status"], "launch.txt" in found["message"]) == ("elsewhere", True)
    first, second = (folder / LINES).read_text().splitlines()
    assert "--machine_rank 0" in first and "--machine_rank 1" in second
    assert '--main_process_ip "${MASTER_ADDR:?' in second
    assert read_json(folder / "job.json")["processes"] == 4
    assert settings_of(folder).launch.machines == 2


def test_a_run_that_cannot_be_written_for_a_cluster_leaves_no_folder(make, tmp_path):
    (tmp_path / "a\nb").mkdir()
    with pytest.raises(ValueError, match="line break"):
        make(home=tmp_path / "a\nb", **ELSEWHERE)
    assert not list((tmp_path / "a\nb").glob("*/settings.json"))


def test_a_run_of_a_cluster_ends_by_its_own_word_and_goes_on(make):
    folder = make(**ELSEWHERE)
    write_events(folder, {"event": "start", "part": 1, "step": 0})
    assert status(folder)["status"] == "running"
    stop(folder)
    assert (folder / "requests" / "stop").exists()
    told = {"event": "failed", "step": 2, "message": "CUDA out of memory"}
    write_events(folder, {"event": "start", "part": 1, "step": 0}, told)
    assert status(folder)["message"] == "CUDA out of memory"
    assert state_of(folder)["status"] == "failed"
    resume(folder)
    assert (state_of(folder)["status"], state_of(folder)["part"]) == ("elsewhere", 2)
    assert not (folder / "requests" / "stop").exists()


def test_deepspeed_is_asked_for_before_a_run_is_made(make, tmp_path):
    with pytest.raises(ValueError, match="could not be asked"):
        make(launch={"zero_stage": 2})
    assert not list((tmp_path / "runs").glob("*/settings.json"))


def test_stop_behind_a_launcher_is_no_failure(make):
    """Processes that stopped end with 0 there: any other code is a crash for it."""
    folder = make()
    set_state(folder, part=1)
    write_events(folder, {"event": "start", "part": 1, "step": 0}, {"event": "stopped", "step": 3})
    assert outcome(folder, 0) == ("stopped", "Stopped at step 3.")


def test_a_part_is_not_trained_twice(make, capsys):
    """A cluster that requeues a job runs the same lines; the state they name is gone by then."""
    folder = make(**ELSEWHERE)
    write_events(folder, {"event": "start", "part": 1, "step": 0}, {"event": "done", "step": 6})
    assert train(str(folder)) == 1
    assert "train resume" in capsys.readouterr().err
    assert status(folder)["status"] == "done"
    again = make(**ELSEWHERE)
    write_events(again, {"event": "start", "part": 1, "step": 0})  # and then the node went down
    resume(again)
    assert (state_of(again)["part"], read_json(again / "job.json")["part"]) == (2, 2)
