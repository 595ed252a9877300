"""`masked-envs profile`: how much is legal over an episode, and the mask over time as a picture."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.declaration import Declaration
from ..files import atomic_write
from .console import Progress, print_json
from .demo import RandomPlayer
from .targets import CommandError, environment_of

if TYPE_CHECKING:
    from ..render.mask_history import MaskHistory

MOST_LINES = 20  # states in the table


def run(given: argparse.Namespace) -> int:
    """Play an episode; print what was legal, and write the picture if asked to."""
    out = None if given.out is None else Path(given.out)
    if out is not None and out.suffix.lower() not in (".svg", ".png"):
        raise CommandError(f"--out {out}: expected a name that ends in .svg or .png")
    if out is not None and not out.parent.is_dir():
        raise CommandError(f"--out {out}: there is no directory {out.parent}")
    declared, values = environment_of(given)
    with Progress(given.steps, quiet=given.json) as progress:
        history = mask_history(declared, values, given.seed, given.steps, progress.show)
    if out is not None:
        write_picture(history, declared.id, out)
    if given.json:
        print_json({"id": declared.id, "seed": given.seed, **as_dict(history)})
    else:
        print("\n".join(lines(declared.id, history)))
        if out is not None:
            print(f"\n{out}: the mask over the episode")
    return 0


def mask_history(
    declared: Declaration,
    values: Mapping[str, Any],
    seed: int | None,
    steps: int,
    progress: Callable[[str], None] | None = None,
) -> MaskHistory:
    """The masks of one episode of random legal play, of so many states at most; `progress` is told of each."""
    from ..render.mask_history import MaskHistory

    player = RandomPlayer(declared, values, seed)
    entries: list[np.ndarray[Any, Any]] = []
    fractions, counts = [], []
    for goes_on in itertools.islice(player.play(steps, 1), steps):
        if progress is not None:
            progress("playing")
        if goes_on:
            picture = player.env.picture
            totals = picture.view(0).totals()
            entries.append(np.concatenate(list(_shares(picture.engine))))
            fractions.append(picture.legal_fraction(0))
            counts.append(None if totals is None else totals[0])
    numbers = tuple(count for count in counts if count is not None)
    return MaskHistory(np.array(entries), np.array(fractions, float), numbers if len(numbers) == len(counts) else None)


def write_picture(history: MaskHistory, title: str, out: Path) -> None:
    """Write the picture of a history as .svg or .png.

    Raises:
        ImportError: .png, and Pillow or pygame-ce is not installed.
    """
    from ..render import Renderer, Status, render_svg
    from ..render.gif import write_png

    status = Status(message=f"{title}: an episode of random legal play")
    with atomic_write(out) as file:
        if out.suffix.lower() == ".svg":
            file.write(render_svg(history.scene(), None, None, None, status).encode())
            return
        frame = Renderer("rgb_array").render(history.scene(), None, None, None, status)
        assert frame is not None
        write_png(frame, file)


def lines(title: str, history: MaskHistory) -> Iterator[str]:
    """The history in words, at most 80 characters wide."""
    fractions, steps = history.fractions, len(history.fractions)
    yield f"{title}: {steps} decisions of one episode of random legal play"
    yield (
        f"share of the actions that is legal: mean {fractions.mean():.1%}, least {fractions.min():.3g}, "
        f"most {fractions.max():.3g}"
    )
    yield ""
    yield f"{'step':>6}{'legal':>10}{'share':>10}"
    for step in np.unique(np.linspace(0, steps - 1, MOST_LINES).astype(int)).tolist():
        count = "" if history.counts is None else f"{history.counts[step]:,}"
        bar = "#" * round(50 * fractions[step])
        yield f"{step:>6}{count:>10}{fractions[step]:>10.2%}  {bar}".rstrip()
    yield ""
    yield f"the mask, {history.entries.shape[1]} entries downwards, over time (' ' none legal, '#' all of a block)"
    yield from history.scene().glyph_rows


def as_dict(history: MaskHistory) -> dict[str, Any]:
    """The history for a program."""
    return {
        "decisions": len(history.fractions),
        "entries": history.entries.shape[1],
        "legal_fraction": [round(float(share), 9) for share in history.fractions],
        "legal_entries": None if history.counts is None else list(history.counts),
    }


def _shares(engine: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The mask entries of each agent as numbers from 0 to 1; of bounds, the share of the range between them."""
    spec = engine.mask_spec
    for view in range(engine.views):
        mask = spec.canonical(engine.masks[0][view])
        for part, space in _parts(mask, spec.action_space):
            if part.dtype.kind == "f":
                span = np.maximum(space.high - space.low, 1e-9).astype(float).reshape(-1)
                yield np.clip((part[1] - part[0]).reshape(-1) / span, 0.0, 1.0)
            else:
                yield part.astype(float).reshape(-1)


def _parts(mask: Any, space: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(mask, Mapping):
        for key, part in mask.items():
            yield from _parts(part, space[key])
    else:
        yield np.asarray(mask), space
