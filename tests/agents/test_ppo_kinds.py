"""The reference agent on every environment and on every kind of mask: it learns from what it acted under, legally."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")

from gymnasium.vector import AutoresetMode  # noqa: E402
from ppo_cases import TINY, Config, Learner, after, bytes_of  # noqa: E402
from surfaces import ONE_OF_EACH_PLAY, some_and_long  # noqa: E402
from toys import binary, conditional_three, conditional_two, hybrid, hybrid_tuple, interval, joint, per_head  # noqa: E402

from agents.ppo_torch import checkpoint, environments, evaluation, train  # noqa: E402
from masked_envs.api.vector_env import MaskedVectorEnv  # noqa: E402
from masked_envs.catalogue import CATALOGUE  # noqa: E402

TOYS = {
    toy.ENV.id: toy
    for toy in (binary, conditional_three, conditional_two, hybrid, hybrid_tuple, interval, joint, per_head)
}


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """Lets the agent make toys too, which are in no catalogue."""
    made = environments.make_envs

    def make_envs(config, num_envs, **overrides):
        if config.env not in TOYS:
            return made(config, num_envs, **overrides)
        return MaskedVectorEnv(
            TOYS[config.env].ENV, num_envs, mask_in="info", on_invalid="noop", autoreset_mode=AutoresetMode.NEXT_STEP
        )

    monkeypatch.setattr(environments, "make_envs", make_envs)


@pytest.mark.parametrize(
    "env_id", some_and_long([*TOYS, *ONE_OF_EACH_PLAY], [i for i in CATALOGUE if i not in ONE_OF_EACH_PLAY])
)
def test_every_environment_is_played_legally_and_learnt_from_as_it_was_played(env_id):
    config = Config(**TINY | {"total_decisions": 300}, env=env_id)
    learner = Learner(config)
    while not learner.finished:
        metrics = learner.iterate()
        assert metrics["first_ratio_error"] < 1e-4 and metrics["first_kl"] < 1e-5
        assert all(np.isfinite(value) for value in metrics.values())
    assert learner.count.decisions >= 300 and learner.count.invalid == 0
    for greedy in (True, False):
        _, count = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=greedy, episodes=4)
        assert count.decisions > 0 == count.invalid
    assert evaluation.negative_control(learner.encoder, config) > 0


@pytest.mark.parametrize("env_id", [hybrid.ENV.id, hybrid_tuple.ENV.id, interval.ENV.id])
def test_a_run_of_structured_actions_resumes_to_the_same_bytes(env_id, tmp_path):
    config = Config(**TINY, env=env_id)
    whole = bytes_of(after(config, 4))
    checkpoint.save_checkpoint(tmp_path, after(config, 2).state())
    resumed = Learner(config)
    resumed.restore(checkpoint.load_checkpoint(tmp_path))
    for _ in range(2):
        resumed.iterate()
    assert bytes_of(resumed) == whole
    assert bytes_of(after(config, 3)) != whole


def test_the_agent_learns_powers_and_gears_together():
    """The best play of the hybrid toy takes gear 2 or 1, flag 1, most of the first power and none of the second."""
    config = Config(env=hybrid.ENV.id, num_envs=32, num_steps=32, minibatches=4, total_decisions=30_000, gamma=0.9)
    learner = Learner(config)
    before, _ = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=False)
    train(learner)
    after_training, count = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=True)
    assert after_training.mean() > before.mean() + 8 and count.invalid == 0
