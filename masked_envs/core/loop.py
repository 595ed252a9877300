"""The stepping loop: the only one. A backend binds it to the rules of one environment and launches its row bodies.

Axes: N rows (copies of the environment), V views (agents that act at once: 1 in a single-agent or turn-based game, all
of them in a simultaneous one), A agents. `states[i]` is a state record, `p` the record of parameters; `actions[i, v]`,
`masks[i, v]` and `observations[i, v]` are views of the batch (scalars, arrays or records).

The mask is the only judge of legality: `check_row` asks it for every action before any row moves, and `step_row` does
what `on_invalid` says.

A row body works on row `i`. It takes buffers of the engine by their names, then arrays that are given anew in each call
and whose first axis is the row, then `i`, then numbers that vary from call to call; it returns a number, which a launch
adds up over the rows. It reads and writes nothing of other rows: the random
stream, the uniform numbers drawn from it and the scratch memory belong to the row. Indexing is one axis at a time,
since in plain Python a buffer is a list of rows (`backends.python`).
"""

from typing import Any

from .random import random_uniform
from .rules import fill, rule

RAISE, TERMINATE, NOOP, RESAMPLE = 0, 1, 2, 3
NOBODY = -1  # whom `leave_row` follows where no single agent is followed


# --- placeholders: what an environment writes ---------------------------------------------------------------------


@rule
def reset(s: Any, p: Any) -> None:
    """Write an initial state into `s`, with random numbers from s["rng"]."""
    raise NotImplementedError


@rule
def action_mask(s: Any, p: Any, agent: int, out: Any) -> None:
    """Write every element of `out`: the mask of `agent`."""
    raise NotImplementedError


@rule
def update_mask(s: Any, p: Any, agent: int, out: Any) -> None:
    """Change `out` from the mask before the last step into the mask after it; by default `action_mask`.

    After a refused action only the clock has advanced.
    """
    raise NotImplementedError


@rule
def step(s: Any, p: Any, action: Any, rewards: Any) -> bool:
    """Carry out a legal action, add to `rewards` (A,), and return whether the episode has terminated."""
    raise NotImplementedError


@rule
def observe(s: Any, p: Any, agent: int, out: Any) -> None:
    """Write every element of `out`: the observation of `agent`."""
    raise NotImplementedError


@rule
def has_left(s: Any, p: Any, agent: int) -> bool:
    """Whether an agent of a game that goes on has terminated; optional. Whoever has left does not come back."""
    raise NotImplementedError


# --- placeholders: what the core supplies for the kind of play and the kind of mask -------------------------------


@rule
def num_views(masks: Any) -> int:
    """V, from the masks (V, mask) of one row; where it is 1, a constant, so that compilers make no loop of it."""
    raise NotImplementedError


@rule
def acting_agent(s: Any, view: int) -> int:
    """The agent of a view."""
    raise NotImplementedError


@rule
def advance(s: Any, p: Any, actions: Any, rewards: Any) -> bool:
    """`step` with the actions (V,) of one row."""
    raise NotImplementedError


@rule
def is_legal(s: Any, p: Any, agent: int, mask: Any, action: Any, heads: Any, scratch: Any) -> bool:
    """Whether the mask, and for dependent heads the rule `head_mask`, allow the action."""
    raise NotImplementedError


@rule
def pick_legal(
    s: Any, p: Any, agent: int, mask: Any, u: Any, heads: Any, actions: Any, view: int, scratch: Any, prefix: Any
) -> None:
    """Write a uniformly random legal action into actions[view], from uniform numbers u or from s["rng"]."""
    raise NotImplementedError


@rule
def allow_all(mask: Any, full: Any) -> None:
    """Write `full`, the mask that allows everything, into `mask`."""
    raise NotImplementedError


@rule
def one_view(masks: Any) -> int:
    return 1


@rule
def views_of_agents(masks: Any) -> int:
    return len(masks)


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


# --- parts of row bodies ------------------------------------------------------------------------------------------


@rule
def look(s: Any, p: Any, terminated: bool, stepped: bool, observations: Any, masks: Any, full: Any) -> int:
    """Write the observations and masks of the V views of one row; returns the agent of the first view.

    In a terminated state everything is allowed. `stepped`: whether the masks are those of the state before one step, so
    that `update_mask` may change them.
    """
    first = acting_agent(s, 0)
    for v in range(num_views(masks)):
        agent = first if v == 0 else acting_agent(s, v)
        observe(s, p, agent, observations[v])
        if terminated:
            allow_all(masks[v], full[0])
        elif stepped:
            update_mask(s, p, agent, masks[v])
        else:
            action_mask(s, p, agent, masks[v])
    return first


@rule
def pick_action(
    s: Any, p: Any, masks: Any, heads: Any, draws: Any, scratch: Any, prefix: Any, actions: Any, view: int
) -> None:
    """Draw a legal action of one view from the random stream of the row."""
    for k in range(draws.size):
        draws[k] = random_uniform(s["rng"], 0.0, 1.0)
    pick_legal(s, p, acting_agent(s, view), masks[view], draws, heads, actions, view, scratch, prefix)


# --- row bodies ---------------------------------------------------------------------------------------------------


@rule
def look_row(
    states: Any, parameters: Any, terminated: Any, observations: Any, masks: Any, full: Any, acting: Any, i: int
) -> int:
    """Write observations and masks anew from the state."""
    acting[i] = look(states[i], parameters[0], terminated[i], False, observations[i], masks[i], full)
    return 0


