"""The command line as a user runs it: forms, JSON fields and exit codes of the contract."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from file_server import file_server
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]


# A folder that is never made: the built-in tags answer, whatever the user of this machine has.
NOWHERE = Path(tempfile.gettempdir()) / f"ixl-no-vocabulary-{os.getpid()}"
ENVIRONMENT = {**os.environ, "IXL_VOCABULARY": str(NOWHERE), "IXL_TAG_CSV": ""}


def run(*arguments, stdin: bytes = b"", folder=None, environment=ENVIRONMENT):
    return subprocess.run(
        [sys.executable, ROOT, *arguments],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env=environment,
    )


def lines(done) -> list[str]:
    return done.stderr.decode().splitlines()


def test_normalize_prints_the_ordered_prompt(tmp_path):
    done = run("normalize", "masterpiece, smile, 1girl", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"1girl, smile, masterpiece\n")


def test_normalize_json_has_the_contract_fields():
    done = run("normalize", "--json", "newest, masterpiece, (smile:1.2), 1girl, mid")
    found = json.loads(done.stdout)
    assert set(found) == {"text", "sections", "changes", "warnings"}
    assert found["text"] == "1girl, (smile:1.2), masterpiece, newest, mid"
    assert all(set(s) == {"name", "items"} for s in found["sections"])
    assert found["changes"] and all(
        set(c) == {"kind", "from", "to", "why"} for c in found["changes"]
    )
    assert all(set(w) == {"kind", "tag", "why", "remedy"} for w in found["warnings"])


def test_normalize_lines_keeps_one_result_per_caption():
    done = run("normalize", "--lines", "-", stdin=b"b, 1girl\n\nx, 1boy\n")
    assert done.stdout == b"1girl, b\n\n1boy, x\n"


def test_normalize_lines_of_nothing_is_nothing():
    assert run("normalize", "--lines", "-").stdout == b""


def test_a_byte_order_mark_is_no_part_of_the_first_tag():
    marked = "\ufeffmasterpiece, 1girl\n".encode()
    for form in (("-",), ("--lines", "-")):
        assert run("normalize", *form, stdin=marked).stdout == b"1girl, masterpiece\n"
    assert run("parse", "-", stdin=marked).stdout == marked


def test_profile_decides_the_order():
    text = "1girl, smile, masterpiece"
    assert run("normalize", "--profile", "sdxl", "smile, 1girl").stdout == b"smile, 1girl\n"
    noob = run("normalize", "--profile", "noobai-xl", text).stdout
    assert noob and noob != run("normalize", "--profile", "illustrious-v1.0", text).stdout


def test_a_profile_of_the_user_is_a_file(tmp_path):
    mine = tmp_path / "mine.json"
    mine.write_text('{"id": "mine", "base": "noobai-xl"}')
    text = "1girl, smile, masterpiece"
    ours, noob = (run("normalize", "--profile", p, text).stdout for p in (mine, "noobai-xl"))
    assert ours == noob != b""
    gone = tmp_path / "gone.json"
    for path, content in ((mine, '{"id": 3}'), (mine, "[" * 100_000), (gone, "")):
        if content:
            path.write_text(content)
        done = run("normalize", "--profile", path, text)
        assert (done.returncode, len(lines(done))) == (1, 1) and path.name in lines(done)[0]


@given(st.binary(max_size=200))
@settings(max_examples=15, deadline=None)
def test_parse_prints_its_input_byte_for_byte(data):
    assert run("parse", "-", stdin=data).stdout == data


def test_plan_json_has_the_contract_fields():
    done = run("plan", "--json", "3744x5616")
    found = json.loads(done.stdout)
    assert set(found) == {"width", "height", "stages", "memory_gb"}
    assert {
        "width", "height", "denoise", "tiles", "tile_px", "overlap_px", "redundancy",
        "evaluations_per_step", "tflop_per_step",
    } <= set(found["stages"][-1])  # fmt: skip
    assert (found["stages"][-1]["width"], found["stages"][-1]["height"]) == (3744, 5616)


def test_plan_takes_base_and_tile_sizes():
    done = run("plan", "--json", "--from", "1248x1824", "--tile-px", "1536", "3744x5472")
    stages = json.loads(done.stdout)["stages"]
    assert (stages[0]["width"], stages[0]["height"]) == (1248, 1824)
    assert all(s["tile_width"] * s["tile_height"] <= 1536**2 for s in stages[1:])


def test_identify_names_a_damaged_file(tmp_path):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"\0" * 100)
    done = run("identify", "--json", bad)
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)
    assert found["ok"] is False and found["problem"].endswith(".")


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "3744"),
        ("plan", "1001x1000"),
        ("plan", "--tile-px", "1000", "2048x2048"),
        ("identify", "no-such-file.safetensors"),
        ("normalize", "--profile", "no-such-profile", "x"),
        ("expand", "1girl"),
        ("expand", "--directory", "no-such-folder", "1girl"),
        ("expand", "download", "--model", "no model", "--directory", "no-such-folder"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_one(arguments):
    done = run(*arguments)
    assert done.returncode == 1
    assert len(lines(done)) == 1 and "Traceback" not in lines(done)[0]
    assert done.stdout == b""


@pytest.mark.parametrize("arguments", [(), ("plan",), ("nothing",), ("plan", "--what", "1x1")])
def test_wrong_usage_is_exit_code_two(arguments):
    assert run(*arguments).returncode == 2


def test_a_reader_that_goes_away_is_no_error():
    command = f'"{sys.executable}" "{ROOT}" plan --json 3744x5616 | head -c 10'
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True)
    assert b"Traceback" not in done.stderr


def test_expand_download_without_a_network_is_one_sentence(tmp_path):
    with file_server() as stopped:
        address = f"http://127.0.0.1:{stopped.server_port}"
    done = subprocess.run(
        [sys.executable, ROOT, "expand", "download", "--directory", tmp_path],
        env={**os.environ, "HF_ENDPOINT": address},
        capture_output=True,
    )
    assert done.returncode == 1
    assert len(lines(done)) == 1 and "cannot be reached" in lines(done)[0]
    assert "run it again" in lines(done)[0] and not list(tmp_path.iterdir())


def test_expand_writes_with_a_model(tmp_path):
    pytest.importorskip("transformers")
    from tiny_tipo import write_model

    write_model(tmp_path / "tiny", steps=0)
    arguments = ("expand", "--directory", tmp_path, "--length", "very short", "--json")
    done = run(*arguments, "(1girl:1.2), smile", environment=os.environ)  # makes an index
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"text", "added", "report"}
    assert found["text"].startswith("(1girl:1.2), smile")


def test_torch_and_comfyui_are_not_needed(tmp_path):
    for name in ("torch", "comfy"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not here')")
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}
    for arguments in (("normalize", "x, 1girl"), ("plan", "2048x2048"), ("identify", str(ROOT))):
        done = subprocess.run(
            [sys.executable, ROOT, *arguments], env=environment, capture_output=True
        )
        assert b"Traceback" not in done.stderr
