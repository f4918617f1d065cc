"""Save Image and Load Image With Prompt in ComfyUI's own executor, with texts of a foreign node."""

import hashlib
import io
import json
from pathlib import Path

import graphs
import infotext
import numpy as np
import pytest
import tiny
from PIL import Image

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")
SAVER = {"filename_prefix": "x", "format": "png", "quality": 90, "lossless": False,
         "embed_workflow": True, "hashes": True, "sidecar": False}  # fmt: skip
TEXTS: list[str] = []


class ForeignWildcard:
    """A node as other packs have them: its text is another one every time it runs."""

    INPUT_TYPES = classmethod(lambda cls: {"required": {"text": ("STRING", {})}})
    RETURN_TYPES, FUNCTION, CATEGORY = ("STRING",), "run", "test"

    @classmethod
    def IS_CHANGED(cls, text):
        return float("nan")

    def run(self, text):
        TEXTS.append(f"{text} {len(TEXTS)}, ünï 🙂")
        return (TEXTS[-1],)


class ForeignList:
    """Several texts, one for each run of what follows."""

    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES, FUNCTION, CATEGORY = ("STRING",), "run", "test"
    OUTPUT_IS_LIST = (True,)

    def run(self):
        return (["first", "second"],)


class ForeignSized:
    """A latent whose size no input tells."""

    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES, FUNCTION, CATEGORY = ("LATENT",), "run", "test"

    def run(self):
        return ({"samples": torch.zeros(1, 4, 16, 24)},)


class Attaching:
    """What this pack's loaders do: say on the MODEL which files it is made of."""

    INPUT_TYPES = classmethod(lambda cls: {"required": {"model": ("MODEL", {})}})
    RETURN_TYPES, FUNCTION, CATEGORY = ("MODEL",), "run", "test"

    def run(self, model):
        from ixl.core.checkpoint import loaded

        model = model.clone()
        checkpoint = loaded.LoadedCheckpoint("mine.safetensors", "", "ab" * 32, "illustrious-v1.0")
        lora = loaded.LoadedLora("style.safetensors", "", 0.7, 0.6, "cd" * 32, "ef" * 32)
        model.set_attachments(loaded.CHECKPOINT_KEY, checkpoint)
        model.set_attachments(loaded.LORAS_KEY, (lora,))
        return (model,)


@pytest.fixture(scope="module")
def executor(comfy):
    """`executor.Executor`, with the pack's and the test's nodes in ComfyUI's table."""
    from comfy_extras import nodes_string
    from executor import Executor
    from ixl.nodes.load_image import IXLLoadImage
    from ixl.nodes.save_image import IXLSaveImage

    import nodes

    added = {
        "IXLSaveImage": IXLSaveImage,
        "IXLLoadImage": IXLLoadImage,
        "StringConcatenate": nodes_string.StringConcatenate,
        "ForeignWildcard": ForeignWildcard,
        "ForeignList": ForeignList,
        "ForeignSized": ForeignSized,
        "IXLLoadAttached": Attaching,
    }
    nodes.NODE_CLASS_MAPPINGS.update(added)
    yield Executor
    for name in added:
        del nodes.NODE_CLASS_MAPPINGS[name]


@pytest.fixture(scope="module")
def run(executor):
    """Runs in one executor that keeps the checkpoint; the wildcard lets each prompt run anew."""
    return executor("LRU", 200).run


@pytest.fixture
def folder(comfy):
    """ComfyUI's output folder, empty."""
    import folder_paths

    path = Path(folder_paths.get_output_directory())
    for file in path.rglob("*"):
        if file.is_file():
            file.unlink()
    return path


def node(class_type: str, **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs}


def workflow(**saver) -> dict:
    """A picture of a foreign node's text, saved by node 8; node 7 is ComfyUI's own saver."""
    prompt = graphs.text_to_image(seed=2**40 + 3, px=64, steps=1)
    prompt["2"]["inputs"]["text"] = ["9", 0]
    prompt["9"] = node("StringConcatenate", string_a=["10", 0], string_b="solo", delimiter=", ")
    prompt["10"] = node("ForeignWildcard", text="1girl")
    prompt["8"] = node("IXLSaveImage", images=["6", 0], **{**SAVER, **saver})
    return prompt


def read_one(folder: Path, done, saver: str = "8"):
    from ixl.core.metadata.read import read_picture

    (image,) = done.outputs[saver]["images"]
    return read_picture(str(folder / image["subfolder"] / image["filename"]))


