"""Downloads against a loopback server: resuming, plain servers, changed files, checksums."""

import hashlib
import json
import random
from pathlib import Path

import pytest
from file_server import file_server
from ixl.core.download import ATTEMPTS, Interrupted, download
from ixl.core.vocabulary import commands
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.core.vocabulary.index import open_sources
from ixl.core.vocabulary.sources import Source
from tag_list import write_tag_list

CONTENT = random.Random(3).randbytes(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    with file_server() as running:
        running.content = CONTENT
        yield running


@pytest.fixture
def target(tmp_path):
    return tmp_path / "lists" / "list.csv"


def leftovers(target):
    return sorted(p.name for p in target.parent.iterdir() if p != target)


def test_download(server, target):
    steps = []
    got = download(server.url, target, DIGEST.upper(), lambda *step: steps.append(step))
    assert target.read_bytes() == CONTENT
    assert got == (target, len(CONTENT), DIGEST)
    assert steps == sorted(steps)
    assert steps[0] == (0, len(CONTENT))
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert leftovers(target) == []


@pytest.mark.parametrize("etag", ['"one"', ""])
@pytest.mark.parametrize("ranges", [True, False])
def test_an_interruption_is_gone_on_with(server, target, etag, ranges):
    server.etag, server.ranges = etag, ranges
    server.break_after = [100_000]
    download(server.url, target, DIGEST)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 2
    asked = server.requests[1].get("Range")
    assert asked == ("bytes=100000-" if etag else None)
    if etag:
        assert server.requests[1]["If-Range"] == etag


def test_after_too_many_interruptions_the_next_call_goes_on(server, target):
    server.break_after = [50_000] * ATTEMPTS
    with pytest.raises(Interrupted, match="broke off after 150000 of 300000 bytes"):
        download(server.url, target)
    assert not target.exists()
    assert leftovers(target) == ["list.csv.part", "list.csv.part.json"]
    steps = []
    download(server.url, target, DIGEST, lambda *step: steps.append(step))
    assert steps[0] == (150_000, 300_000)
    assert target.read_bytes() == CONTENT
    assert leftovers(target) == []


def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(server, target):
    server.break_after = [50_000] * ATTEMPTS
    with pytest.raises(Interrupted):
        download(server.url, target)
    server.content, server.etag = CONTENT[::-1], '"two"'
    download(server.url, target)
    assert target.read_bytes() == CONTENT[::-1]


def test_a_part_of_another_address_is_not_used(server, target):
    server.break_after = [50_000] * ATTEMPTS
    with pytest.raises(Interrupted):
        download(server.url, target)
    server.requests.clear()
    download(server.url + "?other", target)
    assert "Range" not in server.requests[0]


def test_a_server_that_sends_another_part_is_not_believed(server, target):
    server.break_after, server.wrong_range = [100_000], True
    download(server.url, target, DIGEST)
    assert target.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_starts_over(server, target):
    server.break_after = [200_000] + [0] * (ATTEMPTS - 1)
    with pytest.raises(Interrupted):
        download(server.url, target)
    server.content = CONTENT[:100_000]
    download(server.url, target)
    assert target.read_bytes() == CONTENT[:100_000]


def test_a_whole_part_is_finished(server, target):
    """Killed between the last byte and the renaming: nothing is left to ask for."""
    target.parent.mkdir()
    part = target.with_name("list.csv.part")
    part.write_bytes(CONTENT)
    notes = {"url": server.url, "version": '"one"', "total": len(CONTENT)}
    part.with_name("list.csv.part.json").write_text(json.dumps(notes))
    download(server.url, target, DIGEST)
    assert target.read_bytes() == CONTENT


def test_a_bad_checksum_is_thrown_away_and_the_old_file_stays(server, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match=f"checksum {DIGEST}, not {'0' * 64}"):
        download(server.url, target, "0" * 64)
    assert target.read_bytes() == b"old"
    assert leftovers(target) == []


def test_a_refused_content_is_thrown_away(server, target):
    def check(path):
        raise ValueError("not this")

    with pytest.raises(ValueError, match="not this"):
        download(server.url, target, check=check)
    assert leftovers(target) == []
    assert not target.exists()


def test_cancel_keeps_the_part(server, target):
    class Cancel(Exception):
        pass

    def on_step(done, total):
        if done >= 100_000:
            raise Cancel

    with pytest.raises(Cancel):
        download(server.url, target, on_step=on_step)
    assert leftovers(target) == ["list.csv.part", "list.csv.part.json"]
    download(server.url, target, DIGEST)
    assert server.requests[1]["Range"].startswith("bytes=")


def test_more_than_is_expected_is_refused(server, target):
    with pytest.raises(ValueError, match="larger than 0 MB"):
        download(server.url, target, largest=100_000)
    assert not target.exists()


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_of_the_server_is_said(server, target, status):
    server.status = status
    with pytest.raises(OSError, match=f"answered {status}"):
        download(server.url, target)
    assert len(server.requests) == 1


def test_nobody_there(target):
    with file_server() as stopped:
        url = stopped.url
    with pytest.raises(Interrupted, match="cannot be reached"):
        download(url, target)


@pytest.mark.parametrize(
    ("url", "sha256", "said"),
    [
        ("file:///etc/hostname", "", "not http or https"),
        ("ftp://127.0.0.1/x", "", "not http or https"),
        ("list.csv", "", "not http or https"),
        ("http://127.0.0.1/x", "abc", "no SHA-256 checksum"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(target, url, sha256, said):
    with pytest.raises(ValueError, match=said):
        download(url, target, sha256)
    assert not target.parent.exists()


def test_update_brings_a_list_that_the_next_opening_uses(server, tmp_path):
    server.content = write_tag_list(tmp_path / "served.csv").read_bytes()
    directory = tmp_path / "vocabulary"
    report = commands.update(directory, server.url)
    assert report["tags"] == 16
    assert report["sha256"] == hashlib.sha256(server.content).hexdigest()
    got = Path(report["file"])
    assert got == directory / "lists" / "list.csv"
    origin = json.loads((directory / "lists" / "list.csv.origin.json").read_text())
    assert origin["url"] == server.url
    opened = open_sources(directory, [Source(got.name, "list", (got,))])
    assert opened.lookup("hatsune miku").origin == "list.csv"


def test_update_refuses_what_is_no_tag_list(server, tmp_path):
    server.content = b"<html>\n<p>Sign in</p>\n</html>\n" * 50
    with pytest.raises(ValueError, match="tag list"):
        commands.update(tmp_path, server.url)
    assert list((tmp_path / "lists").iterdir()) == []


def test_lookup_report_and_text():
    answers = commands.lookup(
        curated_vocabulary(), ["Long_Hair", "thighighs", "black headwear", "doctor", "bangs"]
    )
    assert [a["known"] for a in answers] == [True, False, True, True, True]
    assert answers[1]["nearest"][0] == "thighhighs"
    json.dumps(answers)
    text = commands.lookup_text(answers)
    assert "long hair: general (hair), from curated" in text
    assert "thighighs: unknown; near: thighhighs" in text
    assert "black headwear -> black hat: general (accessory), from curated" in text
    assert "older models learned it as: black headwear" in text
    assert "deprecated" in text
