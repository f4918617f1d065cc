"""Containers: every text comes back from every format, pixels are not touched, no file crashes.

Oracles: Pillow for EXIF, XMP and pixels; the PNG chunks by their specification.
"""

import io
import json
import struct
import time
import zlib

import infotext
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ixl.core.metadata import exif, jpeg, picture, png, xmp
from ixl.core.metadata.encode import Encoding, encode
from ixl.core.metadata.found import MOST_TEXT, UnreadablePicture
from ixl.core.metadata.read import OURS, understand
from ixl.core.metadata.texts import texts_of
from picture_strategies import prompts, records, texts
from PIL import Image

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (24, 32, 3), dtype=np.uint8)
WORKFLOW = json.dumps({"nodes": [{"type": "ünï", "widgets": ["🙂"]}]})
PROMPT = json.dumps({"1": {"class_type": "X", "inputs": {"text": 'a "b" \\ \u2028'}}})


def plain(kind: str, **more) -> bytes:
    """A file without metadata."""
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, kind.upper(), **more)
    return out.getvalue()


PLAIN = {kind: plain(kind) for kind in picture.FORMATS}


def open_picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def read(data: bytes) -> picture.Found:
    return picture.read(io.BytesIO(data))


@pytest.mark.parametrize("kind", picture.FORMATS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=records)
def test_every_record_comes_back_from_every_format(kind, record):
    written = texts_of(record, {"prompt": PROMPT, "workflow": WORKFLOW})
    found = read(encode(PIXELS, Encoding(kind, 80), written))
    assert (found.format, found.width, found.height, found.problems) == (kind, 32, 24, ())
    back = picture.texts(found)
    assert [back[name] for name in ("ixl", "prompt", "workflow")] == [
        written[name] for name in ("ixl", "prompt", "workflow")
    ]
    reading = understand(found)
    assert reading.source == OURS
    assert reading.record == record._replace(picture=(32, 24))
    assert not reading.notes


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@settings(deadline=None)
@given(text=prompts)
def test_every_text_comes_back_and_pixels_stay(kind, text):
    data = picture.with_texts(PLAIN[kind], {"parameters": text})
    assert picture.texts(read(data)).get("parameters", "") == (
        text if kind == "png" else text.rstrip("\0")
    )
    with open_picture(data) as new, open_picture(PLAIN[kind]) as old:
        assert np.array_equal(np.asarray(new), np.asarray(old))


@settings(deadline=None)
@given(texts)
def test_png_texts_are_what_the_specification_says(text):
    data = picture.with_texts(PLAIN["png"], {"parameters": text, "prompt": PROMPT})
    found = infotext.png_texts(data)
    assert (found["parameters"], found["prompt"]) == (text, PROMPT)
    with open_picture(data) as opened:
        assert opened.info["parameters"] == text  # A1111 reads it so


@pytest.mark.parametrize("kind", picture.FORMATS)
def test_exif_is_what_a1111_and_comfyui_read(kind):
    text = "1girl, ünï 🙂\nNegative prompt: b\nSteps: 1, Seed: 2, Size: 3x4"
    written = {"parameters": text, "prompt": PROMPT, "workflow": WORKFLOW, "ixl": "{}"}
    with open_picture(encode(PIXELS, Encoding(kind), written)) as opened:
        found = opened.getexif()
        inner = found.get_ifd(0x8769)
    assert infotext.user_comment(inner) == text
    if kind != "png":  # ComfyUI reads the text chunks there
        assert found[0x0110] == f"prompt:{PROMPT}"
        assert found[0x010F] == f"workflow:{WORKFLOW}"


def test_user_comment_has_the_type_that_piexif_takes_for_bytes():
    data = exif.with_texts(b"", {"parameters": "abc"})
    assert exif.read(data).exif[0x9286].kind == 7  # UNDEFINED, Exif 2.32 table 8


@pytest.mark.parametrize("order", ["<", ">"])
def test_other_exif_is_kept(order):
    old = exif.write(
        exif.Directories(
            order,
            {
                0x0112: exif.Entry(3, 1, struct.pack(f"{order}H", 6)),
                0x010F: exif.Entry(2, 6, b"Canon\0"),
            },
            {0x829A: exif.Entry(5, 1, struct.pack(f"{order}II", 1, 250))},
            {1: exif.Entry(2, 2, b"N\0")},
        )
    )
    made = Image.Exif()
    made.load(exif.with_texts(old, {"parameters": "x", "ixl": "{}"}))
    assert (made[0x0112], made[0x010F]) == (6, "Canon")
    assert made.get_ifd(0x8769)[0x829A] == 1 / 250
    assert made.get_ifd(0x8825)[1] == "N"
    # a picture that is shown turned stays turned
    data = picture.with_texts(plain("jpeg", exif=exif.HEAD + old), {"parameters": "x"})
    with open_picture(data) as opened:
        assert opened.getexif()[0x0112] == 6


