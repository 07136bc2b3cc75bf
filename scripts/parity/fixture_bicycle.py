"""BicycleGAN (Zhu et al. 2017): forward passes, and five training steps of each way to take the code."""

import torch
from torch.nn import functional

from bicycle import CodeEncoder, UnetAll, UnetInput, with_code
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import from_bytes, smooth, to_bytes, training_data
from resnet import Resnet
from trainer import STEPS, adam, report, require_gradient, run
from weights import randomise, state

LAMBDA_L1, LAMBDA_KL, LAMBDA_LATENT = 10.0, 0.01, 0.5
LATENT = 3
BATCH = 2
ENCODER = {"channels": 2, "downsamplings": 4}
DISCRIMINATOR = {"channels": 3, "layers": 2}
# what the program draws with seed 0 in each of its steps, as many as a batch of two needs: the encoder's noise, then random codes
DRAWS = [
    [
        0.36699098, -0.13056715, -1.3182681, -1.3226888, -0.21638489, 0.5471437,
        -1.3860335, -1.2077688, 1.5993578, 0.011673013, -1.9416803, -0.28632635,
    ],
    [
        1.2886021, -0.8201808, -0.32777458, -0.27363318, 0.6171788, 0.6466473,
        2.3289614, -0.29157248, -0.86734265, -0.12537508, -1.1446773, -1.9590936,
    ],
    [
        -0.54776925, 0.4857165, 0.5153727, -2.0210462, -1.0236752, -0.47975168,
        -0.7537987, 0.2235704, 0.23963097, -1.8112822, -1.0224469, -0.35120782,
    ],
    [
        -0.36826348, 0.7170955, -0.035148382, 1.0819124, 0.47949255, -0.042797085,
        -0.57832247, 0.72375536, 0.8265176, -0.35151744, 0.98239934, 1.1287887,
    ],
    [
        -1.4272327, -0.14677729, -0.05600703, -0.9528996, 0.5700068, 0.7079119,
        0.44593498, 0.37823427, -0.7679194, 0.8601793, 1.3924032, 0.59996647,
    ],
]
# chosen so that no gradient is so small that rounding decides its sign
SEEDS = {"training_bicycle_all": 700, "training_bicycle_input": 705}


class ResnetInput(Resnet):
    """The ResNet of CycleGAN with the code beside its picture.

    Without the first norm: it takes out what is the same in all places.
    """

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.model[2] = torch.nn.Identity()

    def forward(self, picture, code):
        return super().forward(with_code(picture, code))


def draws(step):
    """The noise of the encoder and the random codes of a step, counted from 0."""
    return torch.tensor(DRAWS[step]).reshape(2, BATCH, LATENT)


def build(generator, norm, shared, seed):
    """Generator, encoder, and one or two discriminators on the joined condition and picture."""

    def networks():
        encoder = CodeEncoder(3, LATENT, ENCODER["downsamplings"], ENCODER["channels"], norm)
        made = {"generator": randomise(generator(), seed), "encoder": randomise(encoder, seed + 1)}
        for index, name in enumerate(["discriminator"] if shared else ["discriminator", "discriminator_random"]):
            network = PatchDiscriminator(6, DISCRIMINATOR["channels"], DISCRIMINATOR["layers"], "instance")
            made[name] = randomise(network, seed + 2 + index)
        return made

    return networks


