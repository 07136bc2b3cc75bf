"""Latent codes that the discriminator recognises (InfoGAN): five steps of categorical and continuous ones."""

import torch
from torch import nn
from torch.distributions import Normal
from torch.nn import functional

from fixture_synthesis import BATCH, CHANNELS, LATENT, SIDE
from norm import convolution_bias
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import from_bytes, smooth, to_bytes
from synthesis import INNERMOST, DcganDiscriminator, DcganGenerator, levels, width
from trainer import STEPS, adam, report, require_gradient, run
from weights import randomise

SEED = 1300
CATEGORIES = (3, 2)
CONTINUOUS = 2
COUNT = sum(CATEGORIES) + CONTINUOUS
WEIGHTS = (0.8, 0.3)


class Recogniser(DcganDiscriminator):
    """Raw logit of a picture, and what it says of the codes."""

    def __init__(self, pictures, channels, side, norm):
        super().__init__(pictures, channels, side, norm)
        last = width(channels, levels(side) - 1)
        outputs = sum(CATEGORIES) + 2 * CONTINUOUS
        self.recognition = nn.Conv2d(last, outputs, INNERMOST, bias=convolution_bias(norm))

    def forward(self, picture):
        features = self.main[:-1](picture)
        return self.main[-1](features), self.recognition(features).flatten(1)


def information(found, codes):
    """Weighted cross entropies of categories, and negative log likelihoods of continuous codes."""
    loss, first = 0, 0
    for count in CATEGORIES:
        part = slice(first, first + count)
        loss = loss + WEIGHTS[0] * functional.cross_entropy(found[:, part], codes[:, part].argmax(1))
        first += count
    mean, log_deviation = found[:, first:].split(CONTINUOUS, 1)
    likely = Normal(mean, log_deviation.exp()).log_prob(codes[:, first:])
    return loss - WEIGHTS[1] * likely.sum(1).mean()


def trainer(networks):
    """A step function of flat pictures and noise."""
    generator, discriminator = networks["generator"], networks["discriminator"]
    optimiser_g, optimiser_d = adam(generator), adam(discriminator)

    def step(pictures, flat):
        real = pictures.view(BATCH, 3, SIDE, SIDE)
        vectors, codes = flat.flatten().split([BATCH * LATENT, BATCH * COUNT])
        vectors, codes = vectors.view(BATCH, LATENT), codes.view(BATCH, COUNT)
        fake = generator(torch.cat([codes, vectors], 1)[:, :, None, None])

        require_gradient(True, discriminator)
        optimiser_d.zero_grad()
        on_real, _ = discriminator(real)
        on_fake, found = discriminator(fake.detach())
        losses = {
            "D_real": discriminator_real("vanilla", on_real),
            "D_fake": discriminator_fake("vanilla", on_fake),
            "D_codes": information(found, codes),
        }
        sum(losses.values()).backward()
        optimiser_d.step()

        require_gradient(False, discriminator)
        optimiser_g.zero_grad()
        on_fake, found = discriminator(fake)
        own = {"G_GAN": generator_fake("vanilla", on_fake), "G_codes": information(found, codes)}
        sum(own.values()).backward()
        optimiser_g.step()
        return {name: loss.item() for name, loss in (losses | own).items()}

    return step


def draw(seed):
    """Noise of all steps: vectors, then codes, of each step."""
    generator = torch.Generator().manual_seed(seed)
    steps = []
    for _ in range(STEPS):
        vectors = torch.randn(BATCH * LATENT, generator=generator)
        parts = []
        for count in CATEGORIES:
            places = torch.randint(count, (BATCH,), generator=generator)
            parts.append(functional.one_hot(places, count).float())
        parts.append(torch.rand(BATCH, CONTINUOUS, generator=generator) * 2 - 1)
        steps.append(torch.cat([vectors, torch.cat(parts, 1).flatten()]))
    return torch.stack(steps)


def make(folder):
    """Five steps."""

    def build():
        return {
            "generator": randomise(DcganGenerator(LATENT + COUNT, CHANNELS, SIDE, 3, "batch"), SEED),
            "discriminator": randomise(Recogniser(3, CHANNELS, SIDE, "batch"), SEED + 1),
        }

    pictures = to_bytes(smooth(SEED + 2, STEPS * BATCH, 3, SIDE, SIDE))
    noise = draw(SEED + 3)
    tensors, content = run(build, trainer, (from_bytes(pictures).view(STEPS, -1), noise))
    write_tensors(folder, "training_codes", tensors | {"pictures": pictures, "noise": noise})
    write_json(folder, "training_codes", content)
    report("training_codes", content)
