"""PatchGAN and pixel discriminators (Isola et al. 2017) with the published state-dict keys."""

import torch
from torch import nn

from blur import BlurDownsample
from norm import convolution_bias, norm_layer


KERNEL_NUMBERS = 5


def with_deviation(features):
    """One more channel: the standard deviation over groups of four pictures (Karras et al. 2018)."""
    count, _, height, width = features.shape
    group = 4 if count % 4 == 0 else count
    rows = features.reshape(group, count // group, -1)
    deviation = (rows.var(0, unbiased=False) + 1e-8).sqrt().mean(1)
    channel = deviation.repeat(group).reshape(-1, 1, 1, 1).expand(-1, 1, height, width)
    return torch.cat([features, channel], 1)


def with_likeness(features, projection):
    """One more channel for each kernel: how like all pictures of the batch each is (Salimans et al. 2016)."""
    count, _, height, width = features.shape
    numbers = projection(features.mean((2, 3), keepdim=True)).reshape(count, -1, KERNEL_NUMBERS)
    distances = (numbers.unsqueeze(1) - numbers.unsqueeze(0)).abs().sum(3)
    likeness = torch.exp(-distances).sum(1)
    return torch.cat([features, likeness[:, :, None, None].expand(-1, -1, height, width)], 1)


class PatchDiscriminator(nn.Module):
    """Raw logits, one per overlapping patch: `layers` stride-2 convolutions, then two of stride 1.

    With `blur` filters after the activations halve the size, as in CUT (Park et al. 2020), and convolutions do not.
    """

    def __init__(self, inputs, channels, layers, norm, blur=False, deviation=False, kernels=0):
        super().__init__()
        bias = convolution_bias(norm)
        halving = 1 if blur else 2
        stages = [nn.Conv2d(inputs, channels, 4, stride=halving, padding=1, bias=True), nn.LeakyReLU(0.2)]
        stages += [BlurDownsample(channels)] if blur else []
        width = channels
        for level in range(1, layers + 1):
            wider = channels * min(2**level, 8)
            stride = halving if level < layers else 1
            stages += [
                nn.Conv2d(width, wider, 4, stride=stride, padding=1, bias=bias),
                norm_layer(norm, wider),
                nn.LeakyReLU(0.2),
            ]
            stages += [BlurDownsample(wider)] if blur and level < layers else []
            width = wider
        if kernels:
            self.minibatch = nn.Conv2d(width + deviation, kernels * KERNEL_NUMBERS, 1, bias=False)
        stages += [nn.Conv2d(width + deviation + kernels, 1, 4, stride=1, padding=1, bias=True)]
        self.model = nn.Sequential(*stages)
        self.deviation = deviation
        self.kernels = kernels

    def forward(self, picture):
        features = self.model[:-1](picture)
        if self.deviation:
            features = with_deviation(features)
        if self.kernels:
            features = with_likeness(features, self.minibatch)
        return self.model[-1](features)


class PixelDiscriminator(nn.Module):
    """Raw logits, one per pixel: three 1x1 convolutions."""

    def __init__(self, inputs, channels, norm):
        super().__init__()
        bias = convolution_bias(norm)
        self.net = nn.Sequential(
            nn.Conv2d(inputs, channels, 1, bias=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 2 * channels, 1, bias=bias),
            norm_layer(norm, 2 * channels),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * channels, 1, 1, bias=bias),
        )

    def forward(self, picture):
        return self.net(picture)
