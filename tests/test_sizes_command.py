"""The command `sizes` as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments):
    return subprocess.run([sys.executable, ROOT, "sizes", *arguments], capture_output=True)


def test_sizes_are_listed_for_people_and_for_programs():
    found = json.loads(run("--json", "--profile", "illustrious-v0.1").stdout)
    one = next(s for s in found if (s["width"], s["height"]) == (832, 1216))
    assert one == {
        "area": "1024x1024", "width": 832, "height": 1216, "ratio": "about 2:3",
        "share_of_area": 0.9648, "within": "native",
    }  # fmt: skip
    lines = run("--profile", "illustrious-v0.1").stdout.decode().splitlines()
    assert len(lines) == len(found) + 1
    assert any(line.split()[:2] == ["1024x1024", "832x1216"] for line in lines)


def test_bad_wishes_end_with_one_sentence_and_1():
    for arguments, words in (
        (("--profile", "nothing"), "There is no profile 'nothing'; it must be one of"),
        (("--step-px", "16"), "step_px is 16; it must be 64 or 32."),
    ):
        done = run(*arguments)
        said = done.stderr.decode().splitlines()
        assert (done.returncode, done.stdout, len(said)) == (1, b"", 1)
        assert words in said[0]
