"""What the training libraries make of a converted mask: each of their own samplers can choose the legal actions only.

A library's answer is a set of actions, and what it is compared with is plain enumeration (tests/mask_oracle.py).
Every comparison has its negative control: the same library, given a mask that is wrong, must answer otherwise.
"""

import numpy as np
import pytest
from mask_oracle import LEAVES, SPECS, actions_of, batch_of, hashable, legal_actions, random_mask

from masked_envs.mask_spec import MaskSpec

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(0)


def possible_actions(spec, heads):
    """For each row the actions to which every head, of probabilities (rows, n), gives a positive one."""

    def is_possible(row, action):
        digits = action if isinstance(action, tuple) else (action,)
        return all(head[row, digit] > 0 for head, digit in zip(heads, digits, strict=True))

    return [{action for action in actions_of(spec) if is_possible(row, action)} for row in range(len(heads[0]))]


def sb3_choices(spec, masks):
    """The support of the distribution that MaskablePPO uses."""
    distributions = pytest.importorskip("sb3_contrib.common.maskable.distributions")
    choice = distributions.make_masked_proba_distribution(spec.action_space)
    choice.proba_distribution(torch.randn(len(masks), int(spec.heads.sum())))
    choice.apply_masking(masks)
    heads = choice.distributions if hasattr(choice, "distributions") else [choice.distribution]
    return possible_actions(spec, [head.probs for head in heads])


def torchrl_choices(spec, masks):
    """The support of TorchRL's MaskedCategorical, over the combinations of the heads in C order."""
    masked = pytest.importorskip("torchrl.modules").MaskedCategorical
    flat = torch.as_tensor(masks).reshape(len(masks), -1)
    log_probs = masked(logits=torch.randn(flat.shape), mask=flat).logits
    sizes = (spec.n,) if hasattr(spec, "n") else spec.nvec
    return [
        {hashable(np.array(np.unravel_index(i, sizes)).squeeze()) for i in torch.isfinite(row).nonzero()[:, 0].tolist()}
        for row in log_probs
    ]


def tianshou_choices(spec, masks):
    """What DQN's greedy choice, its exploration and the random policy take, over many random values."""
    dqn = pytest.importorskip("tianshou.algorithm.modelfree.dqn")
    random = pytest.importorskip("tianshou.algorithm.random")
    batch = pytest.importorskip("tianshou.data").Batch
    policy = dqn.DiscreteQLearningPolicy(model=torch.nn.Identity(), action_space=spec.action_space, eps_inference=1.0)
    nobody = random.MARLRandomDiscreteMaskedOffPolicyAlgorithm(action_space=spec.action_space).policy
    observed = batch(obs=batch(obs=np.zeros((len(masks), 1)), mask=masks), info=batch())
    found = [set() for _ in masks]
    for _ in range(150):
        values = torch.randn(len(masks), spec.n)
        greedy = policy.compute_q_value(values, masks).argmax(dim=1).numpy()
        explored = policy.add_exploration_noise(greedy.copy(), observed)
        for choices in (greedy, explored, nobody(observed).act):
            for row, choice in enumerate(choices):
                found[row].add(int(choice))
    return found


def rllib_choices(spec, masks):
    """The support under `logits + clamp(log(mask), min=FLOAT_MIN)` (ray/rllib/examples/.../action_masking_rlm.py)."""
    logits = torch.randn(masks.shape) + torch.clamp(torch.log(torch.as_tensor(masks)), min=-3.4e38)
    return possible_actions(spec, [head.softmax(dim=-1) for head in torch.split(logits, spec.heads.tolist(), dim=-1)])


CHOICES = {"sb3": sb3_choices, "torchrl": torchrl_choices, "tianshou": tianshou_choices, "rllib": rllib_choices}
KINDS = {
    "sb3": ["flat", "candidates", "per_head", "binary"],
    "torchrl": ["flat", "candidates", "per_head", "joint", "joint of three", "conditional"],
    "tianshou": ["flat", "candidates"],
    "rllib": ["flat", "candidates", "per_head"],
}
each = pytest.mark.parametrize(("dialect", "name"), [(dialect, name) for dialect in KINDS for name in KINDS[dialect]])


