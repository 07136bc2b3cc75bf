"""Forms in which people save networks: weights computed by norms, 8-bit numbers, averages, compiled parts, archives."""

import collections
import copy

import torch
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm
from torch.optim.swa_utils import AveragedModel

from fixture_import import SIZE, legacy
from output import write_tensors
from patchgan import PatchDiscriminator
from pictures import photo
from resnet import ResidualBlock, Resnet
from unet import Unet
from weights import randomise

# forward passes that move the estimates of singular vectors away from their beginnings
PASSES = 3


def evaluate(network, picture):
    """Output in evaluation mode, as the bytes of a picture."""
    network.eval()
    with torch.no_grad():
        output = network(picture)[0].permute(1, 2, 0)
    return torch.round((output + 1.0) * 127.5).to(torch.uint8)


def on_convolutions(network, norm):
    """The network with `norm` on each of its convolutions."""
    for module in list(network.modules()):
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            norm(module)
    return network


class TwoParts(nn.Module):
    """A ResNet in an encoder, up to its blocks, and a decoder."""

    def __init__(self, resnet, blocks):
        super().__init__()
        layers = list(resnet.model)
        parts = layers[: 10 + blocks], layers[10 + blocks :]
        self.encoder, self.decoder = (nn.ModuleDict({"model": nn.Sequential(*part)}) for part in parts)

    def forward(self, picture):
        return self.decoder["model"](self.encoder["model"](picture))


class RenamedBlock(nn.Module):
    """A residual block whose layers are called `block`."""

    def __init__(self, block):
        super().__init__()
        self.block = block.conv_block

    def forward(self, features):
        return features + self.block(features)


class Resizing(nn.Module):
    """A ResNet whose way up has layers for resizing, and whose blocks have another name."""

    def __init__(self, blocks, channels):
        super().__init__()
        layers = []
        for layer in Resnet(3, 3, blocks, channels, "instance").model:
            if isinstance(layer, ResidualBlock):
                layer = RenamedBlock(layer)
            if isinstance(layer, nn.ConvTranspose2d):
                layers.append(nn.Upsample(scale_factor=2))
                layer = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1)
            layers.append(layer)
        self.model = nn.Sequential(*layers)

    def forward(self, picture):
        return self.model(picture)


class Doubling(nn.Module):
    """The smallest network that can be compiled and exported."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 1)

    def forward(self, picture):
        return self.layer(picture)


def make(folder):
    """`import/*`: weight files; `checkpoints.safetensors`: the picture and what each network makes of it."""
    place = folder / "import"
    place.mkdir(exist_ok=True)
    pixels = torch.from_numpy(photo(78, SIZE, SIZE, 3))
    picture = (pixels.permute(2, 0, 1)[None].float() / 255.0 - 0.5) / 0.5
    tensors = {"picture": pixels}

    def save(name, network, weights=None):
        # the older container is smaller
        legacy(network.state_dict() if weights is None else weights, place / f"{name}.pth")
        if network is not resnet:
            tensors[f"output.{name}"] = evaluate(network, picture)

    def normed(name, network, seed, norm):
        network = on_convolutions(randomise(network, seed), norm)
        if "spectral" in name:
            network.train()
            for _ in range(PASSES):
                network(picture)
        save(name, network)

    resnet = randomise(Resnet(3, 3, 6, 1, "instance"), 34)
    tensors["output.resnet"] = evaluate(resnet, picture)
    normed("spectral_unet", Unet(3, 3, 6, 1, "instance"), 30, spectral_norm)
    normed("spectral_resnet", Resnet(3, 3, 6, 1, "instance"), 31, parametrizations.spectral_norm)
    normed("weight_norm_resnet", Resnet(3, 3, 6, 1, "instance"), 32, weight_norm)
    normed("weight_norm_unet", Unet(3, 3, 6, 1, "instance"), 33, parametrizations.weight_norm)

    plain = collections.OrderedDict(resnet.state_dict())
    small = collections.OrderedDict()
    for index, (name, value) in enumerate(plain.items()):
        small[name] = value.to((torch.float8_e4m3fn, torch.float8_e5m2)[index % 2])
    rounded = copy.deepcopy(resnet)
    rounded.load_state_dict({name: value.float() for name, value in small.items()})
    save("float8", rounded, small)

    save("averaged", resnet, AveragedModel(resnet).state_dict())
    parts = {name.replace("conv_block.", "_orig_mod.conv_block."): value for name, value in plain.items()}
    save("compiled_parts", resnet, {f"_orig_mod.{name}": value for name, value in parts.items()})
    save("inside_resnet", resnet, resnet.model.state_dict())
    save("with_step", resnet, {**plain, "step": torch.tensor(7), "model.seen": torch.zeros(2, dtype=torch.int32)})
    losses = collections.defaultdict(list)
    losses["G"].append(0.5)
    others = {
        "losses": losses,
        "recent": collections.deque([1.0, torch.zeros(2)], maxlen=3),
        "counts": collections.Counter("abb"),
        "sparse": torch.eye(3).to_sparse(),
        "complex": torch.zeros(2, dtype=torch.complex64),
        "scales": torch.ones(2).to(torch.float8_e5m2),
        (1, 2): torch.zeros(1),
    }
    torch.save({"state_dict": {"generator": plain}, **others}, place / "rich_checkpoint.pth")
    legacy({"decay": 0.999, "shadow_params": list(plain.values())}, place / "averages_list.pth")

    unet = randomise(Unet(3, 3, 6, 1, "instance"), 35)
    save("inside_unet", unet, unet.model.model.state_dict())
    save("two_parts", TwoParts(randomise(Resnet(3, 3, 9, 1, "instance"), 36), 9))
    save("resizing", randomise(Resizing(6, 1), 37))

    save("cut", randomise(Resnet(3, 3, 6, 1, "instance", blur=True), 38))
    judge = randomise(PatchDiscriminator(3, 1, 3, "instance", blur=True), 39)
    legacy(judge.state_dict(), place / "cut_D.pth")

    doubling = Doubling().eval()
    with_batch = torch.zeros(1, 1, 4, 4)
    torch.jit.trace(doubling, with_batch).save(place / "torchscript.pt")
    torch.export.save(torch.export.export(doubling, (with_batch,)), place / "exported.pt2")
    write_tensors(folder, "checkpoints", tensors)
