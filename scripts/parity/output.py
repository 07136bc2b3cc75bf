"""Writing fixtures."""

import json

import torch
from safetensors.torch import save_file


def write_tensors(folder, name, tensors, **metadata):
    """One safetensors file; metadata is one JSON object under `config`, so that bytes are reproducible."""
    tensors = {key: torch.as_tensor(value).detach().contiguous() for key, value in tensors.items()}
    for key, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ValueError(f"{name}: {key} is not finite")
    header = {"config": json.dumps(metadata)} if metadata else None
    save_file(tensors, folder / f"{name}.safetensors", header)


def write_json(folder, name, content):
    """One JSON file, numbers at full precision."""
    text = json.dumps(content, indent=1, allow_nan=False)
    (folder / f"{name}.json").write_text(text + "\n")
