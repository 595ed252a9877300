"""`mask_fn=` and `mask_at=`: the two ways to say where a mask comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..mask_spec.checks import shown
from .place import Place, parse_place
from .recorded import from_reference

MaskFn = Callable[[Any], Any] | str
Kind = str | Mapping[str, Any] | Sequence[Any]


def mask_source(env: Any, mask_fn: Any, mask_at: str | None, form: str) -> tuple[Any, Place | None]:
    """Read `mask_fn=` and `mask_at=`: the function, or where the mask is.

    Args:
        env: to look up a method that is named; None where names are not known.
        mask_fn, mask_at: as they were given, one of them.
        form: of the function, for messages.

    Raises:
        TypeError: neither or both, or no function. ValueError: no place.
    """
    if (mask_fn is None) == (mask_at is None):
        raise TypeError(
            f"give one of mask_fn=, a function {form}, and mask_at=, where the mask is; masked_envs.adapt(env) looks "
            "for it in the usual places"
        )
    if mask_at is not None:
        place = parse_place(mask_at)
        return place.code, place
    function = from_reference(mask_fn)
    if isinstance(function, str) and env is not None:
        if not env.has_wrapper_attr(function):
            raise TypeError(f"mask_fn={shown(function)}: {env} has nothing of this name")
        return function, parse_place(f"env.{function}")
    if not callable(function):
        raise TypeError(f"mask_fn must be a function {form}, or the name of a method, not {shown(mask_fn)}")
    return function, None
