"""A cascade and a second stage: forward passes, and five training steps of each."""

import torch
from torch.nn import functional

from fixture_forward import write
from fixture_networks import noise
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import from_bytes, smooth, to_bytes
from synthesis import DcganDiscriminator, DcganGenerator
from synthesis_stages import Cascade, CascadeJudges, SecondStage, enlarge, reduce
from trainer import STEPS, adam, report, require_gradient, run
from weights import randomise, settle_running_statistics, state

SEED = 1300
BATCH = 3
CLASSES = 3
CHANNELS = 2
LATENT = 5
SIDES = (8, 16)
LARGE = 32
R1 = 2.0
KL = 0.5


def one_hot(dtype):
    """A picture of each class."""
    return torch.eye(CLASSES, dtype=dtype)[:, :, None, None]


def play(fake, real, judge, optimisers, objective, divergence=None):
    """One step of a game with penalty R1; its losses."""
    optimiser_g, optimiser_d = optimisers
    classes = one_hot(real.dtype)
    require_gradient(True, judge)
    optimiser_d.zero_grad()
    points = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(judge(points, classes).sum(), points, create_graph=True)
    losses = {
        "D_penalty": R1 / 2 * gradient.square().flatten(1).sum(1).mean(),
        "D_real": discriminator_real(objective, judge(real, classes)),
        "D_fake": discriminator_fake(objective, judge(fake.detach(), classes)),
    }
    sum(losses.values()).backward()
    optimiser_d.step()
    require_gradient(False, judge)
    optimiser_g.zero_grad()
    own = {"G_GAN": generator_fake(objective, judge(fake, classes))}
    if divergence is not None:
        own["KL"] = divergence
    sum(own.values()).backward()
    optimiser_g.step()
    return losses | own


def cascade_trainer(networks):
    """Makes a step function: all levels play, and their losses are added up."""
    generators, judges = networks["generator"].levels, networks["discriminator"].levels
    optimisers = {side: (adam(generators[side]), adam(judges[side])) for side in generators}

    def step(pictures, flat):
        real = {str(SIDES[-1]): pictures.view(BATCH, 3, SIDES[-1], SIDES[-1])}
        for side in reversed(SIDES[:-1]):
            real[str(side)] = reduce(real[str(2 * side)])
        values = [BATCH * LATENT] + [BATCH * side * side for side in SIDES[1:]]
        totals = {}
        for side, part in zip(generators, flat.flatten().split(values)):
            coarse = None if side == str(SIDES[0]) else enlarge(reduce(real[side]))
            fake = generators[side](part.view(BATCH, -1), one_hot(flat.dtype), coarse)
            for name, loss in play(fake, real[side], judges[side], optimisers[side], "lsgan").items():
                totals[name] = totals.get(name, 0.0) + loss.item()
        return totals

    return step


def cascade(folder):
    """Pictures of three levels, and five steps of two levels with classes."""
    sides = (8, 16, 32)
    network = randomise(Cascade(LATENT, 0, CHANNELS, sides, "batch"), SEED)
    vectors = noise(SEED + 1, 2, LATENT + 16 * 16 + 32 * 32, 1, 1)
    write(folder, "laplacian_generator", network, vectors, "batch", SEED)

    def build():
        return {
            "generator": randomise(Cascade(LATENT, CLASSES, CHANNELS, SIDES, "batch"), SEED + 2),
            "discriminator": randomise(CascadeJudges(CHANNELS, SIDES, "instance", "concat", CLASSES), SEED + 3),
        }

    training(folder, "training_laplacian", SEED + 4, SIDES[-1], build, cascade_trainer, LATENT + SIDES[-1] ** 2)


def first_stage():
    """A trained generator of small pictures."""
    network = randomise(DcganGenerator(CLASSES + LATENT, CHANNELS, LARGE // 4, 3, "batch"), SEED + 10)
    vectors = torch.cat([one_hot(torch.float32), noise(SEED + 11, BATCH, LATENT, 1, 1)], 1)
    settle_running_statistics(network, vectors, SEED + 12)
    return network.eval()


def stack_trainer(networks):
    """Makes a step function of a second stage, whose pictures are made of those of a first with other noise."""
    generator, judge = networks["generator"], networks["discriminator"]
    optimisers = adam(generator), adam(judge)

    def step(pictures, flat):
        real = pictures.view(BATCH, 3, LARGE, LARGE)
        classes = one_hot(real.dtype)
        own, others = flat.view(2, BATCH, LATENT, 1, 1)
        with torch.no_grad():
            coarse = first_stage().to(real.dtype)(torch.cat([classes, others], 1))
        fake = generator(coarse, classes, own)
        divergence = KL * generator.code.divergence(classes)
        losses = play(fake, real, judge, optimisers, "hinge", divergence)
        return {name: loss.item() for name, loss in losses.items()}

    return step


def stack(folder):
    """Pictures of two stages, and five steps of the second."""
    first = first_stage()

    def build():
        return {
            "generator": randomise(SecondStage(CLASSES, LATENT, CHANNELS, "batch"), SEED + 13),
            "discriminator": randomise(DcganDiscriminator(3, CHANNELS, LARGE, "none", "projection", CLASSES), SEED + 14),
        }

    second, classes = build()["generator"].eval(), one_hot(torch.float32)
    own, others = noise(SEED + 16, 2, BATCH, LATENT, 1, 1)
    tensors = state(first, "first")
    with torch.no_grad():
        coarse = first(torch.cat([classes, others], 1))
        tensors |= {"vectors": torch.cat([own, others], 1), "picture": second(coarse, classes, own)}
    training(folder, "training_stack", SEED + 15, LARGE, build, stack_trainer, 2 * LATENT, tensors)


def training(folder, name, seed, side, build, trainer, values, more=None):
    """One run of five steps; batches go flat through the runner."""
    pictures = to_bytes(smooth(seed + 1, STEPS * BATCH, 3, side, side))
    drawn = noise(seed + 2, STEPS, BATCH * values)
    tensors, content = run(build, trainer, (from_bytes(pictures).view(STEPS, -1), drawn))
    write_tensors(folder, name, tensors | (more or {}) | {"pictures": pictures, "noise": drawn})
    write_json(folder, name, content)
    report(name, content)


def make(folder):
    """All fixtures of pictures that are made one after the other."""
    cascade(folder)
    stack(folder)
