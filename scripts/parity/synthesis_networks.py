"""Further networks that make pictures from noise: residual, progressive, and StyleGAN2's."""

import math

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import spectral_norm

from norm import norm_layer
from synthesis import INNERMOST, levels, width

SHARED = 128


class ConditionalNorm(nn.Module):
    """Batch norm whose scale and shift are linear in a condition; its own where the condition has no values."""

    def __init__(self, channels, condition):
        super().__init__()
        own = nn.BatchNorm2d(channels, affine=condition == 0)
        self.norm = own
        if condition:
            self.gain = nn.Conv2d(condition, channels, 1, bias=False)
            self.shift = nn.Conv2d(condition, channels, 1, bias=False)

    def forward(self, features, condition):
        features = self.norm(features)
        if condition is None:
            return features
        return features * (1 + self.gain(condition)) + self.shift(condition)


class DoublingBlock(nn.Module):
    """A residual block that doubles the size."""

    def __init__(self, inputs, outputs, condition):
        super().__init__()
        self.norm1 = ConditionalNorm(inputs, condition)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm2 = ConditionalNorm(outputs, condition)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, features, condition):
        double = nn.Upsample(scale_factor=2)
        residual = self.conv1(double(functional.relu(self.norm1(features, condition))))
        residual = self.conv2(functional.relu(self.norm2(residual, condition)))
        return residual + self.shortcut(double(features))


class ResidualGenerator(nn.Module):
    """`[batch, classes + latent, 1, 1]` to pictures; `form` is "none", "class" or "shared"."""

    def __init__(self, latent, classes, channels, side, form="none"):
        super().__init__()
        count = levels(side)
        self.form, self.classes, self.part = form, classes, 0
        first, condition = latent, 0
        if form == "none":
            first = latent + classes
        elif form == "class":
            condition = classes
        else:
            self.part = latent // (count + 1)
            first, condition = latent - count * self.part, SHARED + self.part
            self.shared = nn.Conv2d(classes, SHARED, 1, bias=False)
        self.first = first
        above = width(channels, count)
        self.linear = nn.Conv2d(first, above * INNERMOST**2, 1)
        self.blocks = nn.ModuleList()
        for level in reversed(range(count)):
            self.blocks.append(DoublingBlock(above, width(channels, level), condition))
            above = width(channels, level)
        self.norm = nn.BatchNorm2d(above)
        self.colours = nn.Conv2d(above, 3, 3, padding=1)

    def forward(self, inputs):
        classes, vectors = inputs[:, : self.classes], inputs[:, self.classes :]
        conditions = [None] * len(self.blocks)
        if self.form == "none":
            vectors = inputs
        elif self.form == "class":
            conditions = [classes] * len(self.blocks)
        else:
            embedding = self.shared(classes)
            parts = vectors[:, self.first :].split(self.part, 1)
            conditions = [torch.cat([embedding, part], 1) for part in parts]
            vectors = vectors[:, : self.first]
        features = self.linear(vectors)
        features = features.view(len(features), -1, INNERMOST, INNERMOST)
        for block, condition in zip(self.blocks, conditions):
            features = block(features, condition)
        return torch.tanh(self.colours(functional.relu(self.norm(features))))


class HalvingBlock(nn.Module):
    """A residual block of a discriminator."""

    def __init__(self, inputs, outputs, norm, first, halves):
        super().__init__()
        bias = norm in ("none", "spectral")
        self.first, self.halves = first, halves
        if not first:
            self.norm1 = norm_layer(norm, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)
        self.norm2 = norm_layer(norm, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=bias)
        if halves or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=bias)

    def forward(self, features):
        residual = features if self.first else functional.relu(self.norm1(features))
        residual = self.conv2(functional.relu(self.norm2(self.conv1(residual))))
        if hasattr(self, "shortcut"):
            features = self.shortcut(features)
        sum_ = residual + features
        return functional.avg_pool2d(sum_, 2) if self.halves else sum_


class Judge(nn.Module):
    """Raw logits of the last features of a trunk; `condition` as in `synthesis.DcganDiscriminator`."""

    def build(self, last, condition, classes, layer):
        self.condition = condition
        self.logit = layer(last, 1, True)
        if condition == "projection":
            self.embedding = layer(classes, last, False)
        if condition == "auxiliary":
            self.classifier = layer(last, classes, True)

    def forward(self, picture, classes=None):
        if self.condition == "concat":
            picture = torch.cat([classes.expand(-1, -1, *picture.shape[2:]), picture], 1)
        last = self.last(picture)
        logits = self.logit(last)
        if self.condition == "projection":
            logits = logits + (self.embedding(classes) * last).sum(1, keepdim=True)
        if self.condition == "auxiliary":
            return logits, self.classifier(last).flatten(1)
        return logits


