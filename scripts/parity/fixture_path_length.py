"""Path length regularisation of a style generator, by PyTorch's double backward: its gradients, and five steps with it."""

import torch

from fixture_networks import EQUALISED_RATE, MAPPING, noise
from fixture_synthesis import LATENT
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import from_bytes, smooth, to_bytes
from synthesis_networks import StyleDiscriminator, StyleGenerator, draw_equalised
from trainer import BETAS, EPSILON, STEPS, report, require_gradient, run
from weights import state

SEED = 1400
BATCH = 4
CHANNELS = 2
SIDE = 8
SIDES = [4, 8, 8]
# So that the penalty shows beside the objective.
WEIGHT, EVERY, DECAY = 0.5, 2, 0.01
SIZES = [BATCH * LATENT, *(BATCH * side * side for side in SIDES), BATCH * 3 * SIDE * SIDE]


def networks():
    return {
        "generator": draw_equalised(StyleGenerator(LATENT, CHANNELS, SIDE, MAPPING), SEED),
        "discriminator": draw_equalised(StyleDiscriminator(CHANNELS, SIDE), SEED + 1),
    }


def parts(flat):
    """Vectors, the noise of layers, and directions."""
    vectors, *maps, directions = flat.flatten().split(SIZES)
    maps = [values.view(BATCH, 1, side, side) for values, side in zip(maps, SIDES)]
    return vectors.view(BATCH, LATENT, 1, 1), maps, directions.view(BATCH, 3, SIDE, SIDE)


def code_gradients(generator, vectors, maps, directions):
    """`[layers, batch, latent]`: how the inner product of pictures and directions changes with the code of each layer."""
    codes = generator.codes(vectors, False)
    codes = codes.unsqueeze(0).repeat(2 * len(generator.blocks) + 2, 1, 1, 1, 1)
    picture = generator.synthesise(list(codes.unbind(0)), maps)
    product = (picture * directions / SIDE).sum()
    (gradients,) = torch.autograd.grad(product, codes, create_graph=True)
    return gradients.flatten(2)


def path_lengths(gradients):
    """One for each picture."""
    return gradients.square().sum(2).mean(0).sqrt()


def trainer(networks):
    """A step function of flat pictures and noise."""
    generator, discriminator = networks["generator"], networks["discriminator"]
    optimiser_g, optimiser_d = (
        torch.optim.Adam(network.parameters(), lr=EQUALISED_RATE, betas=BETAS, eps=EPSILON)
        for network in (generator, discriminator)
    )
    kept = {"steps": 0, "mean": 0.0}

    def step(pictures, flat):
        real = pictures.view(BATCH, 3, SIDE, SIDE)
        vectors, maps, directions = parts(flat)
        fake = generator(vectors, noise=maps)

        require_gradient(True, discriminator)
        optimiser_d.zero_grad()
        losses = {
            "D_real": discriminator_real("vanilla", discriminator(real)),
            "D_fake": discriminator_fake("vanilla", discriminator(fake.detach())),
        }
        sum(losses.values()).backward()
        optimiser_d.step()

        require_gradient(False, discriminator)
        optimiser_g.zero_grad()
        own = {"G_GAN": generator_fake("vanilla", discriminator(fake))}
        if kept["steps"] % EVERY == 0:
            lengths = path_lengths(code_gradients(generator, vectors, maps, directions))
            kept["mean"] += DECAY * (lengths.mean().detach() - kept["mean"])
            own["G_path"] = WEIGHT * EVERY * (lengths - kept["mean"]).square().mean()
        kept["steps"] += 1
        sum(own.values()).backward()
        optimiser_g.step()
        return {name: loss.item() for name, loss in (losses | own).items()}

    return step


def make(folder):
    """The gradients of a generator, and five steps."""
    generator = networks()["generator"]
    flat = noise(SEED + 2, sum(SIZES))
    vectors, maps, directions = parts(flat)
    found = code_gradients(generator, vectors, maps, directions)
    path_lengths(found).square().mean().backward()
    tensors = state(generator, "generator") | {"noise": flat, "code_gradients": found}
    for name, parameter in generator.named_parameters():
        tensors[f"gradient.{name}"] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    write_tensors(folder, "path_length", tensors)

    pictures = to_bytes(smooth(SEED + 3, STEPS * BATCH, 3, SIDE, SIDE))
    drawn = noise(SEED + 4, STEPS, sum(SIZES))
    tensors, content = run(networks, trainer, (from_bytes(pictures).view(STEPS, -1), drawn))
    write_tensors(folder, "training_path_length", tensors | {"pictures": pictures, "noise": drawn})
    write_json(folder, "training_path_length", content)
    report("training_path_length", content)
