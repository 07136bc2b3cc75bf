"""Context encoders and their losses: forward passes, reconstruction losses, and five training steps of two kinds."""

import torch
from torch.nn import functional

from context import ChannelWise, ContextDiscriminator, ContextEncoder
from fixture_forward import write
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import from_bytes, smooth, to_bytes
from trainer import BETAS, STEPS, report, require_gradient, run
from unet import Unet
from weights import randomise

HOLE = [2.0 * value / 255.0 - 1.0 for value in (117, 104, 123)]
BAND_WEIGHT = 10.0
RECONSTRUCTION = 0.999
ADVERSARIAL = 0.001
RATE_GENERATOR = 2e-3
RATE_DISCRIMINATOR = 2e-4
OVERLAP = 2
SEED = 700

# name, side, output side, colours, channels, bottleneck, batch
ENCODERS = [
    ("context_64", 64, 32, 3, 1, None, 2),
    ("context_32_whole", 32, 32, 1, 1, None, 2),
    ("context_bottleneck_32", 32, 16, 3, 1, 6, 4),
    ("context_227", 227, 227, 1, 2, None, 1),
]


def randomise_context(network, seed):
    """As `randomise`, and the channel-wise layers too."""
    randomise(network, seed)
    draw = torch.Generator().manual_seed(seed + 5000)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, ChannelWise):
                positions = module.weight.shape[1]
                module.weight.copy_(torch.randn(module.weight.shape, generator=draw) * (2.0 / positions) ** 0.5)
    return network


def reconstruction_weights(mask, overlap):
    """1 in the hole, ten in the band around it, 0 elsewhere."""
    if overlap == 0:
        return mask
    grown = functional.max_pool2d(mask, 2 * overlap + 1, stride=1, padding=overlap)
    return mask + BAND_WEIGHT * (grown - mask)


def reconstruction(output, target, weights, distance="l2"):
    """Weighted distance over the number of values that have a weight."""
    difference = (output - target).abs()
    if distance == "l2":
        difference = difference.square()
    return (difference * weights).sum() / ((weights > 0).sum() * output.shape[1])


def punched(picture, mask):
    """The picture with the mean colour in its holes."""
    colour = torch.tensor(HOLE, dtype=picture.dtype).view(1, 3, 1, 1)
    return picture * (1 - mask) + colour * mask


def middle(picture, part):
    """The square of side `part` in the middle."""
    start = (picture.shape[-1] - part) // 2
    return picture[..., start : start + part, start : start + part]


def trainer(batch, side, part):
    """Makes a step function; `part` is the side of the patch, or None where the whole picture is given."""

    def make(networks):
        generator, discriminator = networks["generator"], networks["discriminator"]
        optimiser_g = torch.optim.Adam(generator.parameters(), lr=RATE_GENERATOR, betas=BETAS, eps=1e-8)
        optimiser_d = torch.optim.Adam(discriminator.parameters(), lr=RATE_DISCRIMINATOR, betas=BETAS, eps=1e-8)

        def step(photos, masks):
            photo = photos.view(batch, 3, side, side)
            mask = masks.view(batch, 1, side, side)
            weights = reconstruction_weights(mask, OVERLAP)
            given = punched(photo, mask)
            if part is None:
                output = generator(torch.cat([given, mask], 1))
                target, fake = photo, photo * (1 - mask) + output * mask
            else:
                output = fake = generator(given)
                target, weights = middle(photo, part), middle(weights, part)

            require_gradient(True, discriminator)
            optimiser_d.zero_grad()
            d_real = discriminator_real("vanilla", discriminator(target))
            d_fake = discriminator_fake("vanilla", discriminator(fake.detach()))
            (d_real + d_fake).backward()
            optimiser_d.step()

            require_gradient(False, discriminator)
            optimiser_g.zero_grad()
            g_adv = ADVERSARIAL * generator_fake("vanilla", discriminator(fake))
            g_rec = RECONSTRUCTION * reconstruction(output, target, weights)
            (g_rec + g_adv).backward()
            optimiser_g.step()
            return {"G_rec": g_rec.item(), "G_adv": g_adv.item(), "D_real": d_real.item(), "D_fake": d_fake.item()}

        return step

    return make


