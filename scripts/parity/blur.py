"""Fixed binomial filters that halve and double the size (Zhang 2019), in the sizes of CUT's public networks."""

import torch
from torch import nn
from torch.nn import functional


def binomial(row, channels, gain=1.0):
    """The outer product of a row of weights with itself, of sum `gain`, once for each channel."""
    row = torch.tensor(row, dtype=torch.float32)
    kernel = torch.outer(row, row)
    return (gain * kernel / kernel.sum()).repeat(channels, 1, 1, 1)


class BlurDownsample(nn.Module):
    """Weights 1 2 1 with stride 2, the border mirrored."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("filt", binomial([1.0, 2.0, 1.0], channels))

    def forward(self, features):
        bordered = functional.pad(features, (1, 1, 1, 1), mode="reflect")
        return functional.conv2d(bordered, self.filt, stride=2, groups=features.shape[1])


class BlurUpsample(nn.Module):
    """Transposed weights 1 3 3 1 with stride 2, the border repeated."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("filt", binomial([1.0, 3.0, 3.0, 1.0], channels, gain=4.0))

    def forward(self, features):
        bordered = functional.pad(features, (1, 1, 1, 1), mode="replicate")
        doubled = functional.conv_transpose2d(bordered, self.filt, stride=2, padding=3, groups=features.shape[1])
        return doubled