@pytest.mark.parametrize(
    ("comment", "order"),
    [
        (b"UNICODE\0" + "häßlich, 雨".encode("utf-16-be"), ">"),
        (b"UNICODE\0" + "häßlich, 雨".encode("utf-16-le"), "<"),
        (b"UNICODE\0" + "häßlich, 雨".encode("utf-16-be"), "<"),  # A1111 by piexif in a "II" file
        (b"UNICODE\0" + "häßlich, 雨".encode("utf-16"), ">"),
        (b"ASCII\0\0\0" + "häßlich, 雨".encode(), ">"),
        (b"\0" * 8 + "häßlich, 雨".encode(), ">"),
        ("häßlich, 雨".encode(), ">"),
    ],
)
def test_comments_of_other_writers(comment, order):
    entry = exif.Entry(7, len(comment), comment)
    data = exif.write(exif.Directories(order, {}, {0x9286: entry}, {}))
    assert exif.texts_of(data)["parameters"] == "häßlich, 雨"


def test_xmp_is_put_into_a_packet_of_another_program():
    other = (
        b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
        b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc='
        b'"http://purl.org/dc/elements/1.1/" dc:format="image/png"/></rdf:RDF></x:xmpmeta>'
    )
    once = xmp.with_texts(other, {"parameters": "a <b> & c", "ixl": "{}"})
    assert xmp.texts_of(once) == {"parameters": "a <b> & c", "ixl": "{}"}
    assert b'dc:format="image/png"' in once
    twice = xmp.with_texts(once, {"ixl": "{1}"})
    assert xmp.texts_of(twice) == {"ixl": "{1}"} and twice.count(b"xmlns:ixl") == 1
    assert xmp.with_texts(twice, {}) == other
    assert xmp.with_texts(xmp.with_texts(b"", {"ixl": "{}"}), {}) == b""


def test_xml_with_entities_is_not_read():
    bomb = b'<!DOCTYPE a [<!ENTITY b "cccccccc">]><a>&b;</a>'
    assert xmp.texts_of(bomb) == {}


def test_a_jpeg_takes_what_does_not_fit_a_segment():
    """EXIF of a JPEG ends at 64 KiB; XMP goes on in further segments."""
    long = {"parameters": "雨" * 50_000, "prompt": PROMPT, "workflow": json.dumps(["x" * 300_000])}
    data = picture.with_texts(PLAIN["jpeg"], long)
    back = picture.texts(read(data))
    assert back == long
    with open_picture(data) as opened:
        opened.load()
    short = picture.texts(read(picture.with_texts(data, {"parameters": "y"})))
    assert short == {"parameters": "y"}
    middle = long | {"parameters": "a1111 reads this"}  # workflows go, parameters stay in EXIF
    with open_picture(picture.with_texts(PLAIN["jpeg"], middle)) as opened:
        assert infotext.user_comment(opened.getexif().get_ifd(0x8769)) == "a1111 reads this"


def test_a_webp_with_transparency_and_one_without_loss_stay_what_they_are():
    pixels = np.dstack([PIXELS, RNG.integers(0, 256, (24, 32), dtype=np.uint8)])
    for lossless in (True, False):
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "WEBP", lossless=lossless, exact=True)
        data = picture.with_texts(out.getvalue(), {"parameters": "x"})
        with open_picture(data) as new, open_picture(out.getvalue()) as old:
            assert new.mode == "RGBA"
            assert np.array_equal(np.asarray(new), np.asarray(old))
            assert not lossless or np.array_equal(np.asarray(new), pixels)


def test_an_animated_webp_keeps_its_frames():
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=50)
    data = picture.with_texts(out.getvalue(), {"parameters": "x"})
    with open_picture(data) as opened:
        assert opened.n_frames == 2
    assert picture.texts(read(data)) == {"parameters": "x"}


