"""U-Net generator (Isola et al. 2017), nested so that state-dict keys are the published ones."""

import torch
from torch import nn

from norm import convolution_bias, norm_layer


def widths(channels, downsamplings):
    """Output channels of each down convolution: doubling, at most eight times the first."""
    return [channels * min(2**level, 8) for level in range(downsamplings)]


class UnetLevel(nn.Module):
    """One level below the outermost: returns its input joined with what comes back up, [skip, up]."""

    def __init__(self, level, width, norm):
        super().__init__()
        outer, inner = width[level - 1], width[level]
        bias = convolution_bias(norm)
        down = nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias)
        innermost = level == len(width) - 1
        up_inputs = inner if innermost else 2 * inner
        up = nn.ConvTranspose2d(up_inputs, outer, 4, stride=2, padding=1, bias=bias)
        layers = [nn.LeakyReLU(0.2), down]
        if not innermost:
            layers += [norm_layer(norm, inner), UnetLevel(level + 1, width, norm)]
        layers += [nn.ReLU(), up, norm_layer(norm, outer)]
        self.model = nn.Sequential(*layers)

    def forward(self, picture):
        return torch.cat([picture, self.model(picture)], dim=1)


class UnetOutermost(nn.Module):
    """First down convolution and last up convolution: no norm on either, always a bias on the last."""

    def __init__(self, inputs, outputs, width, norm):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(inputs, width[0], 4, stride=2, padding=1, bias=convolution_bias(norm)),
            UnetLevel(1, width, norm),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width[0], outputs, 4, stride=2, padding=1, bias=True),
            nn.Tanh(),
        )

    def forward(self, picture):
        return self.model(picture)


class Unet(nn.Module):
    """`[batch, inputs, h, w]` to `[batch, outputs, h, w]` in [-1, 1]; h and w divide by 2^downsamplings."""

    def __init__(self, inputs, outputs, downsamplings, channels, norm):
        super().__init__()
        self.model = UnetOutermost(inputs, outputs, widths(channels, downsamplings), norm)

    def forward(self, picture):
        return self.model(picture)
