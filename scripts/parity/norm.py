"""Normalisation layers by their recipe names."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import spectral_norm

from reference_norm import ReferenceNorm


def norm_layer(norm, channels):
    """The layer for `norm`; `none` keeps its place in the Sequential, so indices do not shift."""
    if norm == "batch":
        return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1, affine=True)
    if norm == "instance":
        return nn.InstanceNorm2d(channels, eps=1e-5, affine=False, track_running_stats=False)
    if norm == "instance_affine":
        return nn.InstanceNorm2d(channels, eps=1e-5, affine=True, track_running_stats=False)
    if norm in ("reference_batch", "virtual_batch"):
        return ReferenceNorm(channels, norm == "virtual_batch")
    if norm in ("none", "spectral"):
        return nn.Identity()
    raise ValueError(f"unknown norm {norm}")


def convolution_bias(norm):
    """Convolutions carry a bias with instance and spectral norm: not with batch norm, and not without a norm."""
    return norm in ("instance", "instance_affine", "spectral")


def normalise_weights(network, seed):
    """Spectral norm (Miyato et al. 2018) on every convolution, with seeded first vectors."""
    draw = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            spectral_norm(module)
            for name in ("weight_u", "weight_v"):
                vector = getattr(module, name)
                vector.copy_(functional.normalize(torch.randn(vector.shape, generator=draw), dim=0))
    return network