@each
def test_the_library_chooses_the_legal_actions_and_no_other(dialect, name):
    spec = LEAVES[name]
    masks = [random_mask(spec, RNG, density) for density in (0.3, 0.5, 0.7, 0.9, 1.0)]
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002  tianshou draws from it
    written = spec.convert(batch_of(masks), to=dialect)
    legal = [set(legal_actions(spec, mask)) for mask in masks]
    assert CHOICES[dialect](spec, written) == legal
    one_by_one = [CHOICES[dialect](spec, spec.convert(mask, to=dialect)[None])[0] for mask in masks]
    assert one_by_one == legal


LOPSIDED = {
    "flat": [1, 0, 1, 1],
    "candidates": [1, 0, 1, 1, 1],
    "per_head": [1, 0, 1, 0, 1, 1],
    "joint": [[1, 0, 0], [0, 1, 1]],
    "joint of three": [[[1, 0]], [[1, 1]]],
    "conditional": [[1, 0], [1, 1], [0, 0]],
    "binary": [[1, 0], [0, 1], [1, 1]],
}
MISTAKES = {
    "inverted": lambda mask: (mask == 0).astype(mask.dtype),
    "shifted": lambda mask: np.roll(mask, 1),
    "transposed": lambda mask: mask.T.reshape(mask.shape) if mask.ndim > 1 else mask[::-1].copy(),
    "forgotten": np.ones_like,
}


@each
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_mask_makes_the_library_choose_otherwise(dialect, name, mistake):
    """The negative control of the test above."""
    spec, mask = LEAVES[name], np.array(LOPSIDED[name], np.int8)
    wrong = MISTAKES[mistake](spec.convert(mask, to=dialect))
    torch.manual_seed(0)
    try:
        choices = CHOICES[dialect](spec, wrong[None])
    except ValueError:  # torch refuses a head without any choice
        choices = None
    assert choices != [set(legal_actions(spec, mask))]


@pytest.mark.parametrize("name", ["flat", "joint"])
@pytest.mark.parametrize("categorical", [True, False])
def test_the_action_mask_transform_of_torchrl_keeps_a_random_policy_legal(name, categorical):
    torchrl = pytest.importorskip("torchrl.envs")
    spec, steps, refused = SPECS[name], 60, []
    env = _gymnasium_env(spec, refused)
    wrapped = torchrl.GymWrapper(env, categorical_action_encoding=categorical)
    torch.manual_seed(0)
    torchrl.TransformedEnv(wrapped, torchrl.ActionMask()).rollout(steps)
    assert refused == [False] * steps
    torchrl.GymWrapper(env, categorical_action_encoding=categorical).rollout(steps)
    assert sum(refused) > 0, "the negative control: without the transform"


def _gymnasium_env(spec, refused):
    """Random masks in TorchRL's form, and in `refused` whether each action was illegal."""
    import gymnasium as gym

    class Env(gym.Env):
        action_space = spec.action_space
        observation_space = gym.spaces.Dict(
            observation=gym.spaces.Box(0, 1, (1,)), action_mask=gym.spaces.Box(0, 1, spec.shape, np.bool_)
        )

        def look(self):
            self.mask = random_mask(spec, RNG)
            return {"observation": np.zeros(1, np.float32), "action_mask": spec.convert(self.mask, to="torchrl")}

        def reset(self, *, seed=None, options=None):
            return self.look(), {}

        def step(self, action):
            if spec.kind == "joint":  # TorchRL numbers the combinations
                action = np.array(np.unravel_index(int(action), spec.nvec))
            refused.append(not spec.allows(self.mask, action))
            return self.look(), 0.0, False, False, {}

    return Env()


@pytest.mark.parametrize("dialect", ["torchrl", "sb3"])
def test_a_tensor_of_theirs_is_parsed_too(dialect):
    spec = MaskSpec.per_head([2, 3])
    mask = np.array([1, 1, 0, 1, 1], np.int8)
    tensor = torch.as_tensor(spec.convert(mask, to=dialect))
    assert np.array_equal(spec.parse(tensor, from_=dialect), mask)
    with pytest.raises(ValueError, match="expected an array of shape .* and dtype bool, got Tensor of shape"):
        spec.parse(tensor.float(), from_=dialect)
