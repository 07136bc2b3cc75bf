"""Residual, progressive and style networks: forward passes, and training steps of each."""

import torch
from torch.nn import functional

from fixture_forward import write
from fixture_synthesis import BATCH, CLASSES, LATENT, SIDE, one_hot, places
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import from_bytes, smooth, to_bytes
from synthesis_networks import (
    ProgressiveDiscriminator,
    ProgressiveGenerator,
    ResidualDiscriminator,
    ResidualGenerator,
    StyleDiscriminator,
    StyleGenerator,
    double,
    draw_equalised,
    halve,
    orthogonality,
    spectral,
)
from trainer import BETAS, EPSILON, LEARNING_RATE, STEPS, report, require_gradient, run
from weights import randomise, state

SEED = 1100
CHANNELS = 2
R1 = 2.0
ORTHOGONAL = 1e-3
DRIFT = 0.3
CLASSIFICATION = 0.7
MAPPING = 2
SHARE = 0.25
LARGE, SMALL = 16, 8
# weights that are standard normal take larger steps, which 32 bits hold more exactly
EQUALISED_RATE = 2e-3


def noise(seed, *shape):
    """Seeded noise."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def trainer(objective, condition, rate=LEARNING_RATE, r1=0.0, orthogonal=0.0, drift=0.0, generate=None):
    """Makes a step function of flat pictures and noise; `generate` makes pictures of the noise of a step."""

    def make(networks):
        generator, discriminator = networks["generator"], networks["discriminator"]
        optimiser_g, optimiser_d = (
            torch.optim.Adam(network.parameters(), lr=rate, betas=BETAS, eps=EPSILON)
            for network in (generator, discriminator)
        )

        def vectors(flat):
            inputs = flat.view(BATCH, LATENT, 1, 1)
            return inputs if condition == "none" else torch.cat([one_hot(flat.dtype), inputs], 1)

        def step(pictures, flat):
            real = pictures.view(BATCH, 3, SIDE, SIDE)
            classes = None if condition == "none" else one_hot(real.dtype)
            fake = generate(generator, flat) if generate else generator(vectors(flat))

            require_gradient(True, discriminator)
            optimiser_d.zero_grad()
            losses = {}
            if r1 > 0.0:
                points = real.clone().requires_grad_()
                logits = discriminator(points, classes)
                logits = logits[0] if condition == "auxiliary" else logits
                (gradient,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
                losses["D_penalty"] = r1 / 2 * gradient.square().flatten(1).sum(1).mean()
            on_real, on_fake = discriminator(real, classes), discriminator(fake.detach(), classes)
            if condition == "auxiliary":
                (on_real, of_real), (on_fake, of_fake) = on_real, on_fake
                entropies = [functional.cross_entropy(found, places()) for found in (of_real, of_fake)]
                losses["D_class"] = CLASSIFICATION * sum(entropies)
            losses["D_real"] = discriminator_real(objective, on_real)
            losses["D_fake"] = discriminator_fake(objective, on_fake)
            if drift > 0.0:
                losses["D_drift"] = drift * on_real.square().mean()
            sum(losses.values()).backward()
            optimiser_d.step()

            require_gradient(False, discriminator)
            optimiser_g.zero_grad()
            on_fake = discriminator(fake, classes)
            own = {}
            if condition == "auxiliary":
                on_fake, found = on_fake
                own["G_class"] = CLASSIFICATION * functional.cross_entropy(found, places())
            own["G_GAN"] = generator_fake(objective, on_fake)
            if orthogonal > 0.0:
                own["G_orthogonal"] = orthogonal * orthogonality(generator)
            sum(own.values()).backward()
            optimiser_g.step()
            return {name: loss.item() for name, loss in (losses | own).items()}

        return step

    return make


def training(folder, name, seed, build, step, values=LATENT, without_effect=()):
    """One run of five steps; batches go flat through the runner."""
    pictures = to_bytes(smooth(seed + 2, STEPS * BATCH, 3, SIDE, SIDE))
    drawn = noise(seed + 3, STEPS, BATCH * values)
    tensors, content = run(build, step, (from_bytes(pictures).view(STEPS, -1), drawn))
    content["without_effect"] += without_effect
    write_tensors(folder, name, tensors | {"pictures": pictures, "noise": drawn})
    write_json(folder, name, content)
    report(name, content)


def residual(folder):
    """Forward passes of each form of the generator and of the discriminator, and five steps in two forms."""
    for seed, form in enumerate(("none", "class", "shared"), SEED):
        classes = 0 if form == "none" else CLASSES
        network = randomise(ResidualGenerator(LATENT, classes, 1, SIDE, form), seed)
        inputs = noise(seed + 100, 6, LATENT, 1, 1)
        if classes:
            inputs = torch.cat([one_hot(inputs.dtype), inputs], 1)
        write(folder, f"residual_generator_{form}", network, inputs[:3], "batch", seed)
    network = randomise(ResidualDiscriminator(3, 1, 32, "none"), SEED + 10)
    picture = smooth(SEED + 110, 2, 3, 32, 32)
    write(folder, "residual_discriminator", network, picture, "none", SEED, quantised=True)

    def plain():
        return {
            "generator": randomise(ResidualGenerator(LATENT, 0, CHANNELS, SIDE), SEED + 20),
            "discriminator": randomise(ResidualDiscriminator(3, CHANNELS, SIDE, "none"), SEED + 21),
        }

    def large():
        generator = randomise(ResidualGenerator(LATENT, CLASSES, 1, SIDE, "shared"), SEED + 30)
        judge = ResidualDiscriminator(3, 1, SIDE, "spectral", "projection", CLASSES)
        return {
            "generator": spectral(generator, SEED + 32),
            "discriminator": spectral(randomise(judge, SEED + 31), SEED + 33),
        }

    training(folder, "training_residual", SEED + 40, plain, trainer("wgan", "none", r1=R1))
    step = trainer("hinge", "projection", r1=R1, orthogonal=ORTHOGONAL)
    training(folder, "training_residual_shared", SEED + 50, large, step)


def fading(growth):
    """Both progressive networks at this growth."""
    return {
        "generator": draw_equalised(ProgressiveGenerator(LATENT, CHANNELS, LARGE, growth), SEED + 60),
        "discriminator": draw_equalised(ProgressiveDiscriminator(CHANNELS, LARGE, growth), SEED + 61),
    }


def progressive(folder):
    """Forward passes at both ends of a passage and in the middle of it, and five steps there."""
    vectors = noise(SEED + 62, 4, LATENT, 1, 1)
    tensors = {"vectors": vectors}
    with torch.no_grad():
        for name, growth in (("small", (SMALL, SMALL, 1.0)), ("fading", (LARGE, SMALL, SHARE)), ("large", (LARGE, LARGE, 1.0))):
            networks = fading(growth)
            for network in networks:
                tensors |= state(networks[network], f"{name}.{network}")
            # the weights are the same at each growth
            if name != "small":
                tensors = {key: value for key, value in tensors.items() if not key.startswith(f"{name}.") or "growth" in key}
            picture = networks["generator"](vectors)
            tensors[f"{name}.picture"] = picture
            tensors[f"{name}.logits"] = networks["discriminator"](picture)
    write_tensors(folder, "progressive", tensors)
    step = trainer("wgan", "none", EQUALISED_RATE, r1=R1, drift=DRIFT)
    training(folder, "training_progressive", SEED + 65, lambda: fading((LARGE, SMALL, SHARE)), step)


def style_networks():
    return {
        "generator": draw_equalised(StyleGenerator(LATENT, CHANNELS, SIDE, MAPPING), SEED + 70),
        "discriminator": draw_equalised(StyleDiscriminator(CHANNELS, SIDE), SEED + 71),
    }


def style(folder):
    """Pictures of one code, of two, and near the mean; logits; the filters; and five steps with noise."""
    networks = style_networks()
    tensors = state(networks["generator"], "generator") | state(networks["discriminator"], "discriminator")
    vectors, others = noise(SEED + 72, 2, LATENT, 1, 1), noise(SEED + 73, 2, LATENT, 1, 1)
    tensors |= {"vectors": vectors, "others": others}
    generator = networks["generator"].eval()
    with torch.no_grad():
        tensors["plain"] = generator(vectors)
        tensors["mixed"] = generator(vectors, others, 3)
        tensors["truncated"] = generator(vectors, truncation=0.5)
        tensors["logits"] = networks["discriminator"](tensors["plain"])
        tensors["halved"], tensors["doubled"] = halve(tensors["plain"]), double(tensors["plain"])
        told = draw_equalised(StyleGenerator(LATENT, CHANNELS, SIDE, MAPPING, CLASSES), SEED + 76).eval()
        tensors |= state(told, "told")
        tensors["told_picture"] = told(torch.cat([torch.eye(CLASSES)[:2].view(2, CLASSES, 1, 1), vectors], 1))
    write_tensors(folder, "style_networks", tensors)
    sides = [4, 8, 8, 16, 16]

    def generate(network, flat):
        sizes = [BATCH * LATENT] + [BATCH * side * side for side in sides]
        vectors, *maps = flat.flatten().split(sizes)
        maps = [values.view(BATCH, 1, side, side) for values, side in zip(maps, sides)]
        return network(vectors.view(BATCH, LATENT, 1, 1), noise=maps)

    step = trainer("vanilla", "none", EQUALISED_RATE, r1=R1, generate=generate)
    values = LATENT + sum(side * side for side in sides)
    training(folder, "training_style", SEED + 80, style_networks, step, values)


def make(folder):
    """All fixtures of these networks."""
    residual(folder)
    progressive(folder)
    style(folder)
