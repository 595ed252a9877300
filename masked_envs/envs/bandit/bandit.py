"""Action-masked bandit: of many arms only a few are offered; take the best of them.

Description
    Arm k pays k + 1. In every step a uniformly random set of `num_legal` arms is offered. The observation is constant:
    which arms are offered is in the mask alone. This is the smallest environment in which a policy needs the mask, and
    the best return is known in closed form.

Action space
    `Discrete(num_arms)`: the arm.

    | action | meaning |
    |---|---|
    | k, 0 to num_arms - 1 | take arm k |

Mask
    Kind flat, meaning legal: int8 (num_arms,) with exactly `num_legal` ones, for the arms that are offered. It is not a
    function of the observation, and never empty.

Observation
    `Box (1,) int8`.

    | index | meaning | from | to |
    |---|---|---|---|
    | 0 | always 0 | 0 | 1 |

Rewards
    k + 1 for arm k.

Start
    A uniformly random set of arms, as in every step.

Episode end
    Terminated after `num_steps` steps. Never truncated, unless `time_limit` is set.

Arguments
    `num_arms`, `num_legal`, `num_steps`. `num_legal` is at most `num_arms`.

References
    The best of k random arms of n pays k (n + 1) / (k + 1) on average: the expectation of the largest of k numbers
    drawn from 1 to n without replacement. Bandits whose arms come and go: Kleinberg, Niculescu-Mizil and Sharma,
    "Regret bounds for sleeping experts and bandits", Machine Learning 80, 2010.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, fill, random_subset, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene


def state(values):
    return state_record(offered=(np.int8, (values["num_arms"],)), steps=np.int64)


@rule
def reset(s, p):
    random_subset(s["rng"], p["num_legal"], s["offered"])
    s["steps"] = 0


@rule
def action_mask(s, p, agent, out):
    copy_to(s["offered"], out)


@rule
def step(s, p, arm, rewards):
    rewards[0] += arm + 1.0
    random_subset(s["rng"], p["num_legal"], s["offered"])
    s["steps"] += 1
    return s["steps"] >= p["num_steps"]


@rule
def observe(s, p, agent, out):
    fill(out, 0)


def validate(values):
    if values["num_legal"] > values["num_arms"]:
        raise ValueError(
            f"num_legal={values['num_legal']} is more than there are arms: it must be at most "
            f"num_arms={values['num_arms']}"
        )


# --- picture: one unit an arm, as high as its payoff ------------------------------------------------------------------

HEIGHT = 4.0


def draw(s, p):
    arms = p["num_arms"]
    scene = Scene(arms, HEIGHT)
    for arm in range(arms):
        height = (HEIGHT - 0.4) * (arm + 1) / arms
        scene.rect(arm + 0.1, HEIGHT - height, 0.8, height, f"value_{10 * arm // arms}")
        scene.action(arm, arm + 0.05, 0, 0.9, HEIGHT, style="area", name=f"arm {arm}")
    scene.glyph_rows = ["".join(".#"[offered] for offered in s["offered"])]
    return scene


ENV = Declaration(
    id="MaskedBandit-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["num_arms"]),
    observation=lambda values: Box(0, 1, (1,), np.int8),
    parameters={
        "num_arms": Parameter(10, "arms", low=1, high=1000),
        "num_legal": Parameter(3, "arms offered in a step", low=1, high=1000),
        "num_steps": Parameter(20, "steps of an episode", low=1, high=10**6),
    },
    validate=validate,
)