def centre_mask(side):
    """The hole of mode centre."""
    mask = torch.zeros(1, 1, side, side)
    start, end = side // 4 + OVERLAP, side // 4 + side // 2 - OVERLAP
    mask[..., start:end, start:end] = 1
    return mask


def free_masks(seed, count, side):
    """Smooth shapes."""
    return (smooth(seed, count, 1, side, side, noise=0.0) > 0.5).float()


def training(folder, name, build, masks, part):
    """One run of five steps; batches go flat through the runner, which takes one sample a step."""
    count, _, side, _ = masks.shape
    photos = to_bytes(smooth(SEED + 3, count, 3, side, side))
    data = (from_bytes(photos).view(STEPS, -1), masks.view(STEPS, -1))
    tensors, content = run(build, trainer(count // STEPS, side, part), data)
    inputs = {"photos": photos, "masks": (masks * 255).to(torch.uint8)}
    write_tensors(folder, name, tensors | inputs)
    write_json(folder, name, content)
    report(name, content)


def losses(folder):
    """Reconstruction losses and their gradients, in float64."""
    output = smooth(SEED, 2, 3, 12, 10).double().requires_grad_()
    target = smooth(SEED + 1, 2, 3, 12, 10).double()
    mask = free_masks(SEED + 2, 2, 12)[..., :10].double()
    tensors = {"output": output.detach().float(), "target": target.float(), "mask": mask.float()}
    values = {}
    for overlap in (0, 1, 3):
        weights = reconstruction_weights(mask, overlap)
        tensors[f"weights.{overlap}"] = weights.float()
        for distance in ("l2", "l1"):
            loss = reconstruction(output, target, weights, distance)
            (gradient,) = torch.autograd.grad(loss, output)
            values[f"{distance}.{overlap}"] = loss.item()
            tensors[f"gradient.{distance}.{overlap}"] = gradient.float()
    write_tensors(folder, "reconstruction", tensors)
    write_json(folder, "reconstruction", values)


def make(folder):
    """All fixtures of mode inpaint."""
    for seed, (name, side, output_side, colours, channels, bottleneck, batch) in enumerate(ENCODERS, SEED):
        network = ContextEncoder(colours, channels, side, output_side, "batch", bottleneck)
        picture = smooth(seed + 1000, batch, colours, side, side)
        write(folder, name, randomise_context(network, seed), picture, "batch", seed, quantised=True, side=side,
              output_side=output_side, colours=colours, channels=channels, bottleneck=bottleneck or 0)
    for seed, side in enumerate((32, 227), SEED + 10):
        network = randomise(ContextDiscriminator(1, 1, side, "batch"), seed)
        picture = smooth(seed + 1000, 2, 1, side, side)
        write(folder, f"context_discriminator_{side}", network, picture, "batch", seed, quantised=True, side=side)
    losses(folder)

    def bottleneck():
        return {
            "generator": randomise_context(ContextEncoder(3, 1, 32, 16, "batch", 6), SEED + 20),
            "discriminator": randomise(ContextDiscriminator(3, 1, 16, "batch"), SEED + 21),
        }

    def context():
        return {
            "generator": randomise_context(ContextEncoder(3, 1, 32, 16, "batch"), SEED + 22),
            "discriminator": randomise(ContextDiscriminator(3, 1, 16, "batch"), SEED + 23),
        }

    def unet():
        return {
            "generator": randomise(Unet(4, 3, 6, 1, "batch"), SEED + 24),
            "discriminator": randomise(ContextDiscriminator(3, 1, 64, "batch"), SEED + 25),
        }

    def centre(batch):
        return centre_mask(32).expand(STEPS * batch, 1, 32, 32).contiguous()

    training(folder, "training_inpaint_bottleneck", bottleneck, centre(6), 16)
    training(folder, "training_inpaint_context", context, centre(2), 16)
    training(folder, "training_inpaint_unet", unet, free_masks(SEED + 30, STEPS, 64), None)
