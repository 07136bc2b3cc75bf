"""SSIM, PSNR and mean absolute error of scikit-image and numpy."""

import numpy as np
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from output import write_json, write_tensors
from pictures import photo


def disturbed(picture, seed, deviation):
    """The picture with Gaussian noise and a small shift in brightness."""
    draw = np.random.default_rng(seed)
    noisy = picture.astype(np.float64) + draw.normal(4.0, deviation, picture.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def measure(first, second):
    """All measures of one pair of `[h, w, c]` uint8 pictures."""
    colour = first.shape[2] == 3
    pair = (first, second) if colour else (first[:, :, 0], second[:, :, 0])
    axis = -1 if colour else None

    def ssim(**options):
        return float(structural_similarity(*pair, data_range=255, channel_axis=axis, **options))

    difference = first.astype(np.float64) - second.astype(np.float64)
    return {
        "ssim_gaussian": ssim(gaussian_weights=True),
        "ssim_wang": ssim(gaussian_weights=True, sigma=1.5, use_sample_covariance=False),
        "ssim_uniform": ssim(),
        "psnr": float(peak_signal_noise_ratio(*pair, data_range=255)),
        "mean_absolute_error": float(np.abs(difference).mean()),
    }


def make(folder):
    """One pair in colour, one in grey."""
    colour, grey = photo(900, 33, 40, 3, noise=0.05), photo(901, 48, 64, 1, noise=0.05)
    pairs = {
        "rgb": (colour, disturbed(colour, 902, 12.0)),
        "grey": (grey, disturbed(grey, 903, 6.0)),
    }
    tensors, content = {}, {}
    for name, (first, second) in pairs.items():
        tensors[f"{name}_first"] = torch.from_numpy(first)
        tensors[f"{name}_second"] = torch.from_numpy(second)
        content[name] = measure(first, second)
    write_tensors(folder, "ssim", tensors)
    write_json(folder, "ssim", content)
