"""Networks that make pictures from noise: DCGAN (Radford et al. 2016), with classes concatenated or by projection."""

import torch
from torch import nn

from norm import convolution_bias, norm_layer

INNERMOST = 4


def width(channels, level):
    """The first width, doubled at each further size up to eight times."""
    return channels << min(level, 3)


def levels(side):
    """Halvings from the side to the innermost one."""
    return (side // INNERMOST).bit_length() - 1


class DcganGenerator(nn.Module):
    """`[batch, inputs, 1, 1]` to pictures in [-1, 1]."""

    def __init__(self, inputs, channels, side, pictures, norm):
        super().__init__()
        count, bias = levels(side), convolution_bias(norm)
        above = width(channels, count - 1)
        layers = [nn.ConvTranspose2d(inputs, above, INNERMOST, 1, 0, bias=bias), norm_layer(norm, above), nn.ReLU()]
        for level in reversed(range(count)):
            below = pictures if level == 0 else width(channels, level - 1)
            layers.append(nn.ConvTranspose2d(above, below, 4, 2, 1, bias=bias))
            if level > 0:
                layers += [norm_layer(norm, below), nn.ReLU()]
            above = below
        layers.append(nn.Tanh())
        self.main = nn.Sequential(*layers)

    def forward(self, vectors):
        return self.main(vectors)


def halvings(inputs, channels, side, norm):
    """The strided convolutions of a discriminator, and the channels of the last one."""
    layers, above, bias = [], inputs, convolution_bias(norm)
    for level in range(levels(side)):
        below = width(channels, level)
        layers.append(nn.Conv2d(above, below, 4, 2, 1, bias=bias))
        if level > 0:
            layers.append(norm_layer(norm, below))
        layers.append(nn.LeakyReLU(0.2))
        above = below
    return layers, above


class DcganDiscriminator(nn.Module):
    """Raw logit of a picture; `condition` is "none", "concat", "projection", or "auxiliary": then logits of classes too."""

    def __init__(self, pictures, channels, side, norm, condition="none", classes=0):
        super().__init__()
        self.condition = condition
        inputs = pictures + (classes if condition == "concat" else 0)
        layers, last = halvings(inputs, channels, side, norm)
        layers.append(nn.Conv2d(last, 1, INNERMOST, 1, 0, bias=convolution_bias(norm)))
        self.main = nn.Sequential(*layers)
        if condition == "auxiliary":
            self.classifier = nn.Conv2d(last, classes, INNERMOST, 1, 0, bias=convolution_bias(norm))
        if condition == "projection":
            self.embedding = nn.Conv2d(classes, last, 1, bias=False)

    def forward(self, picture, classes=None):
        if self.condition == "concat":
            everywhere = classes.expand(-1, -1, *picture.shape[2:])
            return self.main(torch.cat([everywhere, picture], 1))
        features = self.main[:-1](picture)
        logits = self.main[-1](features)
        if self.condition == "projection":
            sums = features.sum((2, 3), keepdim=True)
            logits = logits + (self.embedding(classes) * sums).sum(1, keepdim=True)
        if self.condition == "auxiliary":
            return logits, self.classifier(features).flatten(1)
        return logits


class Encoder(nn.Module):
    """Mean and log variance of the code of a picture behind its classes, each `[batch, latent, 1, 1]`."""

    def __init__(self, inputs, channels, side, latent, norm):
        super().__init__()
        layers, last = halvings(inputs, channels, side, norm)
        self.main = nn.Sequential(*layers)
        self.mean = nn.Conv2d(last, latent, INNERMOST, 1, 0)
        self.log_variance = nn.Conv2d(last, latent, INNERMOST, 1, 0)

    def forward(self, picture):
        features = self.main(picture)
        return self.mean(features), self.log_variance(features)
