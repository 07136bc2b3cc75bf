"""Checks `translate export` against PyTorch and onnxruntime: `python scripts/parity/check_onnx.py PROGRAM`.

Every generator, norm and upsampling, with seeded weights: the safetensors file must load strictly into the PyTorch
network, and the ONNX model must pass the checker and compute what PyTorch computes, at two sizes and two batch sizes.
Generators with a latent code too, 32 and 16 bits.
"""

import argparse
import pathlib
import subprocess
import tempfile

import numpy
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from bicycle import UnetAll, UnetInput
from fixture_bicycle import ResnetInput
from pictures import smooth
from resnet import ResidualBlock, Resnet
from unet import Unet
from weights import randomise, settle_running_statistics, state

LARGEST_DIFFERENCE = 1e-4

UNETS = {"unet_64": 6, "unet_128": 7, "unet_256": 8, "unet_512": 9}
RESNETS = {"resnet_6blocks": 6, "resnet_9blocks": 9}
INPUTS, OUTPUTS, CHANNELS = 3, 1, 4
LATENT = 5
LARGEST_HALF_DIFFERENCE = 5e-2


class ResizeConvolution(nn.Conv2d):
    """Nearest-neighbour doubling and a 3x3 convolution, in the place of a transposed convolution."""

    def forward(self, features):
        return super().forward(nn.functional.interpolate(features, scale_factor=2, mode="nearest"))


def resize_instead(network):
    """Replaces every transposed convolution."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.ConvTranspose2d):
                resize = ResizeConvolution(
                    layer.in_channels, layer.out_channels, 3, padding=1, bias=layer.bias is not None
                )
                setattr(parent, name, resize)


def build(arch, norm, upsample):
    """The PyTorch network, with its default weights."""
    if arch in UNETS:
        network = Unet(INPUTS, OUTPUTS, UNETS[arch], CHANNELS, norm)
    else:
        network = Resnet(INPUTS, OUTPUTS, RESNETS[arch], CHANNELS, norm, blur=upsample == "blur")
    if upsample == "resize":
        resize_instead(network)
    return network


def calm(network):
    """Without norms the residual blocks would add up to values where tanh is flat."""
    with torch.no_grad():
        for block in network.modules():
            if isinstance(block, ResidualBlock):
                for weight in block.parameters():
                    weight *= 0.3


def multiple(arch):
    """Of what height and width are multiples."""
    return 2 ** UNETS[arch] if arch in UNETS else 4


def write_style(folder, network, arch, norm, upsample, more=""):
    """A style folder with the network as its generator."""
    folder.mkdir()
    save_file({key.removeprefix("."): value for key, value in state(network, "").items()}, folder / "generator.safetensors")
    side = max(multiple(arch), 256)
    (folder / "style.toml").write_text(
        f"""format_version = 1
mode = "pix2pix"
author = "nobody"

[recipe.data]
load_size = {side}
crop_size = {side}
input_channels = {INPUTS}
output_channels = {OUTPUTS}

[recipe.generator]
arch = "{arch}"
channels = {CHANNELS}
norm = "{norm}"
dropout = false
upsample = "{upsample}"
downsample = "{"blur" if upsample == "blur" else "strided"}"
{more}
"""
    )


def export(program, folder, output, *options):
    """Runs the program."""
    command = [program, "export", folder, "--output", output, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return output


def check_weights(path, network, arch, norm, upsample):
    """The file loads strictly, and holds the same numbers."""
    fresh = build(arch, norm, upsample)
    fresh.load_state_dict(load_file(path), strict=True)
    for key, value in state(network, "").items():
        assert torch.equal(value, state(fresh, "")[key]), key


def difference(path, network, arch, seed):
    """The largest difference between onnxruntime and PyTorch over all sizes."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    side = multiple(arch)
    sides = [f"{side}*height", f"{side}*width"]
    assert session.get_inputs()[0].shape == ["batch", INPUTS, *sides]
    assert session.get_outputs()[0].shape == ["batch", OUTPUTS, *sides]
    sizes = [(side, side), (side, 2 * side)] if arch in UNETS else [(36, 28), (8, 64)]
    largest = 0.0
    for height, width in sizes:
        for batch in (1, 2):
            picture = smooth(seed, batch, INPUTS, height, width)
            with torch.no_grad():
                # No picture of a batch changes another.
                wanted = torch.cat([network(one) for one in picture.split(1)]).numpy()
            (found,) = session.run(["output"], {"input": picture.numpy()})
            assert found.shape == wanted.shape
            assert numpy.ptp(wanted) > 0.1, "an output without contrast proves nothing"
            largest = max(largest, float(numpy.abs(found - wanted).max()))
    return largest


