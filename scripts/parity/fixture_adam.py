"""Seven Adam steps with given gradients."""

import torch

from output import write_tensors
from trainer import BETAS, EPSILON, LEARNING_RATE

LENGTH = 257
STEPS = 7


def gradients():
    """`[7, 257]`: ordinary values, and lanes that are zero, tiny, huge, or one of these now and then."""
    draw = torch.Generator().manual_seed(700)
    values = 0.1 * torch.randn(STEPS, LENGTH, generator=draw)
    values[:, 0:8] = 0.0
    values[:, 8:16] = 1e-20
    values[:, 16:24] = 1e6
    values[:, 24:32] = -1e6
    values[:, 32:48] *= 1e-7
    values[3, 48:56] = 0.0
    values[0, 56:64] = 0.0
    values[2:, 64:72] = 0.0
    values[5, 72:80] = 1e6
    return values


def make(folder):
    """Parameters after each step, both moments at the end."""
    given = gradients()
    draw = torch.Generator().manual_seed(701)
    parameter = torch.nn.Parameter(torch.randn(LENGTH, generator=draw))
    tensors = {"initial": parameter.detach().clone(), "gradients": given}
    optimiser = torch.optim.Adam([parameter], lr=LEARNING_RATE, betas=BETAS, eps=EPSILON)
    after = []
    for gradient in given:
        parameter.grad = gradient.clone()
        optimiser.step()
        after.append(parameter.detach().clone())
    tensors["parameters"] = torch.stack(after)
    tensors["exp_avg"] = optimiser.state[parameter]["exp_avg"]
    tensors["exp_avg_sq"] = optimiser.state[parameter]["exp_avg_sq"]
    write_tensors(folder, "adam", tensors, lr=LEARNING_RATE, beta1=BETAS[0], beta2=BETAS[1], epsilon=EPSILON)
