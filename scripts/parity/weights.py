"""Seeded weights whose outputs are far from zero, and state dicts as flat fixture tensors."""

import math

import torch
from torch import nn

from reference_norm import ReferenceNorm


def randomise(network, seed, output_gain=1.0):
    """Draws every parameter: convolutions keep the variance of their input, norms are near (1, 0)."""
    draw = torch.Generator().manual_seed(seed)

    def normal(tensor, mean, deviation):
        tensor.copy_(mean + deviation * torch.randn(tensor.shape, generator=draw))

    for module in network.modules():
        if isinstance(module, nn.Linear):
            with torch.no_grad():
                normal(module.weight, 0.0, math.sqrt(2.0 / module.in_features))
                normal(module.bias, 0.0, 0.1)
    convolutions = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                taps = module.kernel_size[0] * module.kernel_size[1]
                if isinstance(module, nn.ConvTranspose2d):
                    taps /= module.stride[0] * module.stride[1]
                gain = output_gain if module is convolutions[-1] else math.sqrt(2.0)
                normal(module.weight, 0.0, gain / math.sqrt(module.in_channels * taps))
                if module.bias is not None:
                    normal(module.bias, 0.0, 0.1)
            elif isinstance(module, (nn.BatchNorm2d, nn.InstanceNorm2d, ReferenceNorm)) and module.affine:
                normal(module.weight, 1.0, 0.2)
                normal(module.bias, 0.0, 0.2)
    return network


def settle_running_statistics(network, picture, seed):
    """Running statistics near those of `picture`, then shifted, so that using them shows."""
    draw = torch.Generator().manual_seed(seed)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    network.train()
    with torch.no_grad():
        for norm in norms:
            norm.momentum = 1.0
        network(picture)
        for norm in norms:
            norm.momentum = 0.1
            shift = torch.randn(norm.running_mean.shape, generator=draw)
            scale = torch.rand(norm.running_var.shape, generator=draw)
            norm.running_mean += 0.3 * shift * norm.running_var.sqrt()
            norm.running_var *= 0.6 + scale


def state(network, prefix):
    """The state dict without batch counters and fixed filters, each key under `prefix.`."""
    return {
        f"{prefix}.{key}": value.detach().clone().contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith(("num_batches_tracked", "filt"))
    }
