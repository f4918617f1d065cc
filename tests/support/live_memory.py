"""Counts the bytes of all tensors that are alive while it is active, and remembers the largest sum.

Sees what PyTorch operations make; not the scratch memory inside one operation, nor tensors made
before.
"""

import weakref

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveMemory(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.users: dict[int, int] = {}  # tensors per storage, by address
        self.bytes = self.peak = 0
        self.before: set[int] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        for tensor in tree_leaves((args, kwargs)):
            if isinstance(tensor, Tensor) and tensor.untyped_storage().data_ptr() not in self.users:
                self.before.add(tensor.untyped_storage().data_ptr())
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._watch(tensor)
        return made

    def _watch(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        address, size = storage.data_ptr(), storage.nbytes()
        if not address or address in self.before:
            return
        if address not in self.users:
            self.users[address] = 0
            self.bytes += size
            self.peak = max(self.peak, self.bytes)
        self.users[address] += 1
        weakref.finalize(tensor, self._forget, address, size)

    def _forget(self, address: int, size: int) -> None:
        self.users[address] -= 1
        if not self.users[address]:
            del self.users[address]
            self.bytes -= size
