"""Pictures, masks, and what the program makes of them, in levels of 8 bits with fractions."""

import subprocess

import cv2
import numpy


def draw(seed, height, width):
    """An unsmooth picture of 16 bits, `[height, width, 3]`: waves, edges and noise of their own for each seed."""
    random = numpy.random.default_rng(seed)
    rows, columns = numpy.mgrid[0:height, 0:width]
    planes = []
    for _ in range(3):
        slope, phase = random.uniform(-0.3, 0.3, 2), random.uniform(0, 6)
        wave = numpy.sin(rows * slope[0] + columns * slope[1] + phase)
        edge = (rows * random.uniform(-1, 1) + columns * random.uniform(-1, 1)) > random.uniform(0, 9)
        noise = random.normal(size=(height, width)) * random.uniform(0, 0.5)
        planes.append(wave + edge * random.uniform(-1, 1) + noise + random.uniform(-0.7, 0.7))
    levels = (numpy.stack(planes, 2) * 0.35 + 0.5).clip(0, 1) * 65535
    return levels.round().astype(numpy.uint16)


def extremes(height, width):
    """White, black, noise."""
    random = numpy.random.default_rng(1)
    shape = (height, width, 3)
    noise = random.integers(0, 65536, shape).astype(numpy.uint16)
    return [numpy.full(shape, 65535, numpy.uint16), numpy.zeros(shape, numpy.uint16), noise]


def hole(style):
    """A mask of a square in the middle, `[side, side]`."""
    side = style.sides[0][0]
    mask = numpy.zeros((side, side), numpy.uint8)
    first = (side - style.hole) // 2
    mask[first : first + style.hole, first : first + style.hole] = 255
    return mask


def values(picture):
    """What goes into a model, `[1, 3, height, width]`."""
    planes = picture.transpose(2, 0, 1)[None] / numpy.float32(65535)
    return numpy.ascontiguousarray(planes * 2 - 1, dtype=numpy.float32)


def levels(output):
    """Levels of what comes out."""
    return (numpy.asarray(output, dtype=numpy.float64) + 1) * 127.5


def inputs(style, pictures):
    """What goes into a model of `style`, by name."""
    batch = numpy.concatenate([values(picture) for picture in pictures])
    if not style.has_mask:
        return {"input": batch}
    mask = (hole(style) > 0).astype(numpy.float32)
    return {"picture": batch, "mask": numpy.repeat(mask[None, None], len(pictures), 0)}


def translate(program, folder, style, pictures):
    """The levels that `translate apply` gives for each of the pictures, `[3, height, width]`."""
    place = folder / f"pictures_{style.name}"
    masks = folder / f"masks_{style.name}"
    for part in (place, masks):
        part.mkdir(exist_ok=True)
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(place / f"{number:03}.png"), picture[:, :, ::-1])
        if style.has_mask:
            cv2.imwrite(str(masks / f"{number:03}.png"), hole(style))
    options = ["--mask", masks, "--feather", "0"] if style.has_mask else []
    output = folder / f"translated_{style.name}"
    command = [program, "--quiet", "--checkpoints", folder, "apply", "--style", style.name, "--overwrite"]
    subprocess.run([*command, "--input", place, "--output", output, *style.apply, *options], check=True)
    found = []
    for number in range(len(pictures)):
        picture = cv2.imread(str(output / f"{number:03}.png"), cv2.IMREAD_UNCHANGED)
        assert picture.dtype == numpy.uint16, "16 bits stay 16 bits"
        found.append(picture[:, :, ::-1].transpose(2, 0, 1) / 257)
    return found


def difference(style, output, reference):
    """The largest difference in levels of one picture; of a filled one in its hole, in the middle that came out."""
    output = levels(output)
    assert numpy.isfinite(output).all(), "numbers that are not finite"
    start = (reference.shape[1] - output.shape[1]) // 2
    end = reference.shape[1] - start
    if start > 0:
        reference = reference[:, start:end, start:end]
    gap = numpy.abs(output - reference)
    if style.has_mask:
        inside = hole(style)[start:end, start:end] > 0
        gap = gap[:, inside]
    return float(gap.max())
