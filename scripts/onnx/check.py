"""Runs exported models in other programs: `python scripts/onnx/check.py PROGRAM [--all] [--many] [--only NAME ...]`.

In every program each model must give what `translate apply` gives, for all its sizes in one session, and the same for
a batch of three unlike pictures as for each of them alone. Models of 16 bits must stay finite on white, black and
noise. Models that make pictures from noise must give what the program makes of the same codes, in the programs of CI.
At the end there is the table of the guide.
"""

import argparse
import pathlib
import sys
import tempfile
import time
import traceback

import numpy
import onnx

import noise
import pictures
import styles
from programs import PROGRAMS

# In levels of 8 bits.
LARGEST_DIFFERENCE = {"f32": 1.0, "f16": 6.0}
# Between a batch and its pictures one by one, in levels.
LARGEST_MIXING = 0.5
EXTREME_SIDE = 512


class Prepared:
    """A style, its pictures, and what the program makes of them."""

    def __init__(self, program, folder, style, many):
        styles.make(program, folder, style)
        self.program, self.folder, self.style = program, folder, style
        sides = list(style.sides)
        if many and style.multiple and not style.has_mask:
            random = numpy.random.default_rng(5)
            steps = random.integers(1, 1 + max(1, 256 // style.multiple), (100, 2))
            smallest = max(style.multiple, 8)
            sides += [tuple(max(int(step) * style.multiple, smallest) for step in pair) for pair in steps]
        self.pictures = [pictures.draw(number, *size) for number, size in enumerate(sides)]
        # Three of the first size: one more as usual, a pale one, a dark one.
        first = self.pictures[0]
        self.batch = [first, first // 8 + 50000, pictures.draw(77, *first.shape[:2]) // 16]
        references = pictures.translate(program, folder, style, [*self.pictures, *self.batch])
        self.references, self.batch_references = references[: len(sides)], references[len(sides) :]
        self.path = styles.export(program, folder, style)

    def fixed(self, shape):
        """The model for pictures of one height and width, `(batch, height, width)`."""
        batch, height, width = shape
        return styles.export(
            self.program, self.folder, self.style, "--size", f"{width}x{height}", "--batch", str(batch)
        )


def run_one_by_one(kind, prepared, chosen, references):
    """The largest difference over pictures of several sizes, in one session if the program takes open sizes."""
    style, session, largest = prepared.style, None, 0.0
    for picture, reference in zip(chosen, references, strict=True):
        if kind.is_fixed or session is None:
            shape = (1, *picture.shape[:2])
            path = prepared.fixed(shape) if kind.is_fixed else prepared.path
            session = kind(path, style, shape)
        output = session.run(pictures.inputs(style, [picture]))
        largest = max(largest, pictures.difference(style, output[0], reference))
    return largest


def run_batch(kind, prepared):
    """The largest difference of a batch from the program, and from its pictures one by one."""
    style = prepared.style
    count = 1 if getattr(kind, "takes_one", False) else len(prepared.batch)
    shape = (count, *prepared.batch[0].shape[:2])
    path = prepared.fixed(shape) if kind.is_fixed else prepared.path
    outputs = kind(path, style, shape).run(pictures.inputs(style, prepared.batch))
    pairs = zip(outputs, prepared.batch_references, strict=True)
    from_program = max(pictures.difference(style, *pair) for pair in pairs)
    single = (1, *shape[1:])
    path = prepared.fixed(single) if kind.is_fixed else prepared.path
    session = kind(path, style, single)
    alone = [session.run(pictures.inputs(style, [picture]))[0] for picture in prepared.batch]
    return from_program, float(numpy.abs(outputs - numpy.stack(alone)).max() * 127.5)


def run_extremes(kind, prepared):
    """Whether the model stays finite on white, black and noise."""
    style = prepared.style
    shape = (1, EXTREME_SIDE, EXTREME_SIDE)
    session = kind(prepared.fixed(shape) if kind.is_fixed else prepared.path, style, shape)
    for picture in pictures.extremes(EXTREME_SIDE, EXTREME_SIDE):
        output = session.run(pictures.inputs(style, [picture]))
        assert numpy.isfinite(output).all(), "numbers that are not finite"


def prepare(program, folder, style, many):
    """A style of either kind, with its model checked."""
    if isinstance(style, noise.NoiseStyle):
        prepared = noise.Prepared(program, folder, style)
    else:
        prepared = Prepared(program, folder, style, many)
    onnx.checker.check_model(onnx.load(prepared.path), full_check=True)
    return prepared


def check(kind, prepared):
    """One model in one program: the largest difference in levels."""
    limit = LARGEST_DIFFERENCE[prepared.style.precision]
    if isinstance(prepared, noise.Prepared):
        return noise.check(kind, prepared, limit, LARGEST_MIXING if prepared.style.precision == "f32" else limit)
    largest = run_one_by_one(kind, prepared, prepared.pictures, prepared.references)
    batch, mixing = run_batch(kind, prepared)
    largest = max(largest, batch)
    if prepared.style.precision == "f16":
        run_extremes(kind, prepared)
        mixing_limit = limit
    else:
        mixing_limit = LARGEST_MIXING
    assert largest <= limit, f"{largest:.3f} levels away"
    assert mixing <= mixing_limit, f"pictures of a batch change each other by {mixing:.3f} levels"
    return largest


def main():
    """Checks all chosen models in all chosen programs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="also the programs of requirements-all.txt")
    parser.add_argument("--many", action="store_true", help="a hundred more sizes in each session")
    parser.add_argument("--only", nargs="*", help="names of styles or programs")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    kinds = list(PROGRAMS)
    if arguments.all:
        from more_programs import MORE_PROGRAMS

        kinds += MORE_PROGRAMS
    only = set(arguments.only or [])
    usual = [*styles.STYLES, *noise.STYLES]
    known = [*usual, *styles.DEEP_STYLES]
    chosen = [style for style in known if style.name in only] or (known if arguments.all else usual)
    kinds = [kind for kind in kinds if kind.name in only] or kinds
    results, failures = {kind: {} for kind in kinds}, 0
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for style in chosen:
            started = time.monotonic()
            prepared = prepare(program, folder, style, arguments.many)
            print(f"{style.name}: prepared in {time.monotonic() - started:.1f} s", flush=True)
            for kind in kinds:
                if style.precision == "f16" and not getattr(kind, "takes_half", True):
                    continue
                if isinstance(style, noise.NoiseStyle) and kind not in PROGRAMS:
                    continue
                started = time.monotonic()
                try:
                    found = check(kind, prepared)
                    results[kind][style.name] = found
                    said = f"{found:.4f} levels"
                except Exception as error:  # Whatever a program raises is its result.
                    failures += 1
                    said = f"FAILED: {type(error).__name__}: {str(error).strip().splitlines()[-1][:300] if str(error) else ''}"
                    if only:
                        traceback.print_exc()
                print(f"  {kind.name:<22} {time.monotonic() - started:6.1f} s  {said}", flush=True)
    table(chosen, results)
    sys.exit(1 if failures else 0)


def table(chosen, results):
    """Prints the table of the guide."""
    print("\n| program | version | models that ran | 32 bits: levels | 16 bits: levels |\n|---|---|---|---|---|")
    for kind, found in results.items():
        largest = {"f32": [], "f16": []}
        for style in chosen:
            if style.name in found:
                largest[style.precision].append(found[style.name])
        cells = [f"{max(values):.3f}" if values else "-" for values in largest.values()]
        print(f"| {kind.name} | {kind.version} | {len(found)} of {len(chosen)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
