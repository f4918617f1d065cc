"""Identity: the safetensors library writes the files, hashlib and its own reader are the oracle."""

import hashlib
import json
import struct
from pathlib import Path

import pytest
from ixl.core.checkpoint.hashing import sha256, sha256_cached
from ixl.core.checkpoint.header import DamagedFile, read_header
from ixl.core.checkpoint.identity import identify, profile_of
from ixl.core.checkpoint.official import OFFICIAL_FILES
from ixl.core.checkpoint.profiles import PROFILES
from safetensors import safe_open

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

SDXL_KEYS = (
    "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight",
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight",
)


@pytest.fixture
def checkpoint(tmp_path):
    def make(*keys, name="model.safetensors", metadata=None):
        path = tmp_path / name
        save_file({k: torch.ones(4, 2) for k in keys}, path, metadata)
        return str(path)

    return make


def test_header_equals_the_librarys(checkpoint):
    path = checkpoint(*SDXL_KEYS, metadata={"modelspec.title": "x"})
    header = read_header(path)
    with safe_open(path, "pt") as reference:
        assert set(header.tensors) == set(reference.keys())
        assert header.metadata == reference.metadata()
    assert set(header.tensors.values()) == {("F32", (4, 2))}


def test_every_truncation_is_damage(checkpoint):
    path = checkpoint(*SDXL_KEYS)
    whole = Path(path).read_bytes()
    for cut in range(len(whole)):
        with open(path, "wb") as file:
            file.write(whole[:cut])
        with pytest.raises(DamagedFile):
            read_header(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04" + b"\0" * 100,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 4) + b"null",
        struct.pack("<Q", 12) + b'{"a": "b"}  ',
        struct.pack("<Q", 3) + b"\xff\xfe\xfd",
        struct.pack("<Q", 200_000) + b"[" * 200_000,
        struct.pack("<Q", 57) + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}  ',
    ],
)
def test_damage_is_one_sentence(tmp_path, content):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    identity = identify(str(path))
    assert not identity.ok
    assert identity.problem.endswith(".") and "Traceback" not in identity.problem
    with pytest.raises(ValueError, match="bad.safetensors"):
        profile_of(identity)


def test_an_official_hash_is_certain(checkpoint):
    path = checkpoint(*SDXL_KEYS)
    for digest, official in OFFICIAL_FILES.items():
        identity = identify(path, hasher=lambda *_, d=digest: d)
        assert identity.certainty == "certain"
        assert identity.version == official.version
        assert PROFILES[identity.profile].objective == "epsilon"


def test_an_unknown_sdxl_file_is_plain_sdxl(checkpoint):
    path = checkpoint(*SDXL_KEYS)
    identity = identify(path)
    assert (identity.ok, identity.family, identity.certainty) == (True, "sdxl", "likely")
    assert identity.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert profile_of(identity).id == "sdxl"


def test_marker_tensors_decide_the_objective(checkpoint):
    identity = identify(checkpoint(*SDXL_KEYS, "v_pred", "ztsnr"))
    assert (identity.objective, identity.zero_terminal_snr) == ("v-prediction", True)


def test_another_architecture_is_named(checkpoint):
    path = checkpoint(
        "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
    )
    identity = identify(path)
    assert not identity.ok
    assert "Stable Diffusion 1.x" in identity.problem


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_no_file(tmp_path, what):
    path = tmp_path / "nothing.safetensors" if what == "missing" else tmp_path
    identity = identify(str(path))
    assert not identity.ok and identity.problem.endswith(".")


def test_json_form_has_the_contract_fields(checkpoint):
    fields = json.loads(json.dumps(identify(checkpoint(*SDXL_KEYS)).as_dict()))
    assert {
        "file", "ok", "family", "version", "objective", "zero_terminal_snr", "sha256",
        "certainty", "evidence", "problem",
    } <= set(fields)  # fmt: skip


def test_hash_is_remembered_until_the_file_changes(tmp_path):
    path, cache = tmp_path / "file.bin", tmp_path / "cache.json"
    path.write_bytes(b"a" * 1000)
    reads = []
    first = sha256_cached(str(path), str(cache), lambda *step: reads.append(step))
    assert first == hashlib.sha256(b"a" * 1000).hexdigest() and reads
    reads.clear()
    assert sha256_cached(str(path), str(cache), lambda *step: reads.append(step)) == first
    assert not reads
    path.write_bytes(b"b" * 1001)
    assert sha256_cached(str(path), str(cache)) == hashlib.sha256(b"b" * 1001).hexdigest()
    cache.write_text("{broken")
    assert sha256_cached(str(path), str(cache)) == hashlib.sha256(b"b" * 1001).hexdigest()


def test_hashing_can_be_cancelled(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"a" * 1000)

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sha256(str(path), cancel)
