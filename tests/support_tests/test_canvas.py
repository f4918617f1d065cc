"""The browser of the tests against the real canvas: loading, dropping, running, noting errors."""

import functools
import json

import pytest
import server
import tiny

pytestmark = pytest.mark.browser
one_front_end = pytest.mark.parametrize("front_end", ["pinned"], indirect=True)
one_renderer = pytest.mark.parametrize("renderer", ["classic"], indirect=True)


@pytest.fixture
def workflow():
    """Canvas format, by hand: checkpoint, prompts, sampler, picture."""
    nodes, links = [], []

    def add(kind, inputs, outputs, values):
        node = {"id": len(nodes) + 1, "type": kind, "title": kind, "flags": {}, "mode": 0}
        node |= {"pos": [60 + 340 * (len(nodes) % 4), 80 + 320 * (len(nodes) // 4)]}
        node |= {"size": [300, 260], "order": len(nodes), "properties": {}}
        node["inputs"] = []
        for slot, (name, kind_of, source, output) in enumerate(inputs):
            link = len(links) + 1
            links.append([link, source, output, node["id"], slot, kind_of])
            node["inputs"].append({"name": name, "type": kind_of, "link": link})
            nodes[source - 1]["outputs"][output]["links"].append(link)
        node["outputs"] = [{"name": name, "type": name, "links": []} for name in outputs]
        node["widgets_values"] = values
        nodes.append(node)
        return node["id"]

    model = add("CheckpointLoaderSimple", [], ["MODEL", "CLIP", "VAE"], [tiny.CHECKPOINT])
    good = add("CLIPTextEncode", [("clip", "CLIP", model, 1)], ["CONDITIONING"], ["1girl"])
    bad = add("CLIPTextEncode", [("clip", "CLIP", model, 1)], ["CONDITIONING"], ["lowres"])
    empty = add("EmptyLatentImage", [], ["LATENT"], [192, 128, 1])
    latent = add(
        "KSampler",
        [
            ("model", "MODEL", model, 0),
            ("positive", "CONDITIONING", good, 0),
            ("negative", "CONDITIONING", bad, 0),
            ("latent_image", "LATENT", empty, 0),
        ],
        ["LATENT"],
        [1, "randomize", 2, 5.0, "euler", "normal", 1.0],
    )
    inputs = [("samples", "LATENT", latent, 0), ("vae", "VAE", model, 2)]
    picture = add("VAEDecode", inputs, ["IMAGE"], [])
    add("SaveImage", [("images", "IMAGE", picture, 0)], [], ["canvas"])
    version = {"last_node_id": len(nodes), "last_link_id": len(links), "version": 0.4}
    return {**version, "nodes": nodes, "links": links, "groups": [], "config": {}, "extra": {}}


def test_load_run_and_see_the_picture(canvas, workflow):
    canvas.load_workflow(workflow)
    prompt = canvas.to_api()
    assert {node["class_type"] for node in prompt.values()} == set(canvas.node_types())
    entry = canvas.run()
    assert server.succeeded(entry)
    (picture,) = canvas.pictures("SaveImage")
    assert (picture.width, picture.height) == (192, 128)
    assert len(canvas.server.images(entry)) == 1


def test_drop_a_workflow_and_the_picture_it_made(canvas, workflow, tmp_path):
    path = tmp_path / "dropped.json"
    path.write_text(json.dumps(workflow))
    canvas.drop_file(path)
    prompt = canvas.to_api()
    assert prompt["5"]["inputs"]["sampler_name"] == "euler"
    canvas.set_widget("EmptyLatentImage", "width", 256)
    (data,) = canvas.server.images(canvas.run())
    (tmp_path / "again.png").write_bytes(data)
    canvas.load_workflow({**workflow, "nodes": workflow["nodes"][:1], "links": []})
    canvas.drop_file(tmp_path / "again.png")
    assert canvas.to_api()["4"]["inputs"]["width"] == 256
    assert len(canvas.node_types()) == len(workflow["nodes"])


def test_the_renderer_is_the_one_asked_for(canvas, workflow, renderer):
    canvas.load_workflow(workflow)
    shown = canvas.page.locator("[data-node-id]").count()
    assert shown == (len(workflow["nodes"]) if renderer == "nodes2" else 0)


@one_renderer
def test_the_packs_workflows_are_in_the_template_browser(canvas):
    canvas.open_template("illustrious-xl-studio", "text-to-image")
    assert "IXLLoadCheckpoint" in canvas.node_types()


@one_front_end
@one_renderer
def test_a_prompt_that_is_refused_says_why(canvas, workflow):
    canvas.load_workflow(workflow)
    canvas.set_widget("CheckpointLoaderSimple", "ckpt_name", "missing.safetensors")
    with pytest.raises(server.Refused) as refused:
        canvas.run()
    assert "missing.safetensors" in refused.value.text


@one_front_end
@one_renderer
def test_errors_of_the_packs_scripts_are_noted(canvas):
    """A script under the pack's path that throws, now and later, and one elsewhere that throws."""
    for path, body in (
        ("/extensions/illustrious-xl-studio/broken.js", "throw new Error('at once')"),
        (
            "/extensions/illustrious-xl-studio/later.js",
            "setTimeout(() => Promise.reject(new Error('later')))",
        ),
        ("/extensions/another-pack/broken.js", "throw new Error('elsewhere')"),
    ):
        canvas.page.route(
            f"**{path}",
            functools.partial(_answer, body),
        )
        canvas.page.evaluate(
            "path => document.head.append("
            "Object.assign(document.createElement('script'), {type: 'module', src: path}))",
            path,
        )
    canvas.page.evaluate("console.error('about /extensions/illustrious-xl-studio/x.js')")
    canvas.page.wait_for_timeout(500)
    for word in ("at once", "later", "elsewhere"):
        assert sum(word in error for error in canvas.page_errors) == 1
    for word in ("at once", "later", "about"):
        assert sum(word in error for error in canvas.pack_errors) == 1
    assert len(canvas.pack_errors) == 3
    canvas.pack_errors.clear()  # what this test provoked


def _answer(body, route, request):
    route.fulfill(body=body, content_type="text/javascript")