@pytest.mark.parametrize(
    ("kind", "lru"), [("CLASSIC", 0), ("LRU", 100), ("LRU", 1), ("NONE", 0), ("RAM_PRESSURE", 0)]
)
def test_the_prompt_is_the_one_that_was_drawn_and_nothing_runs_twice(executor, folder, kind, lru):
    runner = executor(kind, lru)
    for turn in range(2):
        del TEXTS[:]
        done = runner.run(workflow(), ["7", "8"])
        assert done.error is None
        assert len(done.executed) == len(set(done.executed))
        assert len(TEXTS) == 1 and "8" in done.executed and (turn or len(done.executed) == 10)
        found, reading = read_one(folder, done)
        assert reading.record.positive == f"{TEXTS[0]}, solo"
        assert reading.record.first.seed == 2**40 + 3
    del TEXTS[:]


def test_a_prompt_that_is_queued_again_shows_the_same_files(executor, folder):
    prompt = workflow()
    prompt["10"] = node("StringConcatenate", string_a="a", string_b="b", delimiter="")
    runner = executor("RAM_PRESSURE")
    first = runner.run(json.loads(json.dumps(prompt)), ["7", "8"])
    second = runner.run(json.loads(json.dumps(prompt)), ["7", "8"])
    assert second.executed == [] and second.outputs["8"] == first.outputs["8"]
    assert len(list(folder.iterdir())) == 2
    prompt["8"]["inputs"]["format"] = "webp"  # only the saver runs
    assert runner.run(prompt, ["7", "8"]).executed == ["8"]


def test_files_say_what_a1111_comfyui_and_we_read(run, folder):
    prompt = workflow()
    queued = json.loads(json.dumps(prompt))
    extra = {"workflow": {"nodes": [{"id": 8}]}}
    done = run(prompt, ["7", "8"], extra)
    (image,) = done.outputs["8"]["images"]
    assert image["type"] == "output" and image["filename"] == "x_00001_.png"
    data = (folder / "x_00001_.png").read_bytes()
    texts = infotext.png_texts(data)
    assert json.loads(texts["workflow"]) == extra["workflow"]
    assert json.loads(texts["prompt"]) == queued  # without the links that the saver got
    a1111 = infotext.parse_a1111(texts["parameters"])
    sha = hashlib.sha256(tiny.tiny_file(tiny.CHECKPOINT).read_bytes()).hexdigest()
    assert (a1111["Prompt"], a1111["Negative prompt"]) == (f"{TEXTS[-1]}, solo", "lowres")
    assert (a1111["Seed"], a1111["Size"], a1111["Sampler"]) == (str(2**40 + 3), "64x64", "Euler")
    assert a1111["Model hash"] == sha[:10]
    # the pixels are those of ComfyUI's own saver
    with Image.open(folder / "test_00001_.png") as theirs, Image.open(io.BytesIO(data)) as ours:
        assert np.array_equal(np.asarray(theirs), np.asarray(ours))
    _, reading = read_one(folder, done)
    items = [item for section in reading.record.sections for item in section["items"]]
    assert sorted(items) == sorted([*TEXTS[-1].split(", "), "solo"])
    assert reading.record.of_kind("model")[0].sha256 == sha


@pytest.mark.parametrize("kind", ["webp", "jpeg", "avif"])
def test_other_formats(run, folder, kind):
    prompt = workflow(format=kind, lossless=True, sidecar=True, filename_prefix="sub/%seed%")
    done = run(prompt, ["8"], {"workflow": {"nodes": []}})
    found, reading = read_one(folder, done)
    assert done.outputs["8"]["images"][0]["subfolder"] == "sub"
    assert (found.format, found.width, found.height) == (kind, 64, 64)
    assert reading.record.positive == f"{TEXTS[-1]}, solo" and reading.record.first.steps == 1
    assert {path.suffix for path in (folder / "sub").iterdir()} >= {".json"}


def test_loras_of_loaders_with_strengths_and_hashes(run, folder):
    prompt = workflow()
    prompt["11"] = node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name=tiny.LORA,
                        strength_model=0.8, strength_clip=0.8)  # fmt: skip
    prompt["5"]["inputs"]["model"] = ["11", 0]
    done = run(prompt, ["8"])
    _, reading = read_one(folder, done)
    content = tiny.tiny_file(tiny.LORA).read_bytes()
    data = content[8 + int.from_bytes(content[:8], "little") :]
    (lora,) = reading.record.of_kind("lora")
    assert (lora.name, lora.strength_model, lora.strength_clip) == (tiny.LORA, 0.8, 0.8)
    assert lora.sha256 == hashlib.sha256(content).hexdigest()
    assert lora.data_sha256 == hashlib.sha256(data).hexdigest()  # AutoV3
    a1111 = infotext.parse_a1111(reading.parameters)
    assert a1111["Prompt"].endswith(", <lora:tiny-lora:0.8>")
    assert a1111["Lora hashes"] == f"tiny-lora: {hashlib.sha256(data).hexdigest()[:12]}"


