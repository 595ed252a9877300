"""Action-masked combination lock: exactly one action is legal in every step.

Description
    A lock asks for one random digit after another, and the mask allows that digit alone. There is nothing to decide: a
    correct policy gradient is exactly 0, the entropy is 0, and the log-probability of every action taken is 0. Learners
    that divide by the entropy, or normalise over the only legal action, fail here.

Action space
    `Discrete(num_actions)`.

    | action | meaning |
    |---|---|
    | k, 0 to num_actions - 1 | enter digit k |

Mask
    Kind flat, meaning legal: int8 (num_actions,), with a single 1 at the digit that the lock asks for. It is a function
    of the observation.

Observation
    `Discrete(num_actions)`: the digit that the lock asks for.

Rewards
    1 for each step.

Start
    A uniformly random digit, as in every step.

Episode end
    Terminated after `num_steps` steps. Never truncated, unless `time_limit` is set.

Arguments
    `num_actions`, `num_steps`.

References
    None: the environment is of this package's own making.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Discrete

from ...core import Declaration, Parameter, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene


def state(values):
    return state_record(digit=np.int64, steps=np.int64)


@rule
def reset(s, p):
    s["digit"] = random_below(s["rng"], p["num_actions"])
    s["steps"] = 0


@rule
def action_mask(s, p, agent, out):
    fill(out, 0)
    out[s["digit"]] = 1


@rule
def step(s, p, digit, rewards):
    rewards[0] += 1.0
    s["digit"] = random_below(s["rng"], p["num_actions"])
    s["steps"] += 1
    return s["steps"] >= p["num_steps"]


@rule
def observe(s, p, agent, out):
    out[0] = s["digit"]


# --- picture: one unit a digit, below the steps that are left ---------------------------------------------------------


def draw(s, p):
    digits = p["num_actions"]
    scene = Scene(digits, 2)
    done = min(int(s["steps"]) / p["num_steps"], 1.0)
    scene.rect(0.05, 1.3, digits - 0.1, 0.4, "track", radius=0.1)
    if done > 0:
        scene.rect(0.05, 1.3, (digits - 0.1) * done, 0.4, "good", radius=0.1)
    for digit in range(digits):
        scene.action(digit, digit + 0.05, 0.05, 0.9, 0.9, f"{digit}")
    scene.glyph_rows = [f"digit {int(s['digit'])}, step {int(s['steps'])} of {p['num_steps']}"]
    return scene


ENV = Declaration(
    id="MaskedLock-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["num_actions"]),
    observation=lambda values: Discrete(values["num_actions"]),
    parameters={
        "num_actions": Parameter(10, "digits of the lock", low=1, high=1000),
        "num_steps": Parameter(20, "steps of an episode", low=1, high=10**6),
    },
)
