"""Measures what sd-scripts' SDXL U-Net allocates in a training step, on tensors without content.

    unet_memory.py SD_SCRIPTS (lora | full) SIDE BATCH CHECKPOINTING RANK

Prints: parameters, trained parameters, peak GB above the weights in forward and backward. bf16
under autocast, sdpa, AdamW's states not included. Runs in the trainer's Python; needs no GPU.
"""

import sys
import weakref


def main(root, method, side, batch, checkpointing, rank):
    sys.path.insert(0, root)
    import torch
    import torch.nn.functional as F
    from library import sdxl_original_unet as unets
    from torch._subclasses.fake_tensor import FakeTensorMode

    norms_in_float32(F)
    with FakeTensorMode():
        # a LoRA's frozen U-Net is kept in bf16, a trained one in float32
        torch.set_default_dtype(torch.bfloat16 if method == "lora" else torch.float32)
        unet = unets.SdxlUNet2DConditionModel()
        torch.set_default_dtype(torch.float32)
        unet.set_use_sdpa(True)
        trained = add_lora(unet, rank) if method == "lora" else list(unet.parameters())
        unet.train()
        if checkpointing:
            unet.enable_gradient_checkpointing()
        held = tracker(torch)
        for weight in {*unet.parameters(), *trained}:
            held.add(weight)
        weights = held.now
        x = torch.randn(batch, 4, side // 8, side // 8, dtype=torch.bfloat16)
        x.requires_grad_(method == "lora" and bool(checkpointing))
        text = torch.randn(batch, 231, 2048, dtype=torch.bfloat16)
        size = torch.randn(batch, 2816, dtype=torch.bfloat16)
        with held:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                out = unet(x, torch.randint(0, 1000, (batch,)), text, size)
            ((out.float() - x.float()) ** 2).mean().backward()
    numbers = [sum(p.numel() for p in some) for some in (unet.parameters(), trained)]
    sys.stdout.write(f"{numbers[0]} {numbers[1]} {(held.peak - weights) / 1e9:.3f}\n")


def norms_in_float32(functional):
    """As CUDA's autocast runs them; that of the CPU does not."""
    layer, group = functional.layer_norm, functional.group_norm

    def float_of(weight):
        return None if weight is None else weight.float()

    functional.layer_norm = lambda x, shape, weight=None, bias=None, eps=1e-5: layer(
        x.float(), shape, float_of(weight), float_of(bias), eps
    )
    functional.group_norm = lambda x, groups, weight=None, bias=None, eps=1e-5: group(
        x.float(), groups, float_of(weight), float_of(bias), eps
    )


def add_lora(unet, rank):
    """float32 adapters on the linear layers of all transformers; returns their weights."""
    from torch import nn

    def adapt(layer):
        down = nn.Linear(layer.in_features, rank, bias=False)
        up = nn.Linear(rank, layer.out_features, bias=False)
        forward = layer.forward
        layer.forward = lambda x: forward(x) + up(down(x)) * 0.5
        return [down.weight, up.weight]

    unet.requires_grad_(False)
    transformers = [m for m in unet.modules() if type(m).__name__ == "Transformer2DModel"]
    layers = [m for t in transformers for m in t.modules() if isinstance(m, nn.Linear)]
    return [weight for layer in layers for weight in adapt(layer)]


def tracker(torch):
    """A mode that counts the bytes of all storages that live."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Held(TorchDispatchMode):
        now = peak = 0
        known = weakref.WeakKeyDictionary()

        def add(self, tensor):
            storage = tensor.untyped_storage()
            if storage not in self.known:
                self.known[storage] = True
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self.free, storage.nbytes())

        def free(self, size):
            self.now -= size

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            out = function(*args, **(kwargs or {}))
            for leaf in tree_leaves(out):
                if isinstance(leaf, torch.Tensor):
                    self.add(leaf)
            return out

    return Held()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
