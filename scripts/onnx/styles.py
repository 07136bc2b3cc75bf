"""Styles with seeded weights, made by the program: every kind of generator, small."""

import subprocess
from dataclasses import dataclass

import cv2
import numpy
from safetensors.numpy import load_file, save_file


@dataclass
class Style:
    """A style, and what there is to know about its model."""

    name: str
    mode: str
    settings: list
    # Of what the sides of pictures are multiples; 0 where only `sides` are possible.
    multiple: int
    sides: list
    # Options of `export`, and those of `apply` that belong to them.
    export: tuple = ()
    apply: tuple = ()
    has_mask: bool = False

    @property
    def hole(self):
        """Side of the hole: the middle that networks of centred holes always see masked, or what one window fills."""
        side = self.sides[0][0]
        return side // 2 if "data.masks=centre" in self.settings else side // 3

    @property
    def precision(self):
        """Numbers of the convolutions."""
        return "f16" if "f16" in self.export else "f32"


SIDES = {
    4: [(8, 8), (36, 28), (64, 64), (20, 100), (128, 96)],
    16: [(32, 32), (48, 80), (112, 64)],
    32: [(64, 64), (96, 64), (64, 160)],
    64: [(64, 64), (64, 128), (192, 128), (128, 320)],
    128: [(128, 128), (256, 128)],
    256: [(256, 256), (256, 512)],
}


def style(name, mode, arch, multiple, *settings, export=(), apply=(), side=None):
    """A style that takes multiples of a number, or squares of one side."""
    has_mask = mode == "inpaint"
    settings = [f"generator.arch={arch}", "generator.channels=8", *settings]
    sides = [(side, side)] if side else SIDES[multiple]
    return Style(name, mode, settings, multiple, sides, export, apply, has_mask)


RUNNING = {"export": ("--norm-stats", "running"), "apply": ("--norm-stats", "running")}
PLAIN_MAPS = ("data.classes=0", "data.instances=false", "data.input_channels=3")
CENTRE = ("data.batch_size=2", "data.masks=centre", "loss.overlap=0")
STYLES = [
    style("unet_256_batch", "pix2pix", "unet_256", 256, "data.crop_size=256", "data.load_size=286"),
    style("unet_64_batch", "pix2pix", "unet_64", 64, "data.crop_size=64", "data.load_size=64"),
    style("unet_64_running", "pix2pix", "unet_64", 64, "data.crop_size=64", "data.load_size=64", **RUNNING),
    style("unet_128_instance", "pix2pix", "unet_128", 128, "data.crop_size=128", "data.load_size=128", "generator.norm=instance"),
    style("unet_64_resize", "pix2pix", "unet_64", 64, "data.crop_size=64", "data.load_size=64", "generator.upsample=resize"),
    style("unet_64_none", "pix2pix", "unet_64", 64, "data.crop_size=64", "data.load_size=64", "generator.norm=none"),
    style("unet_64_f16", "pix2pix", "unet_64", 64, "data.crop_size=64", "data.load_size=64", export=("--precision", "f16")),
    style("resnet_9_instance", "cycle", "resnet_9blocks", 4, "data.crop_size=64", "data.load_size=64"),
    style("resnet_6_batch", "cycle", "resnet_6blocks", 4, "data.crop_size=64", "data.load_size=64", "generator.norm=batch"),
    style("resnet_6_resize", "cycle", "resnet_6blocks", 4, "data.crop_size=64", "data.load_size=64", "generator.upsample=resize"),
    style("resnet_6_blur", "contrastive", "resnet_6blocks", 4, "data.crop_size=64", "data.load_size=64", "loss.nce_layers=[0, 4, 8]"),
    style("resnet_6_kept", "cycle", "resnet_6blocks", 4, "data.crop_size=64", "data.load_size=64", "generator.keep_brightness=1", "generator.keep_contrast=0.5"),
    style("resnet_6_f16", "cycle", "resnet_6blocks", 4, "data.crop_size=64", "data.load_size=64", export=("--precision", "f16")),
    style("fill_unet", "inpaint", "unet_64", 64, "data.crop_size=64", "data.load_size=64", "discriminator.layers=2", *CENTRE, side=64),
    style("fill_smooth", "inpaint", "unet_64", 64, "data.crop_size=64", "data.load_size=64", "generator.hole_fill=smooth", "discriminator.layers=2", *CENTRE, side=64),
    style("fill_context_whole", "inpaint", "context", 0, "data.crop_size=64", "data.load_size=64", "data.masks=regions", "data.batch_size=2", side=64),
    style("fill_context_middle", "inpaint", "context", 0, "data.crop_size=128", "data.load_size=128", *CENTRE, side=128),
    style("fill_context_227", "inpaint", "context", 0, "data.crop_size=227", "data.load_size=227", *CENTRE, side=227),
    style("fill_bottleneck", "inpaint", "context_bottleneck", 0, "generator.bottleneck=40", "data.crop_size=64", "data.load_size=64", *CENTRE, side=64),
]


# Their many norms enlarge rounding under drawn weights: to be looked at, not to pass.
DEEP_STYLES = [
    style("global", "pix2pixhd", "global", 16, *PLAIN_MAPS, "data.crop_size=64", "data.load_size=64"),
    style("local", "pix2pixhd", "local", 32, *PLAIN_MAPS, "data.crop_size=64", "data.load_size=64"),
]


def make(program, folder, chosen):
    """Trains a step, so that the folder is whole, and then draws the generator's weights."""
    settings = [part for setting in chosen.settings for part in ("--set", setting)]
    command = [program, "--quiet", "--checkpoints", folder, "train", "--mode", chosen.mode, "--name", chosen.name]
    if chosen.mode == "pix2pixhd":
        # The bundled sample has label maps alone.
        command += ["--data", pairs(folder)]
    subprocess.run([*command, "--steps", "1", "--overwrite", *settings], check=True, cwd=folder)
    place = folder / chosen.name
    for path in [*place.glob("generator*.safetensors")]:
        seed = sum(map(ord, chosen.name + path.stem))
        save_file(draw(load_file(path), seed), path)


def pairs(folder):
    """A data set of one pair of pictures."""
    root = folder / "pairs"
    for side in ("train_A", "train_B"):
        (root / side).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / side / "a.png"), numpy.full((64, 64, 3), 99, numpy.uint8))
    return root


def draw(tensors, seed):
    """Weights that keep the scale of features, scales and variances that differ between channels."""
    random = numpy.random.default_rng(seed)
    drawn = {}
    for name, tensor in tensors.items():
        shape = tensor.shape
        if len(shape) > 1:
            # Of a transposed convolution of stride 2 a quarter of the kernel meets each pixel.
            reach = numpy.prod(shape[1:]) if len(shape) == 4 else shape[1]
            values = random.normal(size=shape) * numpy.sqrt(2 / reach)
        elif name.endswith(("running_var", "weight")):
            values = random.uniform(0.5, 1.5, shape)
        else:
            values = random.uniform(-0.2, 0.2, shape)
        drawn[name] = values.astype(numpy.float32)
    return drawn


def export(program, folder, chosen, *options):
    """The model of a style."""
    path = folder / f"{chosen.name}{''.join(options).replace('-', '_')}.onnx"
    command = [program, "--quiet", "--checkpoints", folder, "export", chosen.name, "--format", "onnx", "--overwrite"]
    subprocess.run([*command, "--output", path, *chosen.export, *options], check=True, stdout=subprocess.DEVNULL)
    return path
