"""Normalisation layers by their recipe names."""

from torch import nn


def norm_layer(norm, channels):
    """The layer for `norm`; `none` keeps its place in the Sequential, so indices do not shift."""
    if norm == "batch":
        return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1, affine=True)
    if norm == "instance":
        return nn.InstanceNorm2d(channels, eps=1e-5, affine=False, track_running_stats=False)
    if norm == "instance_affine":
        return nn.InstanceNorm2d(channels, eps=1e-5, affine=True, track_running_stats=False)
    if norm == "none":
        return nn.Identity()
    raise ValueError(f"unknown norm {norm}")


def convolution_bias(norm):
    """Convolutions carry a bias with instance norm only: not with batch norm, and not without a norm."""
    return norm in ("instance", "instance_affine")