def test_other_chunks_of_a_png_stay():
    out = io.BytesIO()
    Image.fromarray(PIXELS).quantize(16).save(out, "PNG", dpi=(300, 300), transparency=0)
    data = picture.with_texts(out.getvalue(), {"parameters": "x"})
    assert picture.with_texts(data, {"parameters": "x"}) == data
    with open_picture(data) as new, open_picture(out.getvalue()) as old:
        assert new.info["transparency"] == old.info["transparency"]
        assert new.info["dpi"] == old.info["dpi"]
        assert np.array_equal(np.asarray(new), np.asarray(old))


def test_an_avif_is_not_encoded_anew():
    with pytest.raises(UnreadablePicture, match="without encoding its pixels anew; copy to PNG"):
        picture.with_texts(PLAIN["avif"], {"parameters": "x"})


def test_without_the_codec_there_is_a_sentence(monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    with pytest.raises(UnreadablePicture, match="no AVIF codec; install a newer one"):
        read(PLAIN["avif"])
    with pytest.raises(UnreadablePicture, match="no AVIF codec"):
        encode(PIXELS, Encoding("avif"), {})


def full(kind: str) -> bytes:
    written = {"parameters": "a 雨", "prompt": PROMPT, "workflow": WORKFLOW, "ixl": "{}"}
    return encode(PIXELS, Encoding(kind), written)


FULL = {kind: full(kind) for kind in picture.FORMATS}


def check_sound(data: bytes) -> None:
    """Reading ends with content or one sentence; so does writing."""
    try:
        understand(read(data))
        picture.with_texts(data, {"parameters": "new"})
    except UnreadablePicture as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("kind", picture.FORMATS)
def test_files_cut_off_anywhere(kind):
    for end in range(0, len(FULL[kind]), 7 if kind != "avif" else 41):
        check_sound(FULL[kind][:end])


@pytest.mark.parametrize("kind", picture.FORMATS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_files_with_wrong_bytes(kind, data):
    content = bytearray(FULL[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    check_sound(bytes(content))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_damaged_exif(content):
    for head in (b"", b"II*\0", b"MM\0*", b"II*\0\x08\0\0\0"):
        found = exif.read(head + content)
        assert exif.read(exif.write(found)) == found or not (found.main or found.exif or found.gps)
        exif.texts_of(head + content)


@settings(deadline=None)
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_damaged_xmp(before, after):
    packet = xmp.with_texts(b"", {"ixl": "{}", "parameters": "x"})
    xmp.texts_of(before + packet[: len(packet) // 2] + after)
    xmp.with_texts(before + after, {"ixl": "{}"})


def test_text_that_would_unpack_to_gigabytes_is_not_read():
    packed = zlib.compress(b"a" * (MOST_TEXT + 1), 9)
    chunk = png._chunk(b"zTXt", b"parameters\0\0" + packed)
    found = read(PLAIN["png"][:33] + chunk + PLAIN["png"][33:])
    assert found.texts == {}
    assert found.problems[0].startswith("The text 'parameters' has ")


def test_a_huge_chunk_is_passed_over():
    head = struct.pack(">I4s", MOST_TEXT + 1, b"tEXt")
    found = read(
        PLAIN["png"][:33] + head + b"parameters\0" + bytes(MOST_TEXT - 6) + PLAIN["png"][33:]
    )
    assert found.problems and "was not read" in found.problems[0]


def test_a_header_that_claims_a_huge_picture_costs_nothing():
    ihdr = png._chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0))
    start = time.process_time()
    found = read(PLAIN["png"][:8] + ihdr + PLAIN["png"][33:])
    assert found.width == 2**31 - 1 and time.process_time() - start < 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"GIF89a" + bytes(40), "no picture of a known kind"),
        (b"\xff\xd8\xff\xd9", "cut off"),
        (png.SIGNATURE, "cut off"),
        (b"RIFF\0\0\0\0WEBP", "cut off"),
        (b"\0\0\0\x20ftypavif" + bytes(40), "damaged"),
    ],
)
def test_files_that_are_no_pictures_get_a_sentence(data, words):
    with pytest.raises(UnreadablePicture, match=words):
        read(data)


def test_a_jpeg_with_garbage_ends_at_once():
    start = time.process_time()
    with pytest.raises(UnreadablePicture):
        read(b"\xff\xd8\xff\xe0\0\x04ab" + bytes(5_000_000))
    assert time.process_time() - start < 1
    assert jpeg.fits(b"x" * 60_000) and not jpeg.fits(b"x" * 65_530)
