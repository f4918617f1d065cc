"""`vocabulary` on the command line, and the vocabulary that `normalize` uses."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from file_server import file_server
from tag_list import write_tag_list

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def without_kgen(tmp_path_factory) -> Path:
    """A folder for PYTHONPATH that hides tipo-kgen, so that an index takes a second to make."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "kgen").mkdir()
    (folder / "kgen" / "__init__.py").write_text("")
    return folder


@pytest.fixture
def run(tmp_path, without_kgen):
    directory = tmp_path / "vocabulary"

    def command(*arguments):
        environment = {
            **os.environ,
            "IXL_VOCABULARY": str(directory),
            "IXL_TAG_CSV": "",
            "PYTHONPATH": str(without_kgen),
        }
        done = subprocess.run(
            [sys.executable, ROOT, *arguments], capture_output=True, env=environment
        )
        done.lines = done.stderr.decode().splitlines()
        return done

    command.directory = directory
    return command


@pytest.fixture
def served(tmp_path):
    with file_server() as server:
        server.content = write_tag_list(tmp_path / "served.csv").read_bytes()
        yield server


def test_status_of_nothing(run):
    done = run("vocabulary", "status", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["directory"], report["current"]) == (
        *(0, str(run.directory), False),
    )
    assert report["sources"] == [] and report["curated"] > 2_500
    assert "missing or out of date" in run("vocabulary", "status").stdout.decode()
    assert not run.directory.exists()  # asking leaves nothing behind


def test_update_then_status_lookup_and_normalize(run, served):
    text = "masterpiece, hatsune miku, wlop, 1girl"
    assert run("normalize", text).stdout == b"1girl, hatsune miku, wlop, masterpiece\n"
    before = json.loads(run("normalize", "--json", text).stdout)
    assert {w["tag"] for w in before["warnings"]} == {"hatsune miku", "wlop"}

    done = run("vocabulary", "update", "--url", served.url, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == b""
    assert (report["tags"], report["url"]) == (16, served.url)
    assert Path(report["file"]).read_bytes() == served.content

    status = json.loads(run("vocabulary", "status", "--json").stdout)
    assert status["current"] and [s["name"] for s in status["sources"]] == ["list.csv"]
    (miku,) = json.loads(run("vocabulary", "lookup", "--json", "Hatsune_Miku").stdout)
    assert (miku["known"], miku["category"], miku["count"]) == (True, "character", 106_634)
    after = json.loads(run("normalize", "--json", text).stdout)
    assert after["warnings"] == []
    assert {s["name"] for s in after["sections"]} >= {"character", "artist"}


def test_update_goes_on_where_it_was_cut_off(run, served):
    served.break_after = [100, 100, 100]  # every attempt of the first command
    first = run("vocabulary", "update", "--url", served.url)
    assert first.returncode == 1 and len(first.lines) == 1 and "run it again" in first.lines[0]
    assert first.stdout == b"" and not list((run.directory / "lists").glob("*.csv"))
    second = run("vocabulary", "update", "--url", served.url)
    assert second.returncode == 0 and b"16 tags" in second.stdout
    assert served.requests[-1]["Range"] == "bytes=300-"


def test_no_network_is_one_sentence(run):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/list.csv"
    done = run("vocabulary", "update", "--url", url)
    assert (done.returncode, done.stdout, len(done.lines)) == (1, b"", 1)
    assert url in done.lines[0] and done.lines[0].endswith(".")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--sha256", "0" * 64), "checksum"),
        (("--sha256", "xyz"), "no SHA-256"),
        (("--url", "list.csv"), "not http or https"),
    ],
)
def test_a_wrong_checksum_or_address_is_one_sentence(run, served, options, said):
    done = run("vocabulary", "update", "--url", served.url, *options)
    assert (done.returncode, len(done.lines)) == (1, 1) and said in done.lines[0]
    assert not list(run.directory.rglob("*.csv"))


def test_lookup_says_what_is_near(run):
    done = run("vocabulary", "lookup", "thighighs", "longhair")
    assert done.returncode == 0
    first, second = done.stdout.decode().splitlines()[:2]
    assert first.startswith("thighighs: unknown; near: thighhighs")
    assert second.startswith("longhair -> long hair: general (hair)")


def test_a_given_list_is_used_and_leaves_the_users_own_index_alone(run, tmp_path):
    extra = write_tag_list(tmp_path / "mine.csv", [("somebody_new", 4, 900, "")])
    run("vocabulary", "lookup", "1girl")
    own = sorted(run.directory.glob("index-*"))
    text = "smile, somebody new, 1girl"
    done = run("normalize", "--tags", extra, text)
    assert done.stdout == b"1girl, somebody new, smile\n"
    assert run("normalize", text).stdout == b"1girl, smile, somebody new\n"
    assert own and sorted(run.directory.glob("index-*")) == own


def test_a_given_list_that_is_not_there_is_one_sentence(run, tmp_path):
    done = run("normalize", "--tags", tmp_path / "gone.csv", "1girl")
    assert (done.returncode, done.stdout, len(done.lines)) == (1, b"", 1)
    assert "gone.csv" in done.lines[0]


def test_the_folder_can_be_chosen(run, tmp_path):
    chosen = tmp_path / "chosen"
    run("vocabulary", "lookup", "--directory", chosen, "1girl")
    report = json.loads(run("vocabulary", "status", "--directory", chosen, "--json").stdout)
    assert report["current"] and report["directory"] == str(chosen)
    assert not run.directory.exists()


@pytest.mark.parametrize("verb", [(), ("grow",), ("lookup",), ("update", "--what")])
def test_wrong_usage_is_exit_code_two(run, verb):
    assert run("vocabulary", *verb).returncode == 2


def test_normalize_starts_quickly_with_an_index(run):
    run("vocabulary", "lookup", "1girl")
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        run("normalize", "smile, 1girl")
        times.append(time.perf_counter() - begun)
    assert min(times) < 1.0  # 0.2 s on a machine that has nothing else to do
