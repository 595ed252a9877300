"""The only stepping loop. `compile.bind` puts the rules of one environment where the placeholders stand.

Axes: N rows (copies of the environment), V views (agents that act at once: 1 in a single-agent or turn-based game, all
of them in a simultaneous one), A agents. `states[i]` is a state record, `p` the record of parameters, `actions[i, v]`,
`masks[i, v]` and `observations[i, v]` are zero-copy rows of the batch (scalars, arrays or records).

The mask is the only judge of legality: `find_invalid` asks it once for every action, before any row moves, and
`step_rows` carries out what `on_invalid` says.

A loop takes buffers of the engine, which knows them by these names (`parameters` is an array of one record), and after
them what varies from call to call, such as the rows to go through, `where` (N,). The work on row i is a rule of its
own, which the engine of a single row calls without the loop. Indexing is one axis at a time, since in plain Python the
rows are lists of views (`blocks.plain_buffers`).
"""

from typing import Any

from .random import random_uniform
from .rules import fill, rule

RAISE, TERMINATE, NOOP, RESAMPLE = 0, 1, 2, 3


# --- placeholders: what an environment writes ---------------------------------------------------------------------


@rule
def reset(s: Any, p: Any) -> None:
    """Write a first position into `s`, drawing chance from s["rng"]."""
    raise NotImplementedError


@rule
def action_mask(s: Any, p: Any, agent: int, out: Any) -> None:
    """Write every element of `out`: what `agent` may do now."""
    raise NotImplementedError


@rule
def renew_mask(s: Any, p: Any, agent: int, out: Any) -> None:
    """Turn `out` from the mask before the last step into the one after it; `action_mask` where a file has no such rule.

    The step may have been one of a refused action, in which only time passed.
    """
    raise NotImplementedError


@rule
def step(s: Any, p: Any, action: Any, rewards: Any) -> bool:
    """Carry out a legal action, add to `rewards` (A,), and say whether the episode has terminated."""
    raise NotImplementedError


@rule
def observe(s: Any, p: Any, agent: int, out: Any) -> None:
    """Write every element of `out`: what `agent` sees."""
    raise NotImplementedError


# --- placeholders: what the core supplies for the way the game is played, and for the kind of mask ----------------


@rule
def acting_agent(s: Any, view: int) -> int:
    """The agent that looks through a view."""
    raise NotImplementedError


@rule
def advance(s: Any, p: Any, actions: Any, rewards: Any) -> bool:
    """`step` with the actions (V,) of one row."""
    raise NotImplementedError


@rule
def is_legal(s: Any, p: Any, agent: int, mask: Any, action: Any, heads: Any, scratch: Any) -> bool:
    """Whether the mask, and for late heads the rules behind it, allow the action."""
    raise NotImplementedError


@rule
def pick_legal(
    s: Any, p: Any, agent: int, mask: Any, u: Any, heads: Any, actions: Any, view: int, scratch: Any
) -> None:
    """Write a legal action into actions[view], from uniform numbers u."""
    raise NotImplementedError


@rule
def allow_all(mask: Any, full: Any) -> None:
    """Write `full`, the mask that forbids nothing, into `mask`."""
    raise NotImplementedError


@rule
def single_agent(s: Any, view: int) -> int:
    return 0


@rule
def agent_to_move(s: Any, view: int) -> int:
    return int(s["to_move"])


@rule
def agent_of_view(s: Any, view: int) -> int:
    return view


@rule
def advance_one(s: Any, p: Any, actions: Any, rewards: Any) -> bool:
    return step(s, p, actions[0], rewards)


@rule
def advance_all(s: Any, p: Any, actions: Any, rewards: Any) -> bool:
    return step(s, p, actions, rewards)


# --- the loop -----------------------------------------------------------------------------------------------------


@rule
def look(s: Any, p: Any, terminated: bool, stepped: bool, observations: Any, masks: Any, full: Any) -> None:
    """Fill what the V views of one row show. In a terminated state nothing is left to forbid.

    `stepped` says that the masks are still those before a step that has led here.
    """
    for v in range(len(masks)):
        agent = acting_agent(s, v)
        observe(s, p, agent, observations[v])
        if terminated:
            allow_all(masks[v], full[0])
        elif stepped:
            renew_mask(s, p, agent, masks[v])
        else:
            action_mask(s, p, agent, masks[v])


@rule
def look_rows(
    states: Any,
    parameters: Any,
    terminated: Any,
    observations: Any,
    masks: Any,
    full: Any,
    acting: Any,
    where: Any,
) -> None:
    p = parameters[0]
    for i in range(len(where)):
        if where[i]:
            look(states[i], p, terminated[i], False, observations[i], masks[i], full)
            acting[i] = acting_agent(states[i], 0)


