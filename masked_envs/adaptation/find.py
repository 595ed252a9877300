"""Where third-party environments keep their masks, and which place is the one to believe.

The order is: keys of the observation and of info that are named for masks, the observation first; sb3-contrib's method
`action_masks()`; other methods; attributes; and last, only while there is nothing better, names that may mean something
else, such as `mask` or `avail_actions`. A declared `mask_spec`, `mask_at=` and `mask_fn=` come before all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from gymnasium import spaces

from .. import trees
from ..mask_spec import MaskSpec
from .forms import UnknownFormError, array_of
from .place import Place, parse_place, takes_no_arguments
from .read import read_mask, spec_for

CLEAR_NAMES = (
    "action_mask",  # Gymnasium, PettingZoo, RLlib, TorchRL, Jumanji
    "action_masks",  # sb3-contrib
    "legal_action_mask",  # pgx
    "legal_actions_mask",
    "valid_action_mask",
    "valid_actions_mask",
    "actions_mask",
    "legal_actions",  # OpenSpiel, RLCard
    "legal_moves",  # PettingZoo until 1.4, shimmy
    "valid_actions",
    "valid_moves",
    "valid_avail_actions_mask",  # RLlib's parametric actions without embeddings
    "available_actions",
)
VAGUE_NAMES = (
    "avail_actions",  # SMAC; of RLlib's parametric actions the embeddings
    "mask",  # also padding, or what is observed
    "valid_mask",
    "invalid_action_mask",  # of MicroRTS, where 1 allows too
)
NAMES = CLEAR_NAMES + VAGUE_NAMES
"""Keys of an observation or of info, and names of methods and attributes, the usual ones first."""

METHODS = (*(f"get_{name}" for name in NAMES), "_get_action_mask", "_action_mask")
"""Further names of methods without arguments."""

KEY, SB3_METHOD, METHOD, ATTRIBUTE, VAGUE = range(5)  # the order in which places are believed


class Found(NamedTuple):
    """A candidate for the mask.

    Attributes:
        place: where it is, as code that `mask_at=` takes: `info["legal_moves"]`, `env.action_masks()`.
        name: the key or name.
        value: what is there now.
        rank: `KEY`, `SB3_METHOD`, `METHOD`, `ATTRIBUTE` or `VAGUE`.
    """

    place: str
    name: str
    value: Any
    rank: int


def find_masks(observation: Any, info: Any, attribute: Callable[[str], Any]) -> list[Found]:
    """Everything under a usual name that may be a mask, in order of preference.

    Args:
        observation, info: of one agent, as the environment gave them.
        attribute: name -> the environment's attribute, None where it has none.
    """
    found = []
    for where, mapping in (("observation", observation), ("info", info)):
        for key in NAMES if isinstance(mapping, Mapping) else ():
            value = _called(mapping.get(key))
            if value is not None:
                found.append(Found(f'{where}["{key}"]', key, value, _rank(key, KEY)))
    for name in (*NAMES, *METHODS):
        given = attribute(name)
        value = _called(given)
        if callable(given) and value is not None:
            rank = _rank(name, SB3_METHOD if name == "action_masks" else METHOD)
            found.append(Found(f"env.{name}()", name, value, rank))
        elif value is not None and not isinstance(value, (bool, int, float, str)):
            found.append(Found(f"env.{name}", name, value, _rank(name, ATTRIBUTE)))
    return sorted(found, key=lambda one: one.rank)


def _rank(name: str, rank: int) -> int:
    return VAGUE if name.removeprefix("get_") in VAGUE_NAMES else rank


def _called(value: Any) -> Any:
    """What a function gives without arguments, its error where it fails, None where it takes some; else the value."""
    if not callable(value):
        return value
    if not takes_no_arguments(value):
        return None
    try:
        return value()
    except Exception as error:  # of somebody's method, called because of its name; it is reported as no mask
        return error


# --- the choice -------------------------------------------------------------------------------------------------------


class OtherPlace(NamedTuple):
    """What a place that was not chosen says.

    Attributes:
        place: as in `Found`.
        says: "same" (the same mask), "different" (another mask), "no mask" (nothing that can be read as one), or
            "not asked" (a vague name, while there is a better place).
        detail: the other mask, or the reason.
        rank: as in `Found`.
    """

    place: str
    says: Literal["same", "different", "no mask", "not asked"]
    detail: str
    rank: int


@dataclass(frozen=True)
class MaskSource:
    """The place where an environment has its mask, chosen once.

    Attributes:
        place: where; `place.value(observation, info, attribute)` reads it again after each step.
        spec: the form of the mask.
        mask: canonical, of the position in which the choice was made.
        rank: as in `Found`.
        others: what all other places held then, in order of preference.
    """

    place: Place
    spec: MaskSpec
    mask: Any
    rank: int
    others: tuple[OtherPlace, ...] = ()

    @property
    def disagreements(self) -> tuple[OtherPlace, ...]:
        """The other places that hold another mask."""
        return tuple(other for other in self.others if other.says == "different")


class NoMaskFoundError(TypeError):
    """No usual place holds a mask.

    Attributes:
        others: the places that were looked at, each with the reason why it is no mask.
    """

    def __init__(self, message: str, others: Sequence[OtherPlace] = ()) -> None:
        super().__init__(message)
        self.others = tuple(others)


def choose_source(
    action_space: spaces.Space[Any], found: Sequence[Found], mask_spec: MaskSpec | None = None
) -> MaskSource:
    """Choose the place of an environment's mask. Do this once, at the first reset, and read that place from then on.

    The first place is chosen, in the order of `found`, whose value can be read as a mask of the action space. So a
    value of another size, such as embeddings of the actions, is passed over. Vague names count only while there is
    nothing better, and an array of ones under a vague name is not taken for a mask: it may be padding, and would forbid
    nothing.

    The choice is final: do not look for another place in the middle of a run, even if the chosen one stops holding a
    mask. That is an error of the environment.

    Args:
        action_space: of one agent.
        found: by `find_masks`, of a position in which the agent is to act.
        mask_spec: the form of the mask, where the caller knows it; else what the action space and the value say.

    Returns:
        the place with its spec, and for every other place what it says: the same, another mask (`disagreements`), no
        mask and why, or that it was not asked.

    Raises:
        NoMaskFoundError: no place holds a mask; `others` has the reasons.
    """
    source, others = None, []
    for one in found:
        if source is None:
            chosen = _as_source(action_space, one, mask_spec)
            if isinstance(chosen, MaskSource):
                source = chosen
            else:
                others.append(OtherPlace(one.place, "no mask", chosen, one.rank))
        else:
            others.append(_compared(source, one))
    if source is None:
        reasons = "; ".join(f"{other.place}: {other.detail}" for other in others)
        raise NoMaskFoundError(reasons or "nothing has a usual name", others)
    return replace(source, others=tuple(others))


def _as_source(space: spaces.Space[Any], one: Found, mask_spec: MaskSpec | None) -> MaskSource | str:
    """The place as a source, or why it is none."""
    try:
        spec = mask_spec or spec_for(space, one.value, one.name)
        mask = read_mask(spec, one.value, one.name)
    except UnknownFormError as error:
        return str(error)
    return _says_nothing(one, mask, spec) or MaskSource(parse_place(one.place), spec, mask, one.rank)


def _says_nothing(one: Found, mask: Any, spec: MaskSpec) -> str:
    """Why a mask under a vague name is not taken for one; "" where it is."""
    if one.rank == VAGUE and _is_ones(one.value) and trees.equal(mask, spec.full()):
        return "all ones under a vague name, which may be padding"
    return ""


def _compared(source: MaskSource, one: Found) -> OtherPlace:
    """What another place says, beside the chosen one."""
    if one.rank == VAGUE and source.rank != VAGUE:
        return OtherPlace(one.place, "not asked", f"a vague name, while there is {source.place.code}", one.rank)
    try:
        mask = read_mask(source.spec, one.value, one.name)
    except UnknownFormError as error:
        return OtherPlace(one.place, "no mask", str(error), one.rank)
    nothing = _says_nothing(one, mask, source.spec)
    if nothing:
        return OtherPlace(one.place, "no mask", nothing, one.rank)
    if trees.equal(mask, source.mask):
        return OtherPlace(one.place, "same", "", one.rank)
    return OtherPlace(one.place, "different", _written(mask), one.rank)


def _is_ones(value: Any) -> bool:
    array = array_of(value)
    return array is not None and array.size > 0 and bool((array == 1).all())


def _written(mask: Any) -> str:
    return str(mask.tolist() if isinstance(mask, np.ndarray) else mask)


def what_there_is(observation: Any, info: Any) -> str:
    """The keys of an observation and an info, for a message that says where no mask was found."""
    parts = []
    for where, mapping in (("observation", observation), ("info", info)):
        if isinstance(mapping, Mapping):
            parts.append(f"{where} has the keys {', '.join(map(repr, mapping))}" if mapping else f"{where} is empty")
        else:
            parts.append(f"{where} is a {type(mapping).__name__}")
    return "; ".join(parts)
