#!/bin/bash
# torchmetrics 1.9.0: the function `peak_signal_noise_ratio` takes values to span 3.0 unless it is told otherwise, neither 1, nor 255, nor
# what the pictures span. Of pictures from 0 to 1 it says 9.54 dB (20 log10 3) more than they have, of bytes 38.6 dB less. The class
# `PeakSignalNoiseRatio` has no such default and asks for the range.
# Seen: torchmetrics 1.9.0, torch 2.9.1, numpy 2.4.6, Python 3.11: 26.18 dB are told as 35.73, and of bytes as -12.40.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 torch==2.9.1 torchmetrics==1.9.0
"$folder/venv/bin/python" - <<'P'
import inspect
import numpy as np, torch
from torchmetrics.functional import peak_signal_noise_ratio as told
from torchmetrics.image import PeakSignalNoiseRatio
draw = np.random.default_rng(0)
real = draw.random((2, 3, 64, 64)).astype(np.float32)
fake = np.clip(real + draw.normal(0, 0.05, real.shape), 0, 1).astype(np.float32)
true = float(10 * np.log10(1 / np.mean((real.astype(np.float64) - fake) ** 2)))
real, fake = torch.from_numpy(real), torch.from_numpy(fake)
with_range = float(told(fake, real, data_range=1.0))
without = float(told(fake, real))
of_bytes = float(told(fake * 255, real * 255))
print(f"{true:.2f} dB, with the range {with_range:.2f}, without {without:.2f}, of bytes {of_bytes:.2f}")
assert abs(with_range - true) < 1e-3
assert abs(without - true - 20 * np.log10(3)) < 1e-3
assert abs(of_bytes - true - 20 * np.log10(3 / 255)) < 1e-3
needed = inspect.signature(PeakSignalNoiseRatio.__init__).parameters["data_range"]
assert needed.default is inspect.Parameter.empty
P
