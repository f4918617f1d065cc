"""Expand Tags on a server without a model: registered, and one sentence on the node."""

import pytest
import server

pytestmark = pytest.mark.server


@pytest.mark.parametrize("model", ["(no model found)", "TIPO-500M-ft"])
def test_without_a_model_the_node_says_what_to_do(comfy_server, model):
    info = comfy_server.get("/object_info/IXLExpandTags")["IXLExpandTags"]
    inputs = {"text": "1girl", "model": model}
    for name, (kind, *options) in info["input"]["required"].items():
        options = options[0] if options else {}
        choices = kind if isinstance(kind, list) else options.get("options") or [None]
        inputs.setdefault(name, options.get("default", choices[0]))
    show = {"class_type": "PreviewAny", "inputs": {"source": ["expand", 0]}}
    with pytest.raises(server.Refused) as refused:
        comfy_server.queue({"expand": {"class_type": "IXLExpandTags", "inputs": inputs}, "s": show})
    assert "expand" in refused.value.errors
    assert "There is no TIPO model in" in refused.value.text
    assert "expand download --directory" in refused.value.text
