"""Forward passes of every network: weights, input, output."""

import torch

from output import write_tensors
from patchgan import PatchDiscriminator, PixelDiscriminator
from pictures import from_bytes, smooth, to_bytes
from resnet import Resnet
from unet import Unet
from weights import randomise, settle_running_statistics, state

# name, inputs, outputs, downsamplings, channels, norm, batch, height, width
UNETS = [
    ("unet_256_batch", 1, 1, 8, 1, "batch", 1, 256, 256),
    ("unet_128_batch", 3, 1, 7, 1, "batch", 1, 128, 128),
    ("unet_128_instance", 1, 1, 7, 1, "instance", 1, 128, 128),
    ("unet_64_batch", 1, 1, 6, 1, "batch", 2, 64, 128),
    ("unet_64_instance", 1, 2, 6, 1, "instance", 1, 64, 64),
    ("unet_64_none", 1, 1, 6, 1, "none", 1, 64, 64),
    ("unet_256_instance", 1, 1, 8, 1, "instance", 1, 256, 256),
]

# name, inputs, outputs, blocks, channels, norm, batch
RESNETS = [
    ("resnet_6blocks_instance", 3, 3, 6, 3, "instance", 1),
    ("resnet_6blocks_batch", 1, 2, 6, 2, "batch", 2),
    ("resnet_9blocks_instance", 3, 3, 9, 2, "instance", 1),
    ("resnet_9blocks_batch", 3, 3, 9, 2, "batch", 1),
    ("resnet_6blocks_instance_affine", 3, 3, 6, 2, "instance_affine", 1),
]

# name, inputs, layers (0: per pixel), channels, norm, batch, height, width
DISCRIMINATORS = [
    ("patch_batch_layers1", 3, 1, 4, "batch", 2, 30, 22),
    ("patch_batch_layers3", 6, 3, 3, "batch", 1, 40, 32),
    ("patch_batch_layers4", 1, 4, 2, "batch", 1, 64, 80),
    ("patch_instance_layers1", 3, 1, 4, "instance", 1, 30, 22),
    ("patch_instance_layers3", 3, 3, 3, "instance", 2, 40, 32),
    ("patch_instance_layers4", 1, 4, 2, "instance", 1, 64, 80),
    ("patch_none_layers3", 3, 3, 2, "none", 1, 40, 32),
    ("pixel_batch", 6, 0, 4, "batch", 1, 17, 24),
    ("pixel_instance", 3, 0, 4, "instance", 1, 17, 24),
]

# values in an output that is stored whole
LARGE = 8000

# large files that leave out the output by running statistics
WITHOUT_RUNNING = ["unet_256_batch", "unet_64_batch", "context_227"]


def passes(network, picture, norm, seed):
    """Fixture tensors and the error of float32.

    Weights, output by batch statistics and, with batch norm, output by the running statistics and
    the running statistics after the pass that gave `output`.
    """
    if norm == "batch":
        settle_running_statistics(network, picture, seed)
    tensors = state(network, "weights")
    with torch.no_grad():
        network.eval()
        running = network(picture)
        network.train()
        tensors["output"] = network(picture)
        tensors |= {k: v for k, v in state(network, "after").items() if ".running_" in k}
        exact = network.double()(picture.double())
        network.float()
    if norm == "batch":
        tensors["output_running"] = running
    else:
        assert torch.equal(running, tensors["output"])
    output = tensors["output"]
    error = (output - exact).abs().max() / (exact.max() - exact.min())
    return tensors, output, error


def write(folder, name, network, picture, norm, seed, quantised=False, **metadata):
    """One forward fixture, with a line on how wide its output is."""
    stored = {"input": picture}
    if quantised:
        stored = {"input_bytes": to_bytes(picture)}
        picture = from_bytes(stored["input_bytes"])
    tensors, output, error = passes(network, picture, norm, seed)
    if name in WITHOUT_RUNNING:
        del tensors["output_running"]
    for key in ("output", "output_running"):
        # of large outputs every third row and column, to keep the files small
        if key in tensors and tensors[key].numel() > LARGE:
            tensors[f"{key}_sparse"] = tensors.pop(key)[..., ::3, ::3]
    write_tensors(folder, f"forward_{name}", {**tensors, **stored}, norm=norm, **metadata)
    print(
        f"forward_{name}: output {list(output.shape)} in [{output.min():.3f}, {output.max():.3f}], "
        f"deviation {output.std():.3f}, float32 error {error:.1e} of the range"
    )


def make(folder):
    """All forward fixtures."""
    for seed, (name, inputs, outputs, downsamplings, channels, norm, batch, height, width) in enumerate(UNETS, 100):
        network = randomise(Unet(inputs, outputs, downsamplings, channels, norm), seed)
        picture = smooth(seed + 1000, batch, inputs, height, width)
        write(folder, name, network, picture, norm, seed, quantised=True, arch=name.rsplit("_", 1)[0],
              input_channels=inputs, output_channels=outputs, channels=channels, downsamplings=downsamplings)
    for seed, (name, inputs, outputs, blocks, channels, norm, batch) in enumerate(RESNETS, 200):
        network = randomise(Resnet(inputs, outputs, blocks, channels, norm), seed)
        picture = smooth(seed + 1000, batch, inputs, 36, 28)
        write(folder, name, network, picture, norm, seed, arch=name.removesuffix(f"_{norm}"),
              input_channels=inputs, output_channels=outputs, channels=channels, blocks=blocks)
    for seed, (name, inputs, layers, channels, norm, batch, height, width) in enumerate(DISCRIMINATORS, 300):
        if layers == 0:
            network = PixelDiscriminator(inputs, channels, norm)
        else:
            network = PatchDiscriminator(inputs, channels, layers, norm)
        picture = smooth(seed + 1000, batch, inputs, height, width)
        write(folder, name, randomise(network, seed), picture, norm, seed, arch=name.split("_")[0],
              input_channels=inputs, channels=channels, layers=layers)
    network = randomise(Resnet(3, 3, 6, 2, "instance", blur=True), 230)
    write(folder, "resnet_6blocks_blur", network, smooth(1230, 2, 3, 36, 28), "instance", 230,
          arch="resnet_6blocks", input_channels=3, output_channels=3, channels=2, blocks=6)
    # sides that halve to odd numbers
    network = randomise(PatchDiscriminator(3, 3, 3, "instance", blur=True), 330)
    write(folder, "patch_blur_layers3", network, smooth(1330, 1, 3, 43, 34), "instance", 330,
          arch="patch", input_channels=3, channels=3, layers=3)
