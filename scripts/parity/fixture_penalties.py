"""Gradient penalties of every discriminator by PyTorch's double backward, and five pix2pix steps with them."""

import copy
import functools

import torch
from torch import autograd

from context import ContextDiscriminator
from fixture_pix2pix import trainer
from norm import normalise_weights
from output import write_json, write_tensors
from patchgan import PatchDiscriminator, PixelDiscriminator
from pictures import from_bytes, smooth, to_bytes, training_data
from pix2pixhd import MultiscaleDiscriminator
from reference_norm import with_reference
from trainer import STEPS, report, run
from unet import Unet
from weights import randomise, state

SEED = 900
# name, norm, network, inputs, height, width: sides that halve to odd numbers where the network allows it
CASES = [
    ("patch_instance", "instance", lambda n: PatchDiscriminator(3, 2, 3, n), 3, 43, 34),
    ("patch_instance_affine", "instance_affine", lambda n: PatchDiscriminator(1, 2, 2, n), 1, 30, 33),
    ("patch_spectral", "spectral", lambda n: PatchDiscriminator(3, 2, 2, n), 3, 29, 36),
    ("patch_none", "none", lambda n: PatchDiscriminator(1, 2, 2, n), 1, 24, 31),
    ("patch_blur", "instance", lambda n: PatchDiscriminator(1, 2, 2, n, blur=True), 1, 35, 30),
    ("patch_blur_spectral", "spectral", lambda n: PatchDiscriminator(1, 2, 2, n, blur=True), 1, 32, 35),
    ("patch_deviation", "instance", lambda n: PatchDiscriminator(1, 2, 2, n, deviation=True), 1, 26, 24),
    ("pixel_instance", "instance", lambda n: PixelDiscriminator(3, 4, n), 3, 9, 12),
    ("pixel_spectral", "spectral", lambda n: PixelDiscriminator(3, 4, n), 3, 9, 12),
    ("multiscale_instance", "instance", lambda n: MultiscaleDiscriminator(3, channels=2, layers=2, scales=3), 3, 37, 30),
    ("multiscale_spectral", "spectral", lambda n: MultiscaleDiscriminator(3, channels=2, layers=1, scales=2, norm=n), 3, 21, 32),
    ("context_instance", "instance", lambda n: ContextDiscriminator(3, 1, 32, n), 3, 32, 32),
    ("context_spectral", "spectral", lambda n: ContextDiscriminator(3, 1, 32, n), 3, 32, 32),
    ("patch_likeness", "instance", lambda n: PatchDiscriminator(1, 2, 2, n, kernels=3), 1, 26, 24),
    ("patch_reference", "reference_batch", lambda n: PatchDiscriminator(1, 2, 2, n), 1, 24, 27),
    ("patch_virtual", "virtual_batch", lambda n: PatchDiscriminator(1, 2, 2, n), 1, 26, 25),
    ("patch_both", "spectral", lambda n: PatchDiscriminator(1, 2, 2, n, deviation=True, kernels=2), 1, 25, 28),
]
BATCH = 2
REFERENCE_BATCH = 3
SHARES = [0.25, 0.8125]
# DRAGAN only where its noise is small
MOST_NOISE = 2500

SIZE = 32
DOWNSAMPLINGS = 5
CHANNELS = {"generator": 1, "discriminator": 3}
LAYERS = 2
WEIGHTS = {"gradient_penalty": 10.0, "r1": 0.5, "r1_every": 2}
# what the program draws in steps 1 to 5 of seed 0
STEP_SHARES = [
    0.348710298538208,
    0.02376037836074829,
    0.5003694295883179,
    0.7372654676437378,
    0.8278414011001587,
]


def logits(results):
    """All logits of a discriminator, summed."""
    if isinstance(results, list):
        return sum(scale[-1].sum() for scale in results)
    return results.sum()


def squared_lengths(network, points):
    """The squared length of the gradient at each point."""
    points = points.detach().requires_grad_()
    gradient = autograd.grad(logits(network(points)), points, create_graph=True)[0]
    return gradient.square().flatten(1).sum(1)


def distance_from_one(network, points):
    return (squared_lengths(network, points).sqrt() - 1.0).square().mean()


