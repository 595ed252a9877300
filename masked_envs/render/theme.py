"""Inks and themes: an environment names what it draws ("player_0", "wall"), a theme says which colour that
is.

The categorical colours are those of Okabe and Ito, "Color Universal Design" (2008), distinguishable under the
common colour-vision deficiencies. Legal and forbidden never differ by colour alone: marks.py also changes the
shape.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from ..mask_spec.checks import shown

RGB = tuple[int, int, int]

AGENT_INKS = 8
"""How many agents have an ink of their own: "agent_0" to "agent_7"."""
VALUE_LEVELS = 10
"""Steps of the sequential scale "value_0" (least) to "value_9" (most)."""


class UnknownInkError(ValueError):
    """An ink that no theme defines was named."""


@dataclass(frozen=True)
class Theme:
    """A colour (red, green, blue; 0 to 255) for every ink name."""

    name: str
    inks: Mapping[str, RGB]

    def __getitem__(self, ink: str) -> RGB:
        check_ink(ink)
        return self.inks[ink]


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """`first` moved towards `second`: all first at share 0, all second at share 1."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(first, second, strict=True))
    return (r, g, b)


_OKABE_ITO: dict[str, RGB] = {
    "blue": (0, 114, 178),
    "vermilion": (213, 94, 0),
    "green": (0, 158, 115),
    "purple": (190, 97, 150),
    "sky": (86, 180, 233),
    "orange": (230, 159, 0),
    "yellow": (240, 228, 66),
    "grey": (120, 120, 120),
}
_AGENT_ORDER = ("blue", "vermilion", "green", "purple", "sky", "orange", "yellow", "grey")


def _scale(low: RGB, high: RGB) -> dict[str, RGB]:
    return {f"value_{i}": mix(low, high, i / (VALUE_LEVELS - 1)) for i in range(VALUE_LEVELS)}


_AGENTS = {f"agent_{i}": _OKABE_ITO[name] for i, name in enumerate(_AGENT_ORDER)}

LIGHT = Theme(
    "light",
    {
        # The page, and words on it.
        "page": (252, 252, 250),
        "background": (243, 243, 239),
        "text": (33, 37, 45),
        "muted": (112, 118, 128),
        "inverse": (255, 255, 255),
        "outline": (60, 66, 78),
        "shadow": (203, 206, 210),
        "grid": (219, 221, 221),
        # Boards and pieces.
        "frame": (43, 84, 151),
        "hole": (228, 233, 241),
        "cell": (255, 255, 255),
        "cell_alt": (229, 229, 222),
        "player_0": (214, 69, 48),
        "player_1": (245, 197, 46),
        "player_2": (0, 158, 115),
        "player_3": (190, 97, 150),
        "piece_dark": (45, 48, 56),
        "piece_light": (250, 250, 246),
        # Worlds.
        "wall": (88, 94, 106),
        "floor": (250, 250, 247),
        "road": (226, 226, 221),
        "water": (150, 200, 232),
        "goal": (0, 158, 115),
        "start": (86, 180, 233),
        "hazard": (213, 94, 0),
        "item": (173, 122, 62),
        "station": (240, 214, 150),
        "agent": (0, 114, 178),
        "path": (160, 166, 176),
        "highlight": (240, 200, 40),
        # Machines.
        "track": (150, 155, 164),
        "cart": (52, 58, 70),
        "pole": (202, 128, 63),
        "axle": (0, 114, 178),
        "machine": (132, 140, 154),
        "idle": (225, 227, 229),
        "good": (0, 158, 115),
        "bad": (213, 94, 0),
        # The mask.
        "legal": (0, 133, 97),
        "legal_fill": (207, 240, 226),
        "legal_level": (117, 209, 176),
        "legal_text": (0, 62, 46),
        "forbidden": (163, 166, 172),
        "forbidden_fill": (231, 231, 230),
        "forbidden_text": (112, 116, 124),
        "chosen": (24, 26, 32),
        "refused": (190, 20, 84),
        "refused_fill": (252, 218, 230),
        **_AGENTS,
        **_scale((238, 244, 249), (8, 64, 129)),
    },
)

DARK = Theme(
    "dark",
    {
        "page": (22, 25, 31),
        "background": (31, 35, 43),
        "text": (235, 237, 240),
        "muted": (148, 155, 167),
        "inverse": (18, 20, 25),
        "outline": (182, 188, 198),
        "shadow": (14, 16, 20),
        "grid": (53, 59, 70),
        "frame": (50, 88, 158),
        "hole": (22, 29, 44),
        "cell": (43, 48, 58),
        "cell_alt": (54, 60, 72),
        "player_0": (235, 90, 68),
        "player_1": (246, 205, 70),
        "player_2": (32, 184, 140),
        "player_3": (214, 125, 178),
        "piece_dark": (12, 13, 16),
        "piece_light": (232, 232, 228),
        "wall": (104, 112, 128),
        "floor": (36, 41, 50),
        "road": (56, 62, 73),
        "water": (38, 92, 128),
        "goal": (32, 184, 140),
        "start": (86, 180, 233),
        "hazard": (236, 120, 40),
        "item": (196, 148, 90),
        "station": (110, 92, 48),
        "agent": (74, 168, 228),
        "path": (110, 118, 132),
        "highlight": (245, 210, 70),
        "track": (110, 117, 130),
        "cart": (206, 211, 220),
        "pole": (226, 158, 92),
        "axle": (74, 168, 228),
        "machine": (124, 134, 152),
        "idle": (52, 57, 67),
        "good": (32, 184, 140),
        "bad": (236, 120, 40),
        "legal": (54, 211, 160),
        "legal_fill": (20, 74, 60),
        "legal_level": (24, 128, 98),
        "legal_text": (224, 252, 242),
        "forbidden": (92, 98, 110),
        "forbidden_fill": (40, 44, 53),
        "forbidden_text": (142, 148, 160),
        "chosen": (250, 250, 250),
        "refused": (255, 92, 150),
        "refused_fill": (92, 24, 52),
        **_AGENTS,
        "agent_0": (74, 168, 228),
        "agent_7": (168, 172, 180),
        **_scale((40, 46, 56), (120, 196, 250)),
    },
)

THEMES: Mapping[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK)}
INKS = frozenset(LIGHT.inks)


def check_ink(ink: str) -> str:
    """Return `ink` if every theme defines it.

    Raises:
        UnknownInkError: no theme defines it; the message names the nearest inks.
    """
    if ink not in INKS:
        near = difflib.get_close_matches(str(ink), INKS, n=3) or sorted(INKS)
        raise UnknownInkError(
            f"unknown ink {shown(ink)}; the nearest are: {', '.join(near)} "
            "(a new ink is one line in each theme of masked_envs/render/theme.py)"
        )
    return ink


def agent_ink(agent: int) -> str:
    """The ink of agent number `agent`; colours repeat after the eighth, so draw the number as well."""
    return f"agent_{agent % AGENT_INKS}"


def find_theme(theme: str | Theme) -> Theme:
    """The theme of that name ("light" or "dark"); a `Theme` is returned as it is.

    Raises:
        ValueError: no theme has that name, or a given `Theme` lacks an ink.
    """
    if isinstance(theme, Theme):
        missing = sorted(INKS - set(theme.inks))
        if missing:
            raise ValueError(f"theme {shown(theme.name)} lacks the inks: {', '.join(missing)}")
        return theme
    if theme not in THEMES:
        raise ValueError(f"unknown theme {shown(theme)}; expected one of: {', '.join(THEMES)}")
    return THEMES[theme]
