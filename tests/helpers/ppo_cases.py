"""What the tests of the torch agent share: small runs, and the bytes they end in."""

from __future__ import annotations

import torch

from agents.ppo_torch import Config, Learner
from agents.ppo_torch.environments import positions

TINY = {"num_envs": 8, "num_steps": 8, "epochs": 2, "minibatches": 2, "hidden": 16, "total_decisions": 1000}
CARTPOLE = Config(**TINY, env_args={"num_actions": 12, "num_available": 4, "availability": "step"})
FACES = {
    "cartpole": CARTPOLE,
    "candidates": Config(**TINY, env="ParametricCartPole-v0", env_args={"num_actions": 7}),
    "taxi": Config(**TINY, env="MaskedTaxi-v0"),
    "self-play": Config(**TINY, env="MaskedConnectFour-v0"),
    "one seat": Config(**TINY, env="MaskedConnectFour-v0", env_args={"opponent": "random"}),
    "simultaneous": Config(**TINY, env="MaskedWarehouse-v0"),
}


def bytes_of(learner):
    """All that was learnt, and all that the rest of the run depends on, as comparable values."""
    moments = learner.optimiser.state_dict()["state"]
    return (
        {name: weight.numpy().tobytes() for name, weight in learner.policy.state_dict().items()},
        {(i, name): moment.numpy().tobytes() for i, state in moments.items() for name, moment in state.items()},
        repr(positions(learner.envs)),
        torch.get_rng_state().numpy().tobytes(),
        (learner.iteration, learner.decisions, learner.count, learner.history, learner.episode_return.tolist()),
    )


def after(config, iterations):
    learner = Learner(config)
    for _ in range(iterations):
        learner.iterate()
    return learner
