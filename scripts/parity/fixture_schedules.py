"""The learning rate of each epoch under every policy, stepping at the end of each epoch."""

import math

import torch
from torch.optim import lr_scheduler

from output import write_json

LEARNING_RATE = 2e-4


def rates(schedule, epochs, metrics=None):
    """Learning rates used in epochs 1 to `epochs`."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LEARNING_RATE)
    scheduler = schedule(optimiser)
    used = []
    for epoch in range(epochs):
        used.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if metrics is not None:
            scheduler.step(metrics[epoch])
        elif scheduler is not None:
            scheduler.step()
    return used


def linear(epochs, decay_epochs, epoch_count=1):
    """Constant for `epochs`, then towards zero over `decay_epochs`, never reaching it."""

    def factor(step):
        return 1.0 - max(0, step + epoch_count - epochs) / (decay_epochs + 1)

    return lambda optimiser: lr_scheduler.LambdaLR(optimiser, factor)


def plateau(optimiser):
    """Relative threshold, as is the default."""
    return lr_scheduler.ReduceLROnPlateau(optimiser, mode="min", factor=0.2, threshold=0.01, patience=5)


def metric_sequence():
    """30 values: falling, then flat within one percent, falling once, then rising and wavering."""
    falling = [2.0 * math.exp(-0.1 * step) for step in range(7)]
    flat = [falling[-1] * (1.0 - 0.001 * step) for step in range(1, 9)]
    once = [0.8, 0.793, 0.7919]
    wavering = [0.85 + 0.05 * math.sin(step) for step in range(12)]
    return falling + flat + once + wavering


def make(folder):
    """All policies."""
    metrics = metric_sequence()
    assert len(metrics) == 30
    constant_metrics = [0.0] * 66
    content = {
        "initial": LEARNING_RATE,
        "linear": {
            "epochs": 5,
            "decay_epochs": 5,
            "epoch_count": 1,
            "rates": rates(linear(5, 5), 10),
        },
        "step": {
            "decay_iters": 3,
            "gamma": 0.1,
            "rates": rates(lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.1), 10),
        },
        "cosine": {
            "t_max": 5,
            "eta_min": 0.0,
            "rates": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=5, eta_min=0.0), 5),
        },
        "constant": {"rates": rates(lambda o: None, 10)},
        "plateau": {
            "factor": 0.2,
            "threshold": 0.01,
            "patience": 5,
            "metrics": metrics,
            "rates": rates(plateau, len(metrics), metrics),
        },
        "plateau_constant_metric": {
            "factor": 0.2,
            "threshold": 0.01,
            "patience": 5,
            "metrics": constant_metrics,
            "rates": rates(plateau, len(constant_metrics), constant_metrics),
        },
    }
    write_json(folder, "schedules", content)
