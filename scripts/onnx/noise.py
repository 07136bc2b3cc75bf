"""Styles that make pictures from noise: their weights and models, and what the program makes of the same codes."""

import json
import subprocess
from dataclasses import dataclass

import cv2
import numpy
import onnx
from safetensors.numpy import load_file, save_file

import styles
from pictures import levels

SIDE = 16
LATENT = 12
CLASSES = ("a", "b", "c")
# Of a network that is growing: side, the side before, the share of what the larger size adds.
GROWTH = (16, 8, 0.25)


@dataclass
class NoiseStyle:
    """A style, and what there is to know about its model."""

    name: str
    mode: str
    settings: tuple
    has_classes: bool = False
    export: tuple = ()
    # Of its pictures.
    side: int = SIDE
    # Inputs of noise in the order in which codes have their numbers, with what they hold.
    noise: tuple = (("noise", (LATENT, 1, 1)),)

    @property
    def precision(self):
        """Numbers of the weights."""
        return "f16" if "f16" in self.export else "f32"


def style(name, mode, arch, *settings, condition=None, export=(), **more):
    """A small style, with classes where there is a condition."""
    settings = (f"generator.arch={arch}", *settings)
    if condition:
        settings += ("data.classes_from=folders", f"generator.condition={condition}")
    return NoiseStyle(name, mode, settings, condition is not None, export, **more)


HALF = ("--precision", "f16")
# A cascade of two levels, and a second stage after a first that makes pictures of a quarter of the side.
CASCADE = {"noise": (("noise", (LATENT, 1, 1)), ("noise_16", (1, 16, 16)))}
SECOND = {"side": 4 * SIDE, "noise": (("noise", (LATENT, 1, 1)), ("first_noise", (LATENT, 1, 1)))}
FIRST = style("noise_first", "generate", "dcgan", condition="concat")
SHARED = ("synthesis.class_norm=shared", "synthesis.spectral=true")
STYLES = [
    style("noise_dcgan", "generate", "dcgan"),
    style("noise_decoder", "vae", "dcgan", condition="concat"),
    style("noise_resnet", "generate", "resnet"),
    style("noise_resnet_class", "generate", "resnet", "synthesis.class_norm=class", condition="projection"),
    style("noise_resnet_shared", "generate", "resnet", *SHARED, condition="projection"),
    style("noise_resnet_f16", "generate", "resnet", export=HALF),
    style("noise_progressive", "generate", "progressive", "train.grow=[8,16]", condition="concat"),
    style("noise_style", "generate", "style", "synthesis.mapping=3", condition="projection"),
    style("noise_style_f16", "generate", "style", "synthesis.mapping=3", export=HALF),
    style("noise_laplacian", "generate", "laplacian", **CASCADE),
    style("noise_laplacian_class", "generate", "laplacian", condition="concat", export=HALF, **CASCADE),
    style("noise_stack", "generate", "stack", f"synthesis.first_stage={FIRST.name}", condition="projection", **SECOND),
]


class Prepared:
    """A style, codes, and what the program makes of them."""

    def __init__(self, program, folder, style):
        self.program, self.folder, self.style = program, folder, style
        data = pictures(folder)
        if style.side != SIDE:
            make(program, folder, FIRST, data)
        make(program, folder, style, data)
        encoded, decoded = folder / f"{style.name}.jsonl", folder / f"{style.name}_decoded"
        command = [program, "--quiet", "--checkpoints", folder, "encode", data, "--style", style.name, "--output", encoded]
        if style.mode == "generate":
            command += ["--steps", "1"]
        subprocess.run([*command, "--decoded", decoded], check=True, stdout=subprocess.DEVNULL)
        lines = [json.loads(line) for line in encoded.read_text().splitlines()]
        codes = numpy.array([line.get("code", line.get("mean")) for line in lines], numpy.float32)
        self.inputs, first = {}, 0
        for name, shape in style.noise:
            values = int(numpy.prod(shape))
            self.inputs[name] = codes[:, first : first + values].reshape(-1, *shape)
            first += values
        assert first == codes.shape[1], "numbers that no input takes"
        if style.has_classes:
            places = [CLASSES.index(line["class"]) for line in lines]
            self.inputs["class"] = numpy.eye(len(CLASSES), dtype=numpy.float32)[places][:, :, None, None]
        made = [cv2.imread(str(decoded / line["picture"])) for line in lines]
        self.references = numpy.stack(made)[..., ::-1].transpose(0, 3, 1, 2).astype(numpy.float64)
        self.path = styles.export(program, folder, style)
        # Some programs take inputs by their order.
        self.inputs = {entry.name: self.inputs[entry.name] for entry in onnx.load(self.path).graph.input}

    def fixed(self, batch):
        """The model for so many pictures."""
        return styles.export(self.program, self.folder, self.style, "--batch", str(batch))