class ResidualDiscriminator(Judge):
    """Halving blocks down to 4 x 4, one more, and the sum over all places."""

    def __init__(self, pictures, channels, side, norm, condition="none", classes=0):
        super().__init__()
        above = pictures + (classes if condition == "concat" else 0)
        self.blocks = nn.ModuleList()
        for level in range(levels(side)):
            self.blocks.append(HalvingBlock(above, width(channels, level), norm, level == 0, True))
            above = width(channels, level)
        self.blocks.append(HalvingBlock(above, above, norm, False, False))
        self.build(above, condition, classes, lambda i, o, bias: nn.Conv2d(i, o, 1, bias=bias))

    def last(self, picture):
        for block in self.blocks:
            picture = block(picture)
        return functional.relu(picture).sum((2, 3), keepdim=True)


def spectral(network, seed):
    """Spectral norm on all convolutions but the shared embedding, with seeded first vectors."""
    draw = torch.Generator().manual_seed(seed)
    for path, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d) and path != "shared":
            spectral_norm(module)
            for name in ("weight_u", "weight_v"):
                vector = getattr(module, name)
                vector.copy_(functional.normalize(torch.randn(vector.shape, generator=draw), dim=0))
    return network


def orthogonality(network):
    """Squared inner products of different filters of all weights but the shared embedding."""
    total = 0
    for path, parameter in network.named_parameters():
        if parameter.dim() < 2 or path.startswith("shared"):
            continue
        rows = parameter.flatten(1)
        products = rows @ rows.t()
        total = total + (products - torch.diag(torch.diag(products))).square().sum()
    return total