def test_what_loaders_of_this_pack_say_on_the_model(run, folder):
    prompt = workflow()
    prompt["11"] = node("IXLLoadAttached", model=["1", 0])
    prompt["5"]["inputs"]["model"] = ["11", 0]
    _, reading = read_one(folder, run(prompt, ["8"]))
    record = reading.record
    assert record.profile == "illustrious-v1.0"
    assert record.of_kind("model")[0] == ("model", "mine.safetensors", "ab" * 32, "", None, None)
    assert record.of_kind("lora")[0].strength_clip == 0.6
    # the same model connected by hand, in place of the sampler's
    prompt = workflow()
    prompt["11"] = node("IXLLoadAttached", model=["1", 0])
    prompt["8"]["inputs"] |= {"model": ["11", 0], "positive": ["12", 0]}
    prompt["12"] = node("StringConcatenate", string_a="mine", string_b="", delimiter="")
    done = run(prompt, ["8"])
    _, reading = read_one(folder, done)
    assert reading.record.of_kind("model")[0].name == "mine.safetensors"
    assert (reading.record.positive, reading.record.negative) == ("mine", "lowres")


def test_a_workflow_of_this_packs_nodes_alone(run, folder):
    """Prompt builder, loaders and settings: everything that the file says comes over links."""
    from ixl.nodes import node_classes
    from ixl.tools.workflow import load_workflow

    import nodes

    made = load_workflow("text-to-image").api
    kinds = {one["class_type"]: key for key, one in made.items()}
    del made[kinds["PreviewAny"]]
    made[kinds["IXLLoadCheckpoint"]]["inputs"]["checkpoint"] = tiny.CHECKPOINT
    size = {"aspect_ratio": "custom", "custom_width": 256, "custom_height": 320}
    made[kinds["IXLResolution"]]["inputs"] |= size
    settings = made[kinds["IXLSamplerDefaults"]]["inputs"]
    made["lora"] = node("IXLLoadLora", model=settings["model"], lora_1=tiny.LORA,
                        strength_model_1=0.7, strength_clip_1=1.0)  # fmt: skip
    settings |= {"model": ["lora", 0], "steps": 1}
    saver = kinds["IXLSaveImage"]
    known = nodes.NODE_CLASS_MAPPINGS
    added = {one.__name__: one for one in node_classes() if one.__name__ not in known}
    known.update(added)
    try:
        done = run(made, [saver])
    finally:
        for name in added:
            del known[name]
    assert done.error is None, done.error
    found, reading = read_one(folder, done, saver)
    record = reading.record
    assert (record.width, record.height, found.width, found.height) == (256, 320, 256, 320)
    assert record.positive.startswith("1girl, ") and "masterpiece" in record.positive
    assert (
        record.negative
        and record.first.sampler in known["KSampler"].INPUT_TYPES()["required"]["sampler_name"][0]
    )
    assert (record.first.steps, record.first.denoise) == (1, 1.0) and record.first.cfg > 1
    assert record.first.scheduler not in ("", "automatic")
    assert record.sections[0]["name"] == "person count" and record.profile
    (model,), (lora,) = record.of_kind("model"), record.of_kind("lora")
    assert (model.name, lora.name) == (tiny.CHECKPOINT, tiny.LORA)
    assert lora.strength_model == 0.7
    assert len(model.sha256) == len(lora.sha256) == len(lora.data_sha256) == 64


def test_lists_give_each_picture_its_own_text_and_batches_their_place(run, folder):
    from ixl.core.metadata.read import read_picture

    prompt = workflow()
    prompt["9"] = node("ForeignList")
    prompt["4"]["inputs"]["batch_size"] = 2
    done = run(prompt, ["8"])
    files = [folder / one["filename"] for one in done.outputs["8"]["images"]]
    records = [read_picture(str(file))[1].record for file in files]
    assert [record.positive for record in records] == ["first", "first", "second", "second"]
    assert [record.batch for record in records] == [(0, 2), (1, 2), (0, 2), (1, 2)]
    assert len({file.read_bytes() for file in files}) == 4


def test_the_size_is_asked_of_the_latent_where_no_input_tells_it(run, folder):
    prompt = workflow()
    prompt["4"] = node("ForeignSized")
    _, reading = read_one(folder, run(prompt, ["8"]))
    assert (reading.record.width, reading.record.height) == (192, 128)