def pictures(folder):
    """A data set of pictures in folders of their classes."""
    root = folder / "noise_pictures"
    random = numpy.random.default_rng(3)
    for name in CLASSES:
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(2):
            picture = random.integers(0, 256, (SIDE, SIDE, 3)).astype(numpy.uint8)
            cv2.imwrite(str(root / name / f"{number}.png"), picture)
    return root


def make(program, folder, style, data):
    """Trains a step, so that the folder is whole, and then draws the generator's weights."""
    side = style.side
    settings = [f"data.crop_size={side}", f"data.load_size={side}", "data.batch_size=2", f"generator.latent={LATENT}"]
    settings += ["generator.channels=8", *style.settings]
    if style.mode == "generate":
        settings += ["discriminator.channels=4", "optim.ema=0"]
    settings = [part for setting in settings for part in ("--set", setting)]
    command = [program, "--quiet", "--checkpoints", folder, "train", "--mode", style.mode, "--name", style.name]
    subprocess.run([*command, "--data", data, "--steps", "1", "--overwrite", *settings], check=True, cwd=folder)
    path = folder / style.name / "generator.safetensors"
    seed = sum(map(ord, style.name))
    is_equalised = any(setting in style.settings for setting in ("generator.arch=progressive", "generator.arch=style"))
    save_file((draw if is_equalised else styles.draw)(load_file(path), seed), path)


def draw(tensors, seed):
    """Weights of networks that scale them as they compute; codes near the noise, noise that shows."""
    random = numpy.random.default_rng(seed)
    drawn = {}
    for name, tensor in tensors.items():
        values = random.normal(size=tensor.shape)
        if name.startswith("mapping.layers"):
            # They learn a hundred times slower.
            values *= 100
        elif name.endswith("running_growth"):
            values = numpy.array(GROWTH)
        elif name.endswith("style.bias"):
            values = 1 + 0.2 * values
        elif name.endswith(("bias", "strength", "running_mean")):
            values *= 0.2
        drawn[name] = values.astype(numpy.float32)
    return drawn


def run(kind, prepared, path, batch):
    """Pictures of all codes, so many at a time."""
    session = kind(path, prepared.style, (batch, prepared.style.side, prepared.style.side))
    count = len(prepared.references)
    parts = [
        session.run({name: values[first : first + batch] for name, values in prepared.inputs.items()})
        for first in range(0, count, batch)
    ]
    return levels(numpy.concatenate(parts))


def check(kind, prepared, limit, mixing_limit):
    """One model in one program: the largest difference in levels, of all codes at once and one by one."""
    count = len(prepared.references)
    found = [
        run(kind, prepared, prepared.fixed(batch) if kind.is_fixed else prepared.path, batch) for batch in (count, 1)
    ]
    assert all(numpy.isfinite(outputs).all() for outputs in found), "numbers that are not finite"
    largest = max(float(numpy.abs(outputs - prepared.references).max()) for outputs in found)
    mixing = float(numpy.abs(found[0] - found[1]).max())
    assert largest <= limit, f"{largest:.3f} levels away"
    assert mixing <= mixing_limit, f"pictures of a batch change each other by {mixing:.3f} levels"
    return largest