class Equalised(nn.Module):
    """A convolution of stride 1 with its weight scaled at run time."""

    def __init__(self, inputs, outputs, kernel, padding, gain=math.sqrt(2), pace=1.0, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        self.padding, self.pace = padding, pace
        self.scale = gain * pace / math.sqrt(inputs * kernel * kernel)

    def forward(self, features):
        bias = None if self.bias is None else self.bias * self.pace
        return functional.conv2d(features, self.weight * self.scale, bias, padding=self.padding)


def leaky(features):
    return functional.leaky_relu(features, 0.2)


def pixel_norm(features):
    return features * torch.rsqrt(features.square().mean(1, keepdim=True) + 1e-8)


class Grown(nn.Module):
    """The growth of the program's weight files: side, the side before, and the share."""

    def __init__(self, growth):
        super().__init__()
        self.register_buffer("running_growth", torch.tensor(growth, dtype=torch.float32))


class Pair(nn.Module):
    """Two convolutions."""

    def __init__(self, inputs, middle, outputs):
        super().__init__()
        self.conv1 = Equalised(inputs, middle, 3, 1)
        self.conv2 = Equalised(middle, outputs, 3, 1)


class ProgressiveGenerator(nn.Module):
    """`[batch, latent, 1, 1]` to pictures of the present size; `growth` is side, the side before, and the share."""

    def __init__(self, latent, channels, side, growth):
        super().__init__()
        count = levels(side)
        above = width(channels, count)
        self.growth = growth
        self.kept = Grown(growth)
        self.linear = Equalised(latent, above * INNERMOST**2, 1, 0)
        self.conv = Equalised(above, above, 3, 1)
        self.blocks, self.colours = nn.ModuleDict(), nn.ModuleDict()
        for level in reversed(range(count)):
            own, name = width(channels, level), str(side >> level)
            self.blocks[name] = Pair(above, own, own)
            self.colours[name] = Equalised(own, 3, 1, 0, gain=1.0)
            above = own

    def forward(self, vectors):
        side, before, share = self.growth
        features = self.linear(pixel_norm(vectors)).view(len(vectors), -1, INNERMOST, INNERMOST)
        features = pixel_norm(leaky(features))
        features = pixel_norm(leaky(self.conv(features)))
        for name, block in self.blocks.items():
            features = functional.interpolate(features, scale_factor=2)
            features = pixel_norm(leaky(block.conv1(features)))
            features = pixel_norm(leaky(block.conv2(features)))
            if int(name) == before and before < side:
                smaller = functional.interpolate(self.colours[name](features), scale_factor=side // before)
            if int(name) == side:
                break
        picture = self.colours[str(side)](features)
        return torch.lerp(smaller, picture, share) if before < side else picture


def minibatch_deviation(features):
    """One more channel: the mean over channels and places of the deviation over groups of four, or over the batch."""
    batch = len(features)
    group = 4 if batch % 4 == 0 else batch
    rows = features.reshape(group, batch // group, -1)
    deviation = (rows - rows.mean(0)).square().mean(0).add(1e-8).sqrt().mean(1)
    maps = deviation.repeat(group).view(batch, 1, 1, 1).expand(-1, -1, *features.shape[2:])
    return torch.cat([features, maps], 1)


class BatchEnd(nn.Module):
    """From 4 x 4 to features of the whole."""

    def __init__(self, channels):
        super().__init__()
        self.conv = Equalised(channels + 1, channels, 3, 1)
        self.linear = Equalised(channels, channels, INNERMOST, 0)

    def forward(self, features):
        return leaky(self.linear(leaky(self.conv(minibatch_deviation(features)))))


def equalised_layer(inputs, outputs, bias):
    return Equalised(inputs, outputs, 1, 0, gain=1.0, bias=bias)


class ProgressiveDiscriminator(Judge):
    """The mirror of the generator."""

    def __init__(self, channels, side, growth, condition="none", classes=0):
        super().__init__()
        self.growth = growth
        inputs = 3 + (classes if condition == "concat" else 0)
        self.blocks, self.colours = nn.ModuleDict(), nn.ModuleDict()
        for level in range(levels(side)):
            own, name = width(channels, level), str(side >> level)
            self.colours[name] = Equalised(inputs, own, 1, 0)
            self.blocks[name] = Pair(own, own, width(channels, level + 1))
        last = width(channels, levels(side))
        self.end = BatchEnd(last)
        self.build(last, condition, classes, equalised_layer)

    def last(self, picture):
        side, before, share = self.growth
        features = leaky(self.colours[str(side)](picture))
        for name, block in self.blocks.items():
            if int(name) > side:
                continue
            if int(name) == before and before < side:
                smaller = functional.avg_pool2d(picture, side // before)
                features = torch.lerp(leaky(self.colours[name](smaller)), features, share)
            features = functional.avg_pool2d(leaky(block.conv2(leaky(block.conv1(features)))), 2)
        return self.end(features)


def taps(features):
    filter_ = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=features.dtype)
    filter_ = torch.outer(filter_, filter_) / 64
    return filter_.expand(features.shape[1], 1, 4, 4)


def halve(features):
    return functional.conv2d(features, taps(features), stride=2, padding=1, groups=features.shape[1])


def double(features):
    weight = taps(features) * 4
    return functional.conv_transpose2d(features, weight, stride=2, padding=1, groups=features.shape[1])


class Modulated(nn.Module):
    """A convolution whose filters a code scales, by the definition: a filter bank for each picture."""

    def __init__(self, latent, inputs, outputs, kernel, demodulates):
        super().__init__()
        self.style = Equalised(latent, inputs, 1, 0, gain=1.0)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.demodulates = demodulates

    def filtered(self, features, codes):
        batch, inputs, height, wide = features.shape
        outputs, _, kernel, _ = self.weight.shape
        weight = self.weight / math.sqrt(inputs * kernel * kernel)
        weight = weight * self.style(codes).view(batch, 1, inputs, 1, 1)
        if self.demodulates:
            weight = weight * torch.rsqrt(weight.square().sum((2, 3, 4), keepdim=True) + 1e-8)
        weight = weight.reshape(batch * outputs, inputs, kernel, kernel)
        flat = features.reshape(1, batch * inputs, height, wide)
        return functional.conv2d(flat, weight, padding=kernel // 2, groups=batch).view(batch, outputs, height, wide)

    def forward(self, features, codes):
        return self.filtered(features, codes) + self.bias.view(1, -1, 1, 1)


class Noise(nn.Module):
    """The strength of noise, and the noise of pictures that are made without another."""

    def __init__(self, side):
        super().__init__()
        self.strength = nn.Parameter(torch.empty(1))
        self.register_buffer("running_noise", torch.empty(1, 1, side, side))


class StyleLayer(nn.Module):
    """A modulated convolution with demodulation, noise, and a leaky ReLU."""

    def __init__(self, latent, inputs, outputs, side):
        super().__init__()
        self.conv = Modulated(latent, inputs, outputs, 3, True)
        self.noise = Noise(side)

    def forward(self, features, codes, noise):
        noise = self.noise.running_noise if noise is None else noise
        features = self.conv.filtered(features, codes) + noise * self.noise.strength
        return leaky(features + self.conv.bias.view(1, -1, 1, 1)) * math.sqrt(2)


class StyleBlock(nn.Module):
    """The layers of one size."""

    def __init__(self, latent, inputs, outputs, side):
        super().__init__()
        self.conv1 = StyleLayer(latent, inputs, outputs, side)
        self.conv2 = StyleLayer(latent, outputs, outputs, side)
        self.colours = Modulated(latent, outputs, 3, 1, False)


class Holder(nn.Module):
    """One tensor under a name of its own."""


class StyleGenerator(nn.Module):
    """`[batch, latent, 1, 1]`, other vectors for the layers from `first` on, and noise for each layer, to pictures.

    With classes the vectors are `[batch, classes + latent, 1, 1]`.
    """

    def __init__(self, latent, channels, side, mapping, classes=0):
        super().__init__()
        count = levels(side)
        above = width(channels, count)
        self.classes = classes
        self.mapping = nn.Module()
        if classes:
            self.mapping.embedding = Equalised(classes, latent, 1, 0, gain=1.0)
        inputs = [2 * latent if classes else latent] + [latent] * (mapping - 1)
        self.mapping.layers = nn.ModuleList(Equalised(count, latent, 1, 0, pace=0.01) for count in inputs)
        self.mapping.mean = Holder()
        self.mapping.mean.register_buffer("running_mean", torch.empty(latent))
        self.constant = Holder()
        self.constant.weight = nn.Parameter(torch.empty(1, above, INNERMOST, INNERMOST))
        self.conv = StyleLayer(latent, above, above, INNERMOST)
        self.colours = Modulated(latent, above, 3, 1, False)
        self.blocks = nn.ModuleDict()
        for level in reversed(range(count)):
            own = width(channels, level)
            self.blocks[str(side >> level)] = StyleBlock(latent, above, own, side >> level)
            above = own

    def codes(self, vectors, updates):
        codes = pixel_norm(vectors[:, self.classes :])
        if self.classes:
            codes = torch.cat([pixel_norm(self.mapping.embedding(vectors[:, : self.classes])), codes], 1)
        for layer in self.mapping.layers:
            codes = leaky(layer(codes))
        if updates:
            with torch.no_grad():
                mean = self.mapping.mean.running_mean
                mean.copy_(mean * 0.995 + codes.mean(0).flatten() * 0.005)
        return codes

    def forward(self, vectors, mixed=None, first=None, noise=None, truncation=None):
        codes = [self.codes(vectors, self.training)] * (2 * len(self.blocks) + 2)
        if mixed is not None:
            codes[first:] = [self.codes(mixed, False)] * (len(codes) - first)
        if truncation is not None:
            mean = self.mapping.mean.running_mean.view(1, -1, 1, 1)
            codes = [torch.lerp(mean, code, truncation) for code in codes]
        return self.synthesise(codes, noise)

    def synthesise(self, codes, noise=None):
        """Pictures of the code of each layer."""
        noise = [None] * len(codes) if noise is None else noise
        features = self.constant.weight.expand(len(codes[0]), -1, -1, -1)
        features = self.conv(features, codes[0], noise[0])
        picture = self.colours(features, codes[1])
        for place, block in enumerate(self.blocks.values()):
            layer = 2 * place + 1
            features = block.conv1(double(features), codes[layer], noise[layer])
            features = block.conv2(features, codes[layer + 1], noise[layer + 1])
            picture = double(picture) + block.colours(features, codes[layer + 2])
        return picture


class StyleHalving(nn.Module):
    """A residual block with filtered halving."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = Equalised(inputs, inputs, 3, 1)
        self.conv2 = Equalised(inputs, outputs, 3, 1)
        self.shortcut = Equalised(inputs, outputs, 1, 0, gain=1.0, bias=False)

    def forward(self, features):
        residual = leaky(halve(self.conv2(leaky(self.conv1(features)))))
        return (residual + self.shortcut(halve(features))) / math.sqrt(2)


class StyleDiscriminator(Judge):
    """Residual blocks down to 4 x 4, and the end that looks at the batch."""

    def __init__(self, channels, side, condition="none", classes=0):
        super().__init__()
        inputs = 3 + (classes if condition == "concat" else 0)
        self.colours = Equalised(inputs, width(channels, 0), 1, 0)
        self.blocks = nn.ModuleDict()
        for level in range(levels(side)):
            self.blocks[str(side >> level)] = StyleHalving(width(channels, level), width(channels, level + 1))
        last = width(channels, levels(side))
        self.end = BatchEnd(last)
        self.build(last, condition, classes, equalised_layer)

    def last(self, picture):
        features = leaky(self.colours(picture))
        for block in self.blocks.values():
            features = block(features)
        return self.end(features)


def draw_equalised(network, seed):
    """Standard normal weights, small biases, scales of codes near 1, and noise that shows."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
            if name.endswith("running_growth"):
                continue
            values = torch.randn(tensor.shape, generator=draw)
            # smaller than at the start of a training, so that 32 bits hold steps of a thousandth exactly
            pace = 0.1 if ".layers." in name else 1.0
            if name.endswith("style.bias"):
                values = 1 + 0.2 * values
            elif name.endswith(("bias", "strength", "running_mean")):
                values = 0.2 * values
            tensor.copy_(values / pace)
    return network
