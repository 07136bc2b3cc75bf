"""Reference and virtual batch normalisation (Salimans et al. 2016)."""

import torch
from torch import nn


class ReferenceNorm(nn.Module):
    """Batch norm by the statistics of a fixed batch; `virtual` adds those of each picture, which counts as one more."""

    affine = True

    def __init__(self, channels, virtual):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.virtual = virtual
        self.is_reference = False

    def forward(self, picture):
        if self.is_reference:
            mean, square = picture.mean((0, 2, 3)), picture.square().mean((0, 2, 3))
            self.count, self.moments = len(picture), (mean, square)
            self.running_mean.copy_(mean.detach())
            self.running_var.copy_((square - mean.square()).detach())
        mean, square = (moment[None, :, None, None] for moment in self.moments)
        if self.virtual and not self.is_reference:
            own = picture.mean((2, 3), keepdim=True), picture.square().mean((2, 3), keepdim=True)
            mean = (self.count * mean + own[0]) / (self.count + 1)
            square = (self.count * square + own[1]) / (self.count + 1)
        scaled = (picture - mean) / (square - mean.square() + 1e-5).sqrt()
        return scaled * self.weight[None, :, None, None] + self.bias[None, :, None, None]


def take_reference(network):
    """Takes the reference batch through all layers, with the statistics of its own."""
    norms = [module for module in network.modules() if isinstance(module, ReferenceNorm)]
    for norm in norms:
        norm.is_reference = True
    type(network).forward(network, network.reference)
    for norm in norms:
        norm.is_reference = False


def with_reference(network, batch):
    """Takes `batch` through the network before each pass, and before its state is read."""
    network.register_buffer("reference", batch, persistent=False)
    network.register_forward_pre_hook(lambda module, _: take_reference(module))
    network.register_state_dict_pre_hook(lambda module, *_: torch.no_grad()(take_reference)(module))
    return network
