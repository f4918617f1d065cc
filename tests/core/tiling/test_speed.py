"""Remembered speeds: per device, fading, and never a reason to fail."""

import pytest
from ixl.core.tiling.speed import FILE, duration, read_speed, record_speed


def test_a_measured_speed_is_read_back_per_device(tmp_path):
    record_speed(tmp_path, "cuda:0 A", 100.0, 4.0)
    record_speed(tmp_path, "cpu", 1.0, 10.0)
    assert read_speed(tmp_path, "cuda:0 A") == pytest.approx(25.0)
    assert read_speed(tmp_path, "cpu") == pytest.approx(0.1)
    assert read_speed(tmp_path, "mps") is None
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_the_newest_run_counts_half(tmp_path):
    record_speed(tmp_path, "cpu", 16.0, 1.0)
    record_speed(tmp_path, "cpu", 4.0, 1.0)
    assert read_speed(tmp_path, "cpu") == pytest.approx(8.0)  # geometric mean


@pytest.mark.parametrize("content", [b"", b"[]", b'{"cpu": "fast"}', b'{"cpu": -1}', b"\xff"])
def test_a_damaged_file_is_no_speed(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert read_speed(tmp_path, "cpu") is None
    record_speed(tmp_path, "cpu", 3.0, 1.0)
    assert read_speed(tmp_path, "cpu") == pytest.approx(3.0)


def test_runs_of_no_length_are_not_counted(tmp_path):
    record_speed(tmp_path, "cpu", 0.0, 1.0)
    record_speed(tmp_path, "cpu", 1.0, 0.0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")],
)
def test_durations_as_people_say_them(seconds, text):
    assert duration(seconds) == text
