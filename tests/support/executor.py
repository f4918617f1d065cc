"""ComfyUI's own executor inside this process: a prompt as the server runs it, and what it did.

Needs `comfy_in_process.start` first. Prompts pass through the pack's handler, as at the server's
door.
"""

import itertools
from typing import NamedTuple

_IDS = itertools.count()


class Listener:
    """Where the executor sends its messages."""

    client_id = "tests"
    last_node_id = None

    def __init__(self):
        self.sockets_metadata = {}
        self.messages: list[tuple[str, dict]] = []

    def send_sync(self, event, data, sid=None):
        self.messages.append((event, data))


class Done(NamedTuple):
    """executed: ids of the nodes that ran, once for each time. outputs: the history's."""

    executed: list[str]
    outputs: dict[str, dict]
    error: dict | None


class Executor:
    """One executor with its cache. kind: a name of execution.CacheType."""

    def __init__(self, kind: str = "CLASSIC", lru: int = 100):
        import execution

        sizes = {"lru": lru, "ram": 0.0, "ram_inactive": 1024.0}
        self.listener = Listener()
        self.inner = execution.PromptExecutor(
            self.listener, cache_type=execution.CacheType[kind], cache_args=sizes
        )

    def run(self, prompt: dict, outputs: list[str], extra: dict | None = None) -> Done:
        """Run a prompt up to these nodes."""
        from ixl.nodes._metadata import link_savers

        prompt = link_savers({"prompt": prompt})["prompt"]
        self.listener.messages.clear()
        data = {"client_id": "tests", "extra_pnginfo": extra}
        self.inner.execute(prompt, f"prompt {next(_IDS)}", data, outputs)
        messages = self.listener.messages
        executed = [m["node"] for event, m in messages if event == "executing" and m["node"]]
        error = next((m for event, m in messages if event == "execution_error"), None)
        return Done(executed, self.inner.history_result["outputs"] if not error else {}, error)
