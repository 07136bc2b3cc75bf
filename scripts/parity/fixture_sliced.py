"""The sliced Wasserstein loss in three steps, and its gradient in each."""

import torch

from output import write_json, write_tensors
from pictures import training_data
from sliced import SlicedWasserstein

STEPS = 3
SIZE = 16
DIRECTIONS = 4
# patches of 7 x 7 at the sizes 16 and 8
COUNTS = [100, 4]
PLACES = [30, 4]
# as in the program
KEPT, PICTURES, TARGETS = 64, 64, 4096


def make(folder):
    """Generated and real pictures, what is drawn for each step and level, losses and gradients."""
    random = torch.Generator().manual_seed(31)
    fakes = training_data(930, STEPS, SIZE)
    reals = 0.6 * training_data(931, STEPS, SIZE) + 0.2
    tensors = {"fake": fakes, "real": reals}
    loss = SlicedWasserstein(KEPT, PICTURES, TARGETS)
    places, losses = [], []
    for step in range(STEPS):
        drawn = []
        for level, (count, taken) in enumerate(zip(COUNTS, PLACES)):
            directions = torch.randn(DIRECTIONS, 147, generator=random)
            directions /= directions.norm(dim=1, keepdim=True)
            chosen = torch.randperm(count, generator=random)[:taken]
            tensors[f"directions.{step}.{level}"] = directions
            drawn.append((directions.double(), chosen))
        fake, real = (side[step : step + 1].double() for side in (fakes, reals))
        fake.requires_grad_(True)
        value = loss(fake, real, drawn)
        value.backward()
        tensors[f"gradient.{step}"] = fake.grad.float()
        losses.append(value.item())
        places.append([chosen.tolist() for _, chosen in drawn])
    write_tensors(folder, "sliced", tensors)
    write_json(folder, "sliced", {"places": places, "losses": losses})
    print(f"sliced: losses {losses}")
