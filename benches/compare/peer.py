"""The work of `translate bench` in PyTorch: one JSON line with seconds per training step and pictures per second.

Run by `compare.py`. The networks are those of `scripts/parity`, written for the parity fixtures.

    python peer.py {pix2pix,penalty,cycle,pix2pixhd} --size WxH --settings {default,best,bf16} [--threads N] [--steps N]
                   [--device {cpu,cuda}] [--compile]

`default` is what a plain training script does. `best` adds flushed denormals and the fused Adam, and on a GPU cuDNN's choice by
trial and TF32 in matrix products; `bf16` to these automatic mixed precision and channels_last. `--compile` compiles the networks.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "parity"))

from objectives import discriminator_fake, discriminator_real, generator_fake  # noqa: E402
from patchgan import PatchDiscriminator  # noqa: E402
from pix2pixhd import GlobalGenerator, MultiscaleDiscriminator, edges, one_hot  # noqa: E402
from resnet import Resnet  # noqa: E402
from unet import Unet  # noqa: E402

CLASSES = 35


def require_gradient(flag, *networks):
    for network in networks:
        for parameter in network.parameters():
            parameter.requires_grad_(flag)


class Pix2pix:
    """The paired step: discriminator first."""

    objective, norm = "vanilla", "batch"

    def __init__(self, adam, prepare):
        self.generator = prepare(Unet(3, 3, 8, 64, "batch"))
        self.discriminator = prepare(PatchDiscriminator(6, 64, 3, self.norm))
        self.optimiser_g, self.optimiser_d = adam(self.generator), adam(self.discriminator)

    def step(self, condition, target):
        fake = self.generator(condition)
        require_gradient(True, self.discriminator)
        self.optimiser_d.zero_grad()
        of_fake, of_real = torch.cat([condition, fake.detach()], 1), torch.cat([condition, target], 1)
        d_fake = discriminator_fake(self.objective, self.discriminator(of_fake))
        d_real = discriminator_real(self.objective, self.discriminator(of_real))
        (0.5 * (d_fake + d_real + self.penalty(of_real, of_fake))).backward()
        self.optimiser_d.step()
        require_gradient(False, self.discriminator)
        self.optimiser_g.zero_grad()
        g_gan = generator_fake(self.objective, self.discriminator(torch.cat([condition, fake], 1)))
        g_l1 = 100 * functional.l1_loss(fake, target)
        (g_gan + g_l1).backward()
        self.optimiser_g.step()
        return [g_gan, g_l1, d_real, d_fake]

    def penalty(self, real, fake):
        return 0.0

    def apply(self, picture):
        return self.generator(picture)


class Penalty(Pix2pix):
    """The paired step with the gradient penalty of WGAN-GP."""

    objective, norm = "wgan", "instance"

    def penalty(self, real, fake):
        points = torch.lerp(fake, real, torch.rand(len(real), 1, 1, 1, device=real.device)).requires_grad_()
        gradient = torch.autograd.grad(self.discriminator(points).sum(), points, create_graph=True)[0]
        return 10 * (gradient.flatten(1).norm(dim=1) - 1).square().mean()


class Cycle:
    """The unpaired step: generators first."""

    def __init__(self, adam, prepare):
        self.a2b, self.b2a = (prepare(Resnet(3, 3, 9, 64, "instance")) for _ in range(2))
        self.judge_b, self.judge_a = (prepare(PatchDiscriminator(3, 64, 3, "instance")) for _ in range(2))
        self.optimiser_g, self.optimiser_d = adam(self.a2b, self.b2a), adam(self.judge_a, self.judge_b)

    def step(self, real_a, real_b):
        fake_b, fake_a = self.a2b(real_a), self.b2a(real_b)
        rebuilt_a, rebuilt_b = self.b2a(fake_b), self.a2b(fake_a)
        require_gradient(False, self.judge_a, self.judge_b)
        self.optimiser_g.zero_grad()
        losses = [
            5 * functional.l1_loss(self.a2b(real_b), real_b),
            5 * functional.l1_loss(self.b2a(real_a), real_a),
            generator_fake("lsgan", self.judge_b(fake_b)),
            generator_fake("lsgan", self.judge_a(fake_a)),
            10 * functional.l1_loss(rebuilt_a, real_a),
            10 * functional.l1_loss(rebuilt_b, real_b),
        ]
        sum(losses).backward()
        self.optimiser_g.step()
        require_gradient(True, self.judge_a, self.judge_b)
        self.optimiser_d.zero_grad()
        for judge, real, fake in ((self.judge_b, real_b, fake_b), (self.judge_a, real_a, fake_a)):
            on_real = discriminator_real("lsgan", judge(real))
            loss = 0.5 * (on_real + discriminator_fake("lsgan", judge(fake.detach())))
            loss.backward()
            losses.append(loss)
        self.optimiser_d.step()
        return losses

    def apply(self, picture):
        return self.a2b(picture)


class Pix2pixHd:
    """The coarse-to-fine step with a global generator of 32 channels, without instance features and VGG."""

    def __init__(self, adam, prepare):
        self.generator = prepare(GlobalGenerator(CLASSES + 1, 3, 32, 4, 9))
        self.discriminator = prepare(MultiscaleDiscriminator(CLASSES + 4, 64, 3, 2))
        self.optimiser_g, self.optimiser_d = adam(self.generator), adam(self.discriminator)

    def told(self, picture):
        labels = ((picture[:, :1] + 1) / 2 * (CLASSES - 1)).round()
        return torch.cat([one_hot(labels, CLASSES), edges(labels)], 1)

    def step(self, picture, target):
        told = self.told(picture)
        fake = self.generator(told)
        on_fake = self.discriminator(torch.cat([told, fake.detach()], 1))
        on_real = self.discriminator(torch.cat([told, target], 1))
        judged = self.discriminator(torch.cat([told, fake], 1))
        total = lambda objective, results: sum(objective("lsgan", scale[-1]) for scale in results)  # noqa: E731
        pairs = [(a, b) for x, y in zip(judged, on_real) for a, b in zip(x[:-1], y[:-1])]
        matching = sum(functional.l1_loss(a, b.detach()) for a, b in pairs) * 10 * 4 / 4 / 2
        loss_g = total(generator_fake, judged)
        loss_d = 0.5 * (total(discriminator_real, on_real) + total(discriminator_fake, on_fake))
        self.optimiser_g.zero_grad()
        (loss_g + matching).backward()
        self.optimiser_g.step()
        self.optimiser_d.zero_grad()
        loss_d.backward()
        self.optimiser_d.step()
        return [loss_g, matching, loss_d]

    def apply(self, picture):
        return self.generator(self.told(picture))


METHODS = {"pix2pix": Pix2pix, "penalty": Penalty, "cycle": Cycle, "pix2pixhd": Pix2pixHd}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=METHODS)
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--settings", choices=["default", "best", "bf16"], default="default")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    device = arguments.device
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    tuned, half = arguments.settings != "default", arguments.settings == "bf16"
    if tuned:
        torch.set_flush_denormal(True)
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(0)

    def adam(*networks):
        parameters = [parameter for network in networks for parameter in network.parameters()]
        return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999), fused=tuned or None)

    def prepare(network):
        network = network.to(device)
        return network.to(memory_format=torch.channels_last) if half else network

    def network(made):
        prepare(made)
        if arguments.compile:
            made.compile()
        return made

    method = METHODS[arguments.mode](adam, network)
    width, height = (int(side) for side in arguments.size.split("x"))
    pictures = [prepare(torch.rand(1, 3, height, width) * 2 - 1) for _ in range(2)]
    mixed = torch.autocast(device, torch.bfloat16, enabled=half)
    seconds = []
    # Compiling, or the choice by trial, takes the first steps.
    warm_up = 1 if device == "cpu" else 5
    for _ in range(arguments.steps + warm_up):
        started = time.perf_counter()
        with mixed:
            losses = method.step(*pictures)
        for loss in losses:
            loss.item()
        seconds.append(time.perf_counter() - started)
    seconds = sorted(seconds[warm_up:])
    with torch.no_grad(), mixed:
        for _ in range(warm_up):
            method.apply(pictures[0]).float().cpu()
        started = time.perf_counter()
        for _ in range(arguments.steps):
            method.apply(pictures[0]).float().cpu().numpy()
        applying = arguments.steps / (time.perf_counter() - started)
    print(json.dumps({
        "seconds_per_step": {"min": seconds[0], "median": seconds[len(seconds) // 2], "max": seconds[-1]},
        "images_per_second": applying,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))


if __name__ == "__main__":
    main()
