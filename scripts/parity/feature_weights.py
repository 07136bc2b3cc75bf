"""Weights of the feature networks that need no file: each number follows from its place.

The tests make the same numbers (`tests/it/feature_weights.rs`).
"""

import math

import numpy as np
import torch


def numbers(start, count):
    """Numbers in [0, 1) with 24 bits, from the places `start`, `start + 1`, ...: SplitMix64."""
    with np.errstate(over="ignore"):
        state = (np.arange(start + 1, start + count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return (state >> np.uint64(40)).astype(np.float64) / 2.0**24


def fill(shapes):
    """A state dict for tensors of these names and shapes: names in order, numbers counted through all of them."""
    state, start = {}, 0
    for name in sorted(shapes):
        shape = tuple(shapes[name])
        count = math.prod(shape)
        values = numbers(start, count)
        start += count
        leaf = name.rsplit(".", 1)[1]
        if len(shape) == 4:
            values = (values - 0.5) * 2.0 * math.sqrt(6.0 / math.prod(shape[1:]))
        elif len(shape) == 2:
            values = (values - 0.5) * 0.1
        elif leaf == "running_var" or (leaf == "weight" and len(shape) == 1):
            values = values + 0.5
        else:
            values = (values - 0.5) * 0.2
        state[name] = torch.from_numpy(values.astype(np.float32).reshape(shape))
    return state


def shapes_of(module):
    """Names and shapes of a module's tensors, without the counters of batch normalisation."""
    state = module.state_dict()
    return {name: tensor.shape for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