def trainer(networks):
    """A step function: generator and encoder first, then the discriminators."""
    generator, encoder, judge = (networks[name] for name in ("generator", "encoder", "discriminator"))
    judges = [judge, networks.get("discriminator_random", judge)]
    optimiser_g, optimiser_e = adam(generator), adam(encoder)
    optimisers = {network: adam(network) for network in dict.fromkeys(judges)}
    count = 0

    def step(condition, target):
        nonlocal count
        condition, target = condition.squeeze(0), target.squeeze(0)
        noise, random = (values.to(condition.dtype) for values in draws(count))
        count += 1
        mean, log_variance = encoder(target)
        encoded = mean + (0.5 * log_variance).exp() * noise
        fakes = [generator(condition, encoded), generator(condition, random)]
        pairs = [torch.cat([condition, fake], 1) for fake in fakes]

        require_gradient(False, *judges)
        optimiser_g.zero_grad()
        optimiser_e.zero_grad()
        adversarial = [generator_fake("lsgan", network(pair)) for network, pair in zip(judges, pairs)]
        l1 = LAMBDA_L1 * functional.l1_loss(fakes[0], target)
        terms = 1 + log_variance - mean.square() - log_variance.exp()
        kl = LAMBDA_KL * -0.5 * terms.sum(1).mean()
        (sum(adversarial) + l1 + kl).backward(retain_graph=True)
        # the code that is found again trains the generator alone
        require_gradient(False, encoder)
        z_l1 = LAMBDA_LATENT * functional.l1_loss(encoder(fakes[1])[0], random)
        z_l1.backward()
        require_gradient(True, encoder)
        optimiser_g.step()
        optimiser_e.step()

        require_gradient(True, *judges)
        real = torch.cat([condition, target], 1)
        judged = [
            (discriminator_real("lsgan", network(real)), discriminator_fake("lsgan", network(pair.detach())))
            for network, pair in zip(judges, pairs)
        ]
        for optimiser in optimisers.values():
            optimiser.zero_grad()
        (0.5 * sum(on_real + on_fake for on_real, on_fake in judged)).backward()
        for optimiser in optimisers.values():
            optimiser.step()
        names = ["D_real", "D_fake", "D_random_real", "D_random_fake"]
        losses = {"G_GAN": adversarial[0], "G_GAN_random": adversarial[1], "G_L1": l1, "KL": kl, "z_L1": z_l1}
        losses |= dict(zip(names, [loss for pair in judged for loss in pair]))
        return {name: loss.item() for name, loss in losses.items()}

    return step


def make_training(folder):
    """A U-Net with the code everywhere and batch norm, which mixes what two codes give; a ResNet with one discriminator."""
    variants = {
        "training_bicycle_all": (lambda: UnetAll(3, 3, LATENT, 5, 1, "batch"), "batch", False, 32),
        "training_bicycle_input": (lambda: ResnetInput(3 + LATENT, 3, 6, 2, "instance"), "instance", True, 16),
    }
    for name, (generator, norm, shared, size) in variants.items():
        seed = SEEDS[name]
        pictures = [training_data(seed + 5 + side, STEPS * BATCH, size) for side in range(2)]
        batches = [side.unflatten(0, (STEPS, BATCH)) for side in pictures]
        tensors, content = run(build(generator, norm, shared, seed), trainer, batches)
        config = {"latent": LATENT, "encoder": ENCODER, "discriminator": DISCRIMINATOR, "batch": BATCH}
        sides = {"input_a": to_bytes(pictures[0]), "input_b": to_bytes(pictures[1])}
        write_tensors(folder, name, tensors | sides)
        write_json(folder, name, {"config": config} | content)
        report(name, content)


def make_forward(folder):
    """Each network on its own, and gradients through it: those of the sum of squares of what comes out."""
    picture, code = from_bytes(to_bytes(smooth(790, BATCH, 3, 64, 64))), draws(0)[1]
    for name, network in [
        ("code_input", UnetInput(3, 3, LATENT, 6, 1, "instance")),
        ("code_all", UnetAll(3, 3, LATENT, 6, 1, "instance")),
    ]:
        randomise(network, 791)
        told = code.clone().requires_grad_()
        output = network(picture, told)
        output.square().mean().backward()
        sparse = output[:, :, ::3, ::3]
        tensors = {"input": to_bytes(picture), "code": code, "output_sparse": sparse, "code_gradient": told.grad}
        write_tensors(folder, f"forward_{name}", tensors | state(network, "weights"))
    encoder = randomise(CodeEncoder(3, LATENT, 5, 2, "instance"), 792)
    mean, log_variance = encoder(picture)
    (mean.square().mean() + log_variance.square().mean()).backward()
    tensors = {"input": to_bytes(picture), "mean": mean, "log_variance": log_variance}
    tensors |= {f"gradient.{key}": value.grad for key, value in encoder.named_parameters()}
    write_tensors(folder, "forward_code_encoder", tensors | state(encoder, "weights"))


def make(folder):
    """All of them."""
    make_forward(folder)
    make_training(folder)
