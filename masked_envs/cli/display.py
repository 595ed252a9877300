"""Whether a window can be seen."""

from __future__ import annotations

import os
import sys

from .errors import FAILED, CommandError


def require_display() -> None:
    """Refuse to open a window that nobody would see: SDL draws off screen, without a word, where there is no display.

    Raises:
        CommandError: none of the variables by which Linux programs find the display is set.
    """
    variables = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in variables):
        raise CommandError(
            f"there is no display to open a window on ({', '.join(variables)} are not set); "
            "`masked-envs demo ID --out FILE` writes a GIF without one",
            FAILED,
        )