@rule
def reset_row(
    states: Any, parameters: Any, observations: Any, masks: Any, full: Any, invalid: Any, rewards: Any,
    terminated: Any, truncated: Any, started: Any, acting: Any, i: int,
) -> int:  # fmt: skip
    """Start an episode."""
    s, p = states[i], parameters[0]
    s["elapsed_steps"] = 0
    s["to_move"] = 0
    reset(s, p)
    for v in range(num_views(masks[i])):
        invalid[i][v] = False
    fill(rewards[i], 0.0)
    terminated[i] = False
    truncated[i] = False
    started[i] = True
    acting[i] = look(s, p, False, False, observations[i], masks[i], full)
    return 0


@rule
def check_row(
    states: Any, parameters: Any, actions: Any, masks: Any, heads: Any, scratch: Any, invalid: Any,
    invalid_counts: Any, resting: Any, i: int, view: int,
) -> int:  # fmt: skip
    """Mark and count the invalid actions of one view, or of all where `view` is -1; returns how many.

    Actions in rows that are `resting` (N,) are not looked at.
    """
    s, p, found = states[i], parameters[0], 0
    for v in range(num_views(masks[i])):
        if resting[i]:
            invalid[i][v] = False
        elif view < 0 or v == view:
            bad = not is_legal(s, p, acting_agent(s, v), masks[i][v], actions[i][v], heads, scratch[i])
            invalid[i][v] = bad
            if bad:
                found += 1
    if found > 0:
        invalid_counts[i] += found
    return found


@rule
def pick_row(
    states: Any, parameters: Any, masks: Any, heads: Any, draws: Any, scratch: Any, prefixes: Any, actions: Any,
    i: int, view: int,
) -> int:  # fmt: skip
    """Draw a legal action of one view."""
    s, p = states[i], parameters[0]
    pick_action(s, p, masks[i], heads, draws[i], scratch[i], prefixes[i], actions[i], view)
    return 0


@rule
def step_row(
    states: Any, parameters: Any, actions: Any, invalid: Any, on_invalid: int, invalid_reward: float, time_limit: int,
    observations: Any, masks: Any, full: Any, heads: Any, draws: Any, scratch: Any, prefixes: Any, rewards: Any,
    terminated: Any, truncated: Any, acting: Any, i: int,
) -> int:  # fmt: skip
    """Carry out the checked actions; `rewards` are zero before. `time_limit` below 1 means none."""
    s, p = states[i], parameters[0]
    mover, some_invalid, refused = 0, False, False
    if on_invalid != RAISE:  # with RAISE no invalid action gets here
        for v in range(num_views(masks[i])):
            if invalid[i][v]:
                mover, some_invalid = acting_agent(s, 0), True
                if on_invalid == RESAMPLE:
                    pick_action(s, p, masks[i], heads, draws[i], scratch[i], prefixes[i], actions[i], v)
                else:
                    refused = True
    ended = on_invalid == TERMINATE
    if not refused:
        ended = advance(s, p, actions[i], rewards[i])
    if some_invalid:
        for v in range(num_views(masks[i])):
            if invalid[i][v]:
                rewards[i][mover + v] += invalid_reward
    s["elapsed_steps"] += 1
    terminated[i] = ended
    truncated[i] = 0 < time_limit <= s["elapsed_steps"] and not ended
    acting[i] = look(s, p, ended, True, observations[i], masks[i], full)
    return 0


@rule
def advance_row(
    states: Any, parameters: Any, actions: Any, invalid: Any, on_invalid: int, invalid_reward: float, time_limit: int,
    masks: Any, full: Any, heads: Any, draws: Any, scratch: Any, prefixes: Any, terminated: Any, truncated: Any,
    started: Any, acting: Any, resting: Any, new_observations: Any, new_rewards: Any, earned: Any, i: int,
) -> int:  # fmt: skip
    """`reset_row` where `resting` (N,) says so, else `step_row`: a step of a vector environment in one launch.

    What it is given takes the place of the engine's observations (N, V, ...) and rewards (N, A), these zero before;
    `earned` (N,) gets what the agent of the first view earned.
    """
    if resting[i]:
        earned[i] = 0.0
        return reset_row(
            states, parameters, new_observations, masks, full, invalid, new_rewards, terminated, truncated, started,
            acting, i,
        )  # fmt: skip
    mover = acting_agent(states[i], 0)
    done = step_row(
        states, parameters, actions, invalid, on_invalid, invalid_reward, time_limit, new_observations, masks, full,
        heads, draws, scratch, prefixes, new_rewards, terminated, truncated, acting, i,
    )  # fmt: skip
    earned[i] = new_rewards[i][mover]
    return done


@rule
def leave_row(
    states: Any, parameters: Any, masks: Any, full: Any, terminated: Any, truncated: Any, left: Any, i: int,
    followed: int,
) -> int:  # fmt: skip
    """Note which agents have left (A,). Where the agent `followed` has, the episode ends; -1 follows none."""
    s, p = states[i], parameters[0]
    for agent in range(len(left[i])):
        left[i][agent] = has_left(s, p, agent)
    if followed >= 0 and left[i][followed] and not terminated[i]:
        terminated[i] = True
        truncated[i] = False
        for v in range(num_views(masks[i])):
            allow_all(masks[i][v], full[0])
    return 0


ROW_BODIES = (look_row, reset_row, check_row, pick_row, step_row, advance_row)
LEAVING_BODIES = (*ROW_BODIES, leave_row)  # of a game with the rule `has_left`
