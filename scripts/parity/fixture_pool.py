"""The image pool: which picture goes in, what is drawn, which comes out."""

import random

from output import write_json


def make(folder):
    """Pictures are numbers; a drawn place is `null` where the new picture is returned and not stored."""
    draw = random.Random(11)
    size, stored, steps = 5, [], []
    for new in range(60):
        place, out = None, new
        if len(stored) < size:
            stored.append(new)
        elif draw.uniform(0, 1) > 0.5:
            place = draw.randint(0, size - 1)
            out, stored[place] = stored[place], new
        steps.append({"in": new, "place": place, "out": out})
    write_json(folder, "pool", {"size": size, "steps": steps, "stored": stored})
