"""Context encoder and its discriminator (Pathak et al. 2016) as PyTorch `Sequential`s called `main`."""

import torch
from torch import nn
from torch.nn import functional

from norm import convolution_bias, norm_layer

INNERMOST = 4


def width(channels, distance):
    """Eight times the first width, halved for each size away from the innermost."""
    return 8 * channels >> min(distance, 3)


class ChannelWise(nn.Module):
    """Fully connected within each of `maps` maps of side x side: maps * side^4 weights."""

    def __init__(self, maps, side):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(maps, side * side, side * side))

    def forward(self, features):
        return torch.einsum("bmi,mio->bmo", features.flatten(2), self.weight).view_as(features)


class ContextEncoder(nn.Module):
    """`[batch, pictures, side, side]` to `[batch, pictures, output_side, output_side]` in [-1, 1].

    `bottleneck` is None for the channel-wise layer of the paper.
    """

    def __init__(self, pictures, channels, side, output_side, norm, bottleneck=None):
        super().__init__()
        self.norm, self.bias = norm, convolution_bias(norm)
        self.output_side = output_side
        self.layers = []
        if side == 227:
            self.alexnet(pictures, channels)
        else:
            self.powers_of_two(pictures, channels, side, output_side, bottleneck)
        self.main = nn.Sequential(*self.layers)
        del self.layers

    def add(self, layer, normalised, *after):
        self.layers.append(layer)
        if normalised:
            self.layers.append(norm_layer(self.norm, layer.out_channels))
        self.layers.extend(after)

    def down(self, above, below, kernel, stride, padding):
        return nn.Conv2d(above, below, kernel, stride, padding, bias=self.bias)

    def up(self, below, above, kernel, stride, padding):
        return nn.ConvTranspose2d(below, above, kernel, stride, padding, bias=self.bias)

    def middle(self, maps, side):
        self.add(ChannelWise(maps, side), False)
        self.add(self.down(maps, maps, 1, 1, 0), True, nn.ReLU())

    def powers_of_two(self, pictures, channels, side, output_side, bottleneck):
        depth = (side // INNERMOST).bit_length() - 1
        above = pictures
        for level in range(depth):
            below = width(channels, depth - 1 - level)
            self.add(self.down(above, below, 4, 2, 1), level > 0, nn.LeakyReLU(0.2))
            above = below
        maps = 8 * channels
        if bottleneck is None:
            self.middle(maps, INNERMOST)
        else:
            self.add(self.down(maps, bottleneck, INNERMOST, 1, 0), True, nn.LeakyReLU(0.2))
            self.add(self.up(bottleneck, maps, INNERMOST, 1, 0), True, nn.ReLU())
        below = maps
        height = (output_side // INNERMOST).bit_length() - 1
        for level in range(1, height):
            above = width(channels, level)
            self.add(self.up(below, above, 4, 2, 1), True, nn.ReLU())
            below = above
        self.add(self.up(below, pictures, 4, 2, 1), False, nn.Tanh())

    def alexnet(self, pictures, channels):
        conv1, conv2, conv3, conv4, conv5 = (channels * quarters // 4 for quarters in (6, 16, 24, 24, 16))
        self.add(self.down(pictures, conv1, 11, 4, 0), False, nn.ReLU(), nn.MaxPool2d(3, 2))
        self.add(self.down(conv1, conv2, 5, 1, 2), True, nn.ReLU(), nn.MaxPool2d(3, 2))
        self.add(self.down(conv2, conv3, 3, 1, 1), True, nn.ReLU())
        self.add(self.down(conv3, conv4, 3, 1, 1), True, nn.ReLU())
        self.add(self.down(conv4, conv5, 3, 1, 1), True, nn.ReLU(), nn.MaxPool2d(3, 2))
        self.middle(conv5, 6)
        below = conv5
        for above in (2 * channels, channels, channels, channels // 2):
            self.add(self.up(below, above, 5, 2, 2), True, nn.ReLU())
            below = above
        self.add(self.up(below, pictures, 5, 2, 2), False, nn.Tanh())

    def forward(self, picture):
        output = self.main(picture)
        if output.shape[-1] != self.output_side:
            output = functional.interpolate(output, size=self.output_side, mode="bilinear", align_corners=False)
        return output


class ContextDiscriminator(nn.Module):
    """Raw logit of a whole picture of side x side, `[batch, 1, 1, 1]`."""

    def __init__(self, inputs, channels, side, norm):
        super().__init__()
        sides = [side]
        while sides[-1] >= 8:
            sides.append(sides[-1] // 2)
        depth = len(sides) - 1
        layers, above, bias = [], inputs, convolution_bias(norm)
        for level in range(depth):
            below = width(channels, depth - 1 - level)
            layers.append(nn.Conv2d(above, below, 4, 2, 1, bias=bias))
            if level > 0:
                layers.append(norm_layer(norm, below))
            layers.append(nn.LeakyReLU(0.2))
            above = below
        layers.append(nn.Conv2d(above, 1, sides[-1], 1, 0, bias=bias))
        self.main = nn.Sequential(*layers)

    def forward(self, picture):
        return self.main(picture)