@rule
def reset_rows(
    states: Any,
    parameters: Any,
    observations: Any,
    masks: Any,
    full: Any,
    invalid: Any,
    rewards: Any,
    terminated: Any,
    truncated: Any,
    acting: Any,
    where: Any,
) -> None:
    p = parameters[0]
    for i in range(len(where)):
        if where[i]:
            s = states[i]
            s["elapsed_steps"] = 0
            s["to_move"] = 0
            reset(s, p)
            for v in range(len(invalid[i])):
                invalid[i][v] = False
            fill(rewards[i], 0.0)
            terminated[i] = False
            truncated[i] = False
            look(s, p, False, False, observations[i], masks[i], full)
            acting[i] = acting_agent(s, 0)


@rule
def check_row(
    states: Any,
    parameters: Any,
    actions: Any,
    masks: Any,
    heads: Any,
    scratch: Any,
    invalid: Any,
    invalid_counts: Any,
    checked: Any,
    i: int,
) -> bool:
    """Mark and count the invalid actions of the `checked` (V,) views of row i; whether there is one."""
    s, p, found = states[i], parameters[0], False
    for v in range(len(checked)):
        if checked[v]:
            bad = not is_legal(s, p, acting_agent(s, v), masks[i][v], actions[i][v], heads, scratch)
            invalid[i][v] = bad
            if bad:
                invalid_counts[i] += 1
                found = True
    return found


@rule
def find_invalid(
    states: Any,
    parameters: Any,
    actions: Any,
    masks: Any,
    heads: Any,
    scratch: Any,
    invalid: Any,
    invalid_counts: Any,
    first_row: int,
    where: Any,
    checked: Any,
) -> int:
    """`check_row` in the rows in `where`; the first row with an invalid action (counted from `first_row`), or -1."""
    first = -1
    for i in range(len(where)):
        if where[i]:
            found = check_row(states, parameters, actions, masks, heads, scratch, invalid, invalid_counts, checked, i)
            if found and first < 0:
                first = first_row + i
        else:
            for v in range(len(checked)):
                if checked[v]:
                    invalid[i][v] = False
    return first


@rule
def pick_action(s: Any, p: Any, masks: Any, heads: Any, draws: Any, scratch: Any, actions: Any, view: int) -> None:
    """Draw a legal action for one view from the row's own random stream."""
    for k in range(draws.size):
        draws[k] = random_uniform(s["rng"], 0.0, 1.0)
    pick_legal(s, p, acting_agent(s, view), masks[view], draws, heads, actions, view, scratch)


@rule
def pick_rows(
    states: Any,
    parameters: Any,
    masks: Any,
    heads: Any,
    draws: Any,
    scratch: Any,
    actions: Any,
    where: Any,
    view: int,
) -> None:
    """Draw a legal action for one view of the rows in `where`."""
    p = parameters[0]
    for i in range(len(where)):
        if where[i]:
            pick_action(states[i], p, masks[i], heads, draws, scratch, actions[i], view)


@rule
def step_row(
    states: Any,
    parameters: Any,
    actions: Any,
    invalid: Any,
    on_invalid: int,
    invalid_reward: float,
    time_limit: int,
    observations: Any,
    masks: Any,
    full: Any,
    heads: Any,
    draws: Any,
    scratch: Any,
    rewards: Any,
    terminated: Any,
    truncated: Any,
    acting: Any,
    i: int,
) -> None:
    """Move row i, whose rewards are zero so far; `time_limit` below 1 means none."""
    s, p = states[i], parameters[0]
    mover, some_invalid, refused = 0, False, False
    if on_invalid != RAISE:  # then nothing invalid gets here
        for v in range(len(invalid[i])):
            if invalid[i][v]:
                mover, some_invalid = acting_agent(s, 0), True
                if on_invalid == RESAMPLE:
                    pick_action(s, p, masks[i], heads, draws, scratch, actions[i], v)
                else:
                    refused = True
    ended = on_invalid == TERMINATE
    if not refused:
        ended = advance(s, p, actions[i], rewards[i])
    if some_invalid:
        for v in range(len(invalid[i])):
            if invalid[i][v]:
                rewards[i][mover + v] += invalid_reward
    s["elapsed_steps"] += 1
    terminated[i] = ended
    truncated[i] = 0 < time_limit <= s["elapsed_steps"] and not ended
    look(s, p, ended, True, observations[i], masks[i], full)
    acting[i] = acting_agent(s, 0)


@rule
def step_rows(
    states: Any,
    parameters: Any,
    actions: Any,
    invalid: Any,
    on_invalid: int,
    invalid_reward: float,
    time_limit: int,
    observations: Any,
    masks: Any,
    full: Any,
    heads: Any,
    draws: Any,
    scratch: Any,
    rewards: Any,
    terminated: Any,
    truncated: Any,
    acting: Any,
    where: Any,
) -> None:
    """`step_row` in the rows in `where`."""
    for i in range(len(where)):
        if where[i]:
            step_row(
                states, parameters, actions, invalid, on_invalid, invalid_reward, time_limit, observations, masks,
                full, heads, draws, scratch, rewards, terminated, truncated, acting, i,
            )  # fmt: skip