def interpolated(network, real, fake, shares):
    shares = torch.tensor(shares, dtype=real.dtype).reshape(-1, 1, 1, 1)
    return distance_from_one(network, shares * real + (1.0 - shares) * fake)


def dragan(network, real, noise):
    return distance_from_one(network, real + 0.5 * real.std() * noise)


def r1(network, real):
    return 0.5 * squared_lengths(network, real).mean()


def penalties(folder):
    """Values of each, and the gradient of the first; in float64 from float32 weights and pictures."""
    tensors, values = {}, {}
    for seed, (name, norm, build, inputs, height, width) in enumerate(CASES, SEED):
        network = randomise(build(norm), seed)
        if norm == "spectral":
            network = normalise_weights(network, seed + 50)
        if norm in ("reference_batch", "virtual_batch"):
            batch = to_bytes(smooth(seed + 175, REFERENCE_BATCH, inputs, height, width))
            tensors[f"{name}.reference"] = batch
            network = with_reference(network, from_bytes(batch))
        real, fake = smooth(seed + 100, 2 * BATCH, inputs, height, width).split(BATCH)
        draw = torch.Generator().manual_seed(seed + 150)
        noise = torch.rand(real.shape, generator=draw)
        if noise.numel() <= MOST_NOISE:
            tensors[f"{name}.noise"] = noise
        tensors |= state(network, f"{name}.weights")
        tensors |= {f"{name}.real": to_bytes(real), f"{name}.fake": to_bytes(fake)}
        real, fake = from_bytes(to_bytes(real)), from_bytes(to_bytes(fake))
        real, fake, noise = real.double(), fake.double(), noise.double()
        terms = {
            "interpolated": lambda n: interpolated(n, real, fake, SHARES),
            "r1": lambda n: r1(n, real),
        }
        if noise.numel() <= MOST_NOISE:
            terms["dragan"] = lambda n: dragan(n, real, noise)
        values[name] = {}
        for term, penalty in terms.items():
            # each from the same singular vectors
            fresh = copy.deepcopy(network).double()
            value = penalty(fresh)
            values[name][term] = value.item()
            if term == "interpolated":
                value.backward()
                parameters = dict(fresh.named_parameters())
                gradients = {k: p.grad for k, p in parameters.items() if p.grad is not None}
                tensors |= {f"{name}.gradient.{k}": g.float() for k, g in gradients.items()}
    write_tensors(folder, "penalties", tensors)
    write_json(folder, "penalties", {"shares": SHARES, "values": values})


def build():
    """U-Net and PatchGAN with instance norm."""
    generator = Unet(3, 3, DOWNSAMPLINGS, CHANNELS["generator"], "instance")
    discriminator = PatchDiscriminator(6, CHANNELS["discriminator"], LAYERS, "instance")
    return {
        "generator": randomise(generator, SEED + 200),
        "discriminator": randomise(discriminator, SEED + 201),
    }


def both(discriminator, step, real, fake):
    """The penalty on interpolates in every step, R1 in every second."""
    penalty = WEIGHTS["gradient_penalty"] * interpolated(discriminator, real, fake, STEP_SHARES[step - 1 : step])
    if (step - 1) % WEIGHTS["r1_every"] == 0:
        penalty = penalty + WEIGHTS["r1_every"] * WEIGHTS["r1"] * r1(discriminator, real)
    return penalty


def make(folder):
    """All penalties, and one run."""
    penalties(folder)
    data = (training_data(SEED + 202, STEPS, SIZE), training_data(SEED + 203, STEPS, SIZE))
    tensors, content = run(build, functools.partial(trainer, gan="wgan", penalty=both), data)
    config = {
        "generator": {"downsamplings": DOWNSAMPLINGS, "channels": CHANNELS["generator"]},
        "discriminator": {"layers": LAYERS, "channels": CHANNELS["discriminator"]},
        "loss": WEIGHTS,
        "shares": STEP_SHARES,
    }
    write_tensors(folder, "training_penalties", tensors | {"input_a": to_bytes(data[0]), "input_b": to_bytes(data[1])})
    write_json(folder, "training_penalties", {"config": config} | content)
    report("training_penalties", content)
