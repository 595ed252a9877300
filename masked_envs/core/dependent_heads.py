"""Conditional masks with more than two heads: the mask is the table of the first two, `head_mask` gives the others.

The legal actions are the leaves of a tree: below a legal cell of the table, each further head has the choices that
`head_mask` allows after the choices before it.
"""

from typing import Any

from .mask_rules import allows_flat, allows_joint, pick_flat
from .random import random_below, random_below_large, random_uniform
from .rules import copy_to, count_nonzero, nth_nonzero, rule

MOST_TRIALS = 1000


@rule
def head_mask(s: Any, p: Any, agent: int, k: int, prefix: Any, out: Any) -> None:
    """Placeholder: write into out (nvec[k],) what head k >= 2 may take after the choices in `prefix`."""
    raise NotImplementedError


@rule
def legal_by_tree(s: Any, p: Any, agent: int, mask: Any, action: Any, heads: Any, scratch: Any) -> bool:
    if not allows_joint(mask, action, heads):
        return False
    for k in range(2, heads.size):
        choices = scratch[: heads[k]]
        head_mask(s, p, agent, k, action, choices)
        if not allows_flat(choices, action[k], heads):
            return False
    return True


@rule
def pick_by_tree(
    s: Any, p: Any, agent: int, mask: Any, u: Any, heads: Any, actions: Any, view: int, scratch: Any, prefix: Any
) -> None:
    """Uniform over the leaves, without a list of them."""
    if not found_by_trial(s, p, agent, mask, heads, actions[view], scratch):
        find_by_walk(s, p, agent, mask, heads, actions[view], scratch, prefix)


@rule
def found_by_trial(s: Any, p: Any, agent: int, mask: Any, heads: Any, action: Any, scratch: Any) -> bool:
    """Rejection sampling: a random legal cell, and for every further head a random choice, until all are legal.

    Every leaf is equally likely in every trial. The trials end when they have cost as much as a walk over the cells.
    """
    for _ in range(min(MOST_TRIALS, count_nonzero(mask))):
        set_cell(pick_flat(mask, random_uniform(s["rng"], 0.0, 1.0)), heads, action)
        legal, k = True, 2
        while legal and k < heads.size:
            choices = scratch[: heads[k]]
            head_mask(s, p, agent, k, action, choices)
            choice = random_below(s["rng"], int(heads[k]))
            action[k] = choice
            legal = bool(choices[choice])
            k += 1
        if legal:
            return True
    return False


@rule
def find_by_walk(s: Any, p: Any, agent: int, mask: Any, heads: Any, action: Any, scratch: Any, prefix: Any) -> None:
    """Walk over all legal choices of all heads but the last, and keep one leaf: the n-th with probability 1 / n.

    `scratch` (sum of nvec[2:],) holds what each head on the way may take. Without any leaf, `action` is not legal.
    """
    set_cell(-1, heads, action)
    last, leaves = heads.size - 1, 0
    for cell in range(mask.size):
        if mask.flat[cell] == 0:
            continue
        set_cell(cell, heads, prefix)
        k, start = 2, 0
        open_head(s, p, agent, k, start, heads, scratch, prefix)
        while k >= 2:
            choices = scratch[start : start + heads[k]]
            if k < last:
                prefix[k] = next_nonzero(choices, int(prefix[k]) + 1)
            else:
                leaves = keep_a_leaf(s, choices, k, leaves, prefix, action)
                prefix[k] = choices.size
            if prefix[k] < choices.size:
                start += heads[k]
                k += 1
                open_head(s, p, agent, k, start, heads, scratch, prefix)
            else:
                k -= 1
                if k >= 2:
                    start -= heads[k]


@rule
def set_cell(cell: int, heads: Any, action: Any) -> None:
    """Write the first two choices; -1 is no cell, and gives a choice that no mask allows."""
    action[0] = cell // heads[1]
    action[1] = cell % heads[1]


@rule
def open_head(s: Any, p: Any, agent: int, k: int, start: int, heads: Any, scratch: Any, prefix: Any) -> None:
    """Ask what head k may take; its choices are walked from the first."""
    head_mask(s, p, agent, k, prefix, scratch[start : start + heads[k]])
    prefix[k] = -1


@rule
def next_nonzero(array: Any, i: int) -> int:
    """The first index from i on of an element that is not zero, or the size of the array."""
    while i < array.size and array[i] == 0:
        i += 1
    return i


@rule
def keep_a_leaf(s: Any, choices: Any, k: int, leaves: int, prefix: Any, action: Any) -> int:
    """Count the leaves below a prefix, and replace `action` by one of them as often as it must be; the new count."""
    number = count_nonzero(choices)
    if number > 0:
        chosen = random_below_large(s["rng"], leaves + number)
        if chosen < number:
            prefix[k] = nth_nonzero(choices, chosen)
            copy_to(prefix, action)
    return leaves + number
