"""The rules of one kind of mask, in the form that the stepping loop calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..mask_spec.checks import shown
from . import loop, mask_rules
from .binding import generated_rule
from .dependent_heads import head_mask, legal_by_tree, pick_by_tree
from .mask_loops import allows, pick
from .rules import copy_to, rule

if TYPE_CHECKING:
    from ..mask_spec import DictMask, HeadMask, MaskSpec
    from .engine import Engine

Rule = Callable[..., Any]


@rule
def allow_all_array(mask: Any, full: Any) -> None:
    copy_to(full, mask)


@rule
def legal_by_mask(s: Any, p: Any, agent: int, mask: Any, action: Any, heads: Any, scratch: Any) -> bool:
    return allows(mask, action, heads)


@rule
def pick_by_mask(
    s: Any, p: Any, agent: int, mask: Any, u: Any, heads: Any, actions: Any, view: int, scratch: Any, prefix: Any
) -> None:
    pick(mask, u, heads, actions, view)


def rules_for(spec: MaskSpec, rules: Any) -> dict[Rule, Rule]:
    """The rules in the place of the loop's placeholders that depend on the kind of mask.

    Args:
        spec: the mask of one agent.
        rules: the module of the environment, whose `head_mask` is used when the mask has dependent heads.
    """
    form: Any = spec
    kind_rules = dict_rules(form) if spec.kind == "dict" else (*form.rules, allow_all_array)
    given: dict[Rule, Rule] = dict(zip((allows, pick, loop.allow_all), kind_rules, strict=True))
    if spec.needs_head_mask:
        return given | {head_mask: rules.head_mask, loop.is_legal: legal_by_tree, loop.pick_legal: pick_by_tree}
    return given | {loop.is_legal: legal_by_mask, loop.pick_legal: pick_by_mask}


@functools.cache
def dict_rules(spec: DictMask) -> tuple[Rule, Rule, Rule]:
    """`allows`, `pick` and `allow_all` over a record of parts, as generated text: the keys of records are constants."""
    tests, picks, head, draw = [], [], 0, 0
    for key, part in zip(spec.keys, spec.parts, strict=True):
        if part.kind == "dict" or part.needs_head_mask:
            raise ValueError(
                f"part {shown(key)}: a dict mask in an environment is made of simple kinds, not {part.kind}"
            )
        allows_part, pick_part = part.rules  # type: ignore[attr-defined]
        heads, draws = f"heads[{head}:{head + len(part.heads)}]", f"u[{draw}:{draw + part.num_draws}]"
        tests.append(f"{allows_part.__name__}(mask[{shown(key)}], action[{shown(key)}], {heads})")
        if part.kind in ("flat", "candidates"):
            picks.append(f"    row[{shown(key)}] = pick_flat(mask[{shown(key)}], u[{draw}])")
        else:
            name = pick_part.__name__.replace("pick_into", "pick")
            picks.append(f"    {name}(mask[{shown(key)}], {draws}, {heads}, row[{shown(key)}])")
        head, draw = head + len(part.heads), draw + part.num_draws
    allows_source = f"def allows_dict(mask, action, heads):\n    return {' and '.join(tests)}\n"
    pick_source = "def pick_dict(mask, u, heads, actions, i):\n    row = actions[i]\n" + "\n".join(picks) + "\n"
    copies = [f"    copy_to(full[{shown(key)}], mask[{shown(key)}])" for key in spec.keys]
    open_source = "def allow_all_dict(mask, full):\n" + "\n".join(copies) + "\n"
    like = mask_rules.allows_flat
    sources = {"allows_dict": allows_source, "pick_dict": pick_source, "allow_all_dict": open_source}
    allows_rule, pick_rule, open_rule = (generated_rule(name, source, like) for name, source in sources.items())
    return allows_rule, pick_rule, open_rule


def draws_per_action(spec: MaskSpec) -> int:
    """How many uniform numbers `pick_legal` takes; with dependent heads it draws from the stream itself."""
    return 0 if spec.needs_head_mask else spec.num_draws


def scratch_size(spec: MaskSpec) -> int:
    """How many flags of scratch memory `is_legal` and `pick_legal` take."""
    return int(sum(spec.heads[2:])) if spec.needs_head_mask else 0


def check_precision(spec: MaskSpec) -> None:
    """Refuse the mask of an environment that no backend can compile.

    Raises:
        ValueError: an interval of float16, which numba does not have.
    """
    if np.dtype(np.float16) in (part.base for part in _buffers(spec.mask_buffer)):
        raise ValueError("the interval mask of an environment is of float32 or float64; numba has no float16")


def _buffers(dtype: np.dtype[Any]) -> Iterator[np.dtype[Any]]:
    """The dtypes of the arrays in a buffer, records taken apart."""
    if dtype.names is None:
        yield dtype
    for name in dtype.names or ():
        yield from _buffers(dtype[name])


def write_full(spec: MaskSpec, out: npt.NDArray[Any]) -> None:
    """Write the mask that allows everything into out[0]."""
    spec.write_mask(spec.full(), out)


def dependent_heads(engine: Engine, row: int, agent: int) -> HeadMask:
    """What heads 2 and later of an agent may take in a row: (k, legal prefix) -> int8 (nvec[k],), without checks."""
    heads = engine.mask_spec.heads
    rules, state, parameters = engine.declaration.rules, engine.states[row], engine.parameters
    over = engine.forbids_nothing(row, agent)

    def head_mask(k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        out = np.full(heads[k], over, np.bool_)
        if not over:
            choices = np.zeros(len(heads), np.int64)
            choices[:k] = prefix
            rules.head_mask(state, parameters, agent, k, choices, out)
        return out.view(np.int8)

    return head_mask


def read_head_mask(engine: Engine, row: int, agent: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
    """See `Engine.head_mask`."""
    spec = engine.mask_spec
    table = np.zeros(1, spec.mask_buffer)  # of this agent, whoever's turn it is
    engine.mask_of(row, agent, table)
    return spec.head_mask(spec.canonical(table[0]), k, prefix, dependent_heads(engine, row, agent))