def test_disable_metadata(run, folder, monkeypatch):
    from comfy.cli_args import args

    monkeypatch.setattr(args, "disable_metadata", True)
    done = run(workflow(), ["8"], {"workflow": {}})
    assert infotext.png_texts((folder / "x_00001_.png").read_bytes()) == {}
    assert read_one(folder, done)[1].source == ""


def test_without_workflow_and_hashes(run, folder):
    done = run(workflow(embed_workflow=False, hashes=False), ["8"], {"workflow": {}})
    texts = infotext.png_texts((folder / "x_00001_.png").read_bytes())
    assert not {"workflow", "prompt"} & set(texts)
    assert read_one(folder, done)[1].record.of_kind("model")[0].sha256 == ""


def test_a_prompt_that_nobody_linked_is_read_off_the_graph(run, folder, monkeypatch):
    """ComfyUI without its server, or with one that has no handlers."""
    monkeypatch.setattr("ixl.nodes._metadata.link_savers", lambda queued: queued)
    done = run(workflow(), ["8"])
    assert done.error is None
    record = read_one(folder, done)[1].record
    assert (record.positive, record.first.steps) == ("1girl, solo", 1)


def test_pictures_that_no_sampler_drew(run, folder):
    prompt = {"4": node("EmptyImage", width=16, height=16, batch_size=1, color=0),
              "8": node("IXLSaveImage", images=["4", 0], **SAVER)}  # fmt: skip
    done = run(prompt, ["8"])
    assert done.error is None
    assert read_one(folder, done)[1].record.picture == (16, 16)


def test_errors_are_one_sentence_on_the_saver(run, folder):
    saver = node("IXLSaveImage", images=["4", 0], **{**SAVER, "format": "webp"})
    prompt = {"4": node("EmptyImage", width=16384, height=8, batch_size=1, color=0), "8": saver}
    error = run(prompt, ["8"]).error
    assert error["node_id"] == "8"
    assert "16384 x 8 px; webp allows 16383 px on a side. Choose png." in error["exception_message"]
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def load_core(name: str):
    import nodes

    return nodes.LoadImage().load_image(name)


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg", "avif", "gif", "animated", "turned"])
def test_pictures_are_loaded_as_load_image_does(comfy, tmp_path, kind):
    import folder_paths
    from ixl.nodes.load_image import IXLLoadImage

    pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    name = {"animated": "a.webp", "turned": "t.jpg"}.get(kind, f"p.{kind}")
    path = Path(folder_paths.get_input_directory()) / name
    if kind == "animated":
        picture.save(path, save_all=True, append_images=[picture.rotate(180)])
    elif kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 6
        picture.convert("RGB").save(path, exif=exif)
    else:
        picture.convert("RGB" if kind in ("jpeg", "gif") else "RGBA").save(path)
    found = comfy.run_node(IXLLoadImage, image=name).args
    pixels, mask = load_core(name)
    assert torch.equal(found[0], pixels) and torch.equal(found[1], mask)
    assert found[2:4] == ("", "") and found[4] == 0
    assert found[5:7] == (pixels.shape[2], pixels.shape[1])
    assert "note: " in found[8]
    assert name in IXLLoadImage.INPUT_TYPES()["required"]["image"][1]["options"]
    assert IXLLoadImage.validate_inputs("gone.png") == "Invalid image file: gone.png"
    before = IXLLoadImage.fingerprint_inputs(name)
    path.write_bytes(path.read_bytes() + b"\0")
    assert IXLLoadImage.fingerprint_inputs(name) != before
    path.unlink()


def test_a_saved_picture_comes_back(comfy, run, folder):
    import folder_paths
    from ixl.nodes.load_image import IXLLoadImage

    prompt = workflow(format="avif")
    prompt["4"]["inputs"] |= {"width": 128, "height": 64}
    run(prompt, ["8"])
    target = Path(folder_paths.get_input_directory()) / "saved.avif"
    target.write_bytes((folder / "x_00001_.avif").read_bytes())
    _, _, positive, negative, seed, width, height, parameters, report = comfy.run_node(
        IXLLoadImage, image="saved.avif"
    ).args
    target.unlink()
    assert (positive, negative) == (f"{TEXTS[-1]}, solo", "lowres")
    assert (seed, width, height) == (2**40 + 3, 128, 64)
    assert infotext.parse_a1111(parameters)["Size"] == "128x64"
    assert "source: illustrious-xl-studio" in report and "steps 1" in report
