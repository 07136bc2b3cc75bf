"""The networks of pix2pixHD (Wang et al. 2018) with the published state-dict keys."""

import torch
from torch import nn
from torch.nn import functional

from norm import norm_layer


class Block(nn.Module):
    """Two reflect-padded 3x3 convolutions around a skip; no activation after the sum."""

    def __init__(self, channels):
        super().__init__()
        stages = []
        for last in (False, True):
            stages += [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm_layer("instance", channels)]
            stages += [] if last else [nn.ReLU()]
        self.conv_block = nn.Sequential(*stages)

    def forward(self, features):
        return features + self.conv_block(features)


def stem(inputs, channels):
    return [nn.ReflectionPad2d(3), nn.Conv2d(inputs, channels, 7), norm_layer("instance", channels), nn.ReLU()]


def down(channels):
    convolution = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
    return [convolution, norm_layer("instance", 2 * channels), nn.ReLU()]


def up(channels):
    convolution = nn.ConvTranspose2d(2 * channels, channels, 3, stride=2, padding=1, output_padding=1)
    return [convolution, norm_layer("instance", channels), nn.ReLU()]


def head(channels, outputs):
    return [nn.ReflectionPad2d(3), nn.Conv2d(channels, outputs, 7), nn.Tanh()]


def global_layers(inputs, channels, downsamplings, blocks):
    """All layers of a global generator but those that make a picture."""
    layers = stem(inputs, channels)
    for level in range(downsamplings):
        layers += down(channels * 2**level)
    layers += [Block(channels * 2**downsamplings) for _ in range(blocks)]
    for level in reversed(range(downsamplings)):
        layers += up(channels * 2**level)
    return layers


class GlobalGenerator(nn.Module):
    """With no blocks it is the encoder, before features are averaged over instances."""

    def __init__(self, inputs, outputs, channels, downsamplings, blocks):
        super().__init__()
        layers = global_layers(inputs, channels, downsamplings, blocks) + head(channels, outputs)
        self.model = nn.Sequential(*layers)

    def forward(self, picture):
        return self.model(picture)


def half_size(picture):
    return functional.avg_pool2d(picture, 3, stride=2, padding=1, count_include_pad=False)


class LocalEnhancer(nn.Module):
    """`channels` are those of the finest enhancer."""

    def __init__(self, inputs, outputs, channels, downsamplings, blocks, enhancers, enhancer_blocks):
        super().__init__()
        layers = global_layers(inputs, channels * 2**enhancers, downsamplings, blocks)
        self.model = nn.Sequential(*layers)
        self.enhancers = enhancers
        for number in range(1, enhancers + 1):
            width = channels * 2 ** (enhancers - number)
            above = [Block(2 * width) for _ in range(enhancer_blocks)] + up(width)
            if number == enhancers:
                above += head(width, outputs)
            setattr(self, f"model{number}_1", nn.Sequential(*stem(inputs, width), *down(width)))
            setattr(self, f"model{number}_2", nn.Sequential(*above))

    def forward(self, picture):
        pictures = [picture]
        for _ in range(self.enhancers):
            pictures.append(half_size(pictures[-1]))
        features = self.model(pictures[-1])
        for number in range(1, self.enhancers + 1):
            below = getattr(self, f"model{number}_1")(pictures[self.enhancers - number])
            features = getattr(self, f"model{number}_2")(below + features)
        return features


class MultiscaleDiscriminator(nn.Module):
    """The results of every layer at every scale, the full size first."""

    def __init__(self, inputs, channels, layers, scales, norm="instance"):
        super().__init__()
        self.scales, self.layers = scales, layers
        for scale in range(scales):
            width = inputs
            for layer in range(layers + 2):
                last = layer == layers + 1
                wider = 1 if last else min(channels * 2**layer, 512)
                stages = [nn.Conv2d(width, wider, 4, stride=2 if layer < layers else 1, padding=2)]
                if 0 < layer and not last:
                    stages += [norm_layer(norm, wider)]
                if not last:
                    stages += [nn.LeakyReLU(0.2)]
                setattr(self, f"scale{scale}_layer{layer}", nn.Sequential(*stages))
                width = wider

    def forward(self, picture):
        results = []
        for scale in reversed(range(self.scales)):
            features = [picture]
            for layer in range(self.layers + 2):
                features.append(getattr(self, f"scale{scale}_layer{layer}")(features[-1]))
            results.append(features[1:])
            picture = half_size(picture)
        return results


VGG_BLOCKS = [2, 2, 4, 4, 1]
VGG_WEIGHTS = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1]


class Vgg(nn.Module):
    """VGG19 up to relu5_1, with any widths, named as torchvision's `features`."""

    def __init__(self, widths):
        super().__init__()
        stages, channels = [], 3
        self.taken = []
        for block, (count, width) in enumerate(zip(VGG_BLOCKS, widths)):
            if block > 0:
                stages += [nn.MaxPool2d(2, 2)]
            for index in range(count):
                stages += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
                if index == 0:
                    self.taken.append(len(stages) - 1)
        self.features = nn.Sequential(*stages)

    def forward(self, picture):
        results = []
        for index, stage in enumerate(self.features):
            picture = stage(picture)
            if index in self.taken:
                results.append(picture)
        return results

    def distance(self, output, target):
        pairs = zip(self(output), self(target.detach()), VGG_WEIGHTS)
        return sum(weight * functional.l1_loss(a, b.detach()) for a, b, weight in pairs)


def one_hot(labels, classes):
    """`[batch, 1, h, w]` ids to `[batch, classes, h, w]`."""
    shape = (labels.shape[0], classes, *labels.shape[2:])
    return torch.zeros(shape, dtype=labels.dtype, device=labels.device).scatter_(1, labels.long(), 1.0)


def edges(instances):
    """1 on both sides of each border between instances."""
    found = torch.zeros_like(instances, dtype=torch.bool)
    across = instances[:, :, :, 1:] != instances[:, :, :, :-1]
    along = instances[:, :, 1:] != instances[:, :, :-1]
    found[:, :, :, 1:] |= across
    found[:, :, :, :-1] |= across
    found[:, :, 1:] |= along
    found[:, :, :-1] |= along
    return found.to(instances.dtype)


def instance_mean(features, instances):
    """Each pixel gets the mean over its instance."""
    means = torch.zeros_like(features)
    for picture in range(features.shape[0]):
        for identity in instances[picture].unique():
            inside = instances[picture, 0] == identity
            mean = features[picture][:, inside].mean(1)
            spread = torch.where(inside, mean[:, None, None], torch.zeros_like(mean)[:, None, None])
            means = means + nn.functional.pad(
                spread[None], (0, 0, 0, 0, 0, 0, picture, features.shape[0] - 1 - picture)
            )
    return means