def check(program, place, seed, arch, norm, upsample):
    """One kind of network."""
    network = randomise(build(arch, norm, upsample), seed)
    if norm == "none":
        calm(network)
    if norm == "batch":
        side = max(multiple(arch), 32)
        settle_running_statistics(network, smooth(seed, 1, INPUTS, side, side), seed)
    folder = place / f"{arch}_{norm}_{upsample}"
    write_style(folder, network, arch, norm, upsample)
    weights = export(program, folder, place / "out.safetensors", "--overwrite", "--format", "safetensors")
    check_weights(weights, network, arch, norm, upsample)
    for statistics in ("batch", "running"):
        model = export(program, folder, folder / f"{statistics}.onnx", "--format", "onnx", "--norm-stats", statistics)
        network.train(statistics == "batch")
        largest = difference(model, network, arch, seed + 1000)
        print(f"{arch:<15} {norm:<9} {upsample:<7} {statistics:<8} {largest:.1e}", flush=True)
        assert largest <= LARGEST_DIFFERENCE
        # PyTorch has moved its averages; those of the file are the old ones.
        network.load_state_dict(load_file(weights))


def check_code(program, place, seed, arch, latent_at):
    """A generator with a latent code, at open and at fixed sizes."""
    if arch in UNETS:
        kind = UnetAll if latent_at == "all" else UnetInput
        network = kind(INPUTS, OUTPUTS, LATENT, UNETS[arch], CHANNELS, "instance")
    else:
        network = ResnetInput(INPUTS + LATENT, OUTPUTS, RESNETS[arch], CHANNELS, "instance")
    randomise(network, seed)
    folder = place / f"{arch}_{latent_at}"
    more = f'latent = {LATENT}\nlatent_at = "{latent_at}"'
    write_style(folder, network, arch, "instance", "deconv", more)
    weights = export(program, folder, place / "out.safetensors", "--overwrite", "--format", "safetensors")
    network.load_state_dict(load_file(weights), strict=True)
    side = max(multiple(arch), 32)
    draw = torch.Generator().manual_seed(seed)
    for precision, most in (("f32", LARGEST_DIFFERENCE), ("f16", LARGEST_HALF_DIFFERENCE)):
        for sizes in ([(side, side), (side, 2 * side)], [(side, 2 * side)]):
            # A single size is written into the model.
            fixed = ["--size", f"{2 * side}x{side}", "--batch", "2"] if len(sizes) == 1 else []
            path = folder / f"{precision}{len(sizes)}.onnx"
            export(program, folder, path, "--format", "onnx", "--precision", precision, *fixed)
            onnx.checker.check_model(onnx.load(path), full_check=True)
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            assert session.get_inputs()[1].shape[1:] == [LATENT, 1, 1]
            largest = 0.0
            for height, width in sizes:
                picture = smooth(seed, 2, INPUTS, height, width)
                code = torch.randn(2, LATENT, generator=draw)
                with torch.no_grad():
                    wanted = network(picture, code).numpy()
                told = {"input": picture.numpy(), "code": code[:, :, None, None].numpy()}
                (found,) = session.run(["output"], told)
                largest = max(largest, float(numpy.abs(found - wanted).max()))
            print(f"{arch:<15} code {latent_at:<6} {precision} {largest:.1e}", flush=True)
            assert largest <= most


def main():
    """Checks every kind of network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    program = parser.parse_args().program.resolve()
    torch.set_num_threads(1)
    seed = 400
    with tempfile.TemporaryDirectory() as place:
        for arch in [*UNETS, *RESNETS]:
            for norm in ("batch", "instance", "instance_affine", "none"):
                # with filters on the way down too
                for upsample in ("deconv", "resize", *(["blur"] if arch in RESNETS else [])):
                    check(program, pathlib.Path(place), seed, arch, norm, upsample)
                    seed += 1
        for arch, latent_at in [
            ("unet_64", "input"),
            ("unet_128", "all"),
            ("unet_64", "all"),
            ("resnet_6blocks", "input"),
        ]:
            check_code(program, pathlib.Path(place), seed, arch, latent_at)
            seed += 1


if __name__ == "__main__":
    main()
