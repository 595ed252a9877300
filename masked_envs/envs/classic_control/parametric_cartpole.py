"""Action-masked CartPole whose actions are known only by their embeddings: parametric actions.

Description
    The pole of MaskedCartPole, but the number of an action says nothing about it. Each of `num_actions` candidates
    pushes left or right. Which of them does what is drawn again in every episode, and can be read only from the
    candidate's row of `action_embeddings`. Candidates that are not legal have directions and embeddings too, so reading
    the embedding does not replace the mask. An agent solves it by scoring candidates, as recommender systems and
    dispatchers do.

Action space
    `Discrete(num_actions)`.

    | action | meaning |
    |---|---|
    | k | take candidate k, which pushes with -10 N or +10 N for 0.02 s |

Mask
    Kind candidates, meaning legal: int8 (num_actions,) with exactly `num_available` ones, at least one of each
    direction. Each candidate stands for one action of MaskedCartPole, whose even actions push left and whose odd ones
    push right; `availability` sets when the legal ones among those are drawn: "fixed" once from `layout_seed`,
    "episode" at each reset, "step" at each reset and after each step. Which candidate stands for which action changes
    with every episode, so the mask is neither constant (unless all are legal) nor a function of the observation.

Observation
    `Dict` of `observation`, Box (4,) float32, and `action_embeddings`, Box (num_actions, embedding_dim) float32.

    | part | index | meaning | from | to |
    |---|---|---|---|---|
    | `observation` | 0 | cart position (m) | -4.8 | 4.8 |
    |  | 1 | cart velocity (m/s) | -inf | inf |
    |  | 2 | pole angle (rad) | -0.419 | 0.419 |
    |  | 3 | pole angular velocity (rad/s) | -inf | inf |
    | `action_embeddings` | row k | the embedding of candidate k | -(1 + noise) | 1 + noise |

    The embedding of a candidate that pushes left is a corner of the cube [-1, 1]^embedding_dim drawn from
    `layout_seed`, the same in every episode, process and worker; right is the opposite corner. To each component a
    number uniform in [-embedding_noise, embedding_noise) is added, drawn at each reset. The noise is at most 1, so that
    the signs of an embedding always show the direction.

Rewards
    1 for every step, including the last.

Start
    Each of the four numbers uniform in [-0.05, 0.05); the candidates in random order.

Episode end
    Terminated when the cart leaves [-2.4, 2.4] m or the pole leaves [-12, 12] degrees. Truncated after `time_limit`
    steps, 500 by default.

Arguments
    `num_actions`, `num_available`, `availability`, `layout_seed`, `embedding_dim`, `embedding_noise`.
    `num_available` is at most `num_actions`.

References
    The task is that of RLlib's parametric actions example (Liang et al., "RLlib: Abstractions for Distributed
    Reinforcement Learning", ICML 2018), whose two embeddings are drawn anew for every environment; here they stay, so
    that what was learnt holds elsewhere. The physics are those of MaskedCartPole.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box, Dict

from ...core import (
    Declaration,
    Parameter,
    copy_to,
    random_uniform,
    random_word,
    restore_stream,
    rule,
    seed_stream,
    shuffle,
    state_record,
    stream_words,
)
from ...mask_spec import MaskSpec
from .cartpole import (
    AVAILABILITY,
    AVAILABILITY_PARAMETERS,
    OBSERVATION_BOUNDS,
    draw_body,
    fields,
    pushes_right,
    validate,
)
from .cartpole import observe as observe_body
from .cartpole import reset as reset_cartpole
from .cartpole import step as step_cartpole


def state(values):
    candidates, dimensions = values["num_actions"], values["embedding_dim"]
    return state_record(
        **fields(values),
        meanings=(np.int64, (candidates,)),  # the action of MaskedCartPole that each candidate stands for
        embeddings=(np.float32, (candidates, dimensions)),
    )


@rule
def reset(s, p):
    reset_cartpole(s, p)
    deal_meanings(s)
    draw_embeddings(s, p)


@rule
def action_mask(s, p, agent, out):
    available, meanings = s["available"], s["meanings"]
    for candidate in range(out.size):
        out[candidate] = available[meanings[candidate]]


@rule
def step(s, p, candidate, rewards):
    return step_cartpole(s, p, s["meanings"][candidate], rewards)


@rule
def observe(s, p, agent, out):
    observe_body(s, p, agent, out["observation"])
    copy_to(s["embeddings"], out["action_embeddings"])


@rule
def deal_meanings(s):
    meanings = s["meanings"]
    for candidate in range(meanings.size):
        meanings[candidate] = candidate
    shuffle(s["rng"], meanings)


@rule
def draw_embeddings(s, p):
    meanings, embeddings, noise = s["meanings"], s["embeddings"], p["embedding_noise"]
    left = embeddings[embeddings.shape[0] - 1]  # the corner lies where the last embedding will be
    draw_corner(s["rng"], p["layout_seed"], left)
    for candidate in range(meanings.size):
        sign = -1.0 if pushes_right(meanings[candidate]) else 1.0
        for k in range(left.size):
            component = sign * float(left[k])
            if noise > 0.0:
                component += random_uniform(s["rng"], -noise, noise)
            embeddings[candidate, k] = component


@rule
def draw_corner(rng, seed, corner):
    """Write a random corner of the cube [-1, 1]^d, from a stream of its own, the same for the same seed."""
    a, b, c, counter = stream_words(rng)
    seed_stream(rng, seed)
    for k in range(corner.size):
        corner[k] = 1.0 if random_word(rng) % 2 == 1 else -1.0
    restore_stream(rng, a, b, c, counter)


def observation(values):
    furthest = 1.0 + values["embedding_noise"]
    shape = (values["num_actions"], values["embedding_dim"])
    return Dict(
        observation=Box(-OBSERVATION_BOUNDS, OBSERVATION_BOUNDS, dtype=np.float32),
        action_embeddings=Box(-furthest, furthest, shape, np.float32),
    )


# --- picture: the cart and pole, and for each candidate its embedding ----------------------------------------------

MOST_LABELS = 16  # more candidates than this are drawn as a grid without their embeddings


def draw(s, p):
    scene = draw_body(s)
    scene.strip(action_labels(s) if len(s["embeddings"]) <= MOST_LABELS else len(s["embeddings"]), title="candidates")
    return scene


def action_labels(s):
    """The embedding of each candidate, its first two components."""
    return tuple(" ".join(f"{component:+.1f}" for component in row[:2]) for row in s["embeddings"])


ENV = Declaration(
    id="ParametricCartPole-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.candidates(values["num_actions"]),
    observation=observation,
    parameters={
        **AVAILABILITY_PARAMETERS,
        "availability": Parameter("episode", "when it is drawn what is legal", choices=AVAILABILITY),
        "layout_seed": Parameter(
            0, 'seed of the embeddings, and with availability="fixed" of what is legal', low=0, high=2**31 - 1
        ),
        "embedding_dim": Parameter(2, "components of an embedding", low=1, high=2**16),
        "embedding_noise": Parameter(0.0, "half-width of the noise on each component", low=0.0, high=1.0),
    },
    time_limit=500,
    validate=validate,
)
