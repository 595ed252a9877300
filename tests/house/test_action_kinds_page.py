"""docs/action_kinds.md: who takes which kind of mask, held against the code."""

import numpy as np
import pytest

from masked_envs import MaskSpec
from masked_envs.mask_spec import KINDS as MASK_KINDS
from tests.adapters.contract import KINDS, NO, PLAYS, YES, columns

SPECS = {
    "flat": MaskSpec.flat(3),
    "candidates": MaskSpec.candidates(3),
    "per_head": MaskSpec.per_head([2, 3]),
    "joint": MaskSpec.joint([2, 3]),
    "conditional": MaskSpec.conditional([2, 3]),
    "binary": MaskSpec.binary(2),
    "interval": MaskSpec.interval([0.0], [1.0]),
    "dict": MaskSpec.dict({"a": MaskSpec.flat(2), "b": MaskSpec.interval([0.0], [1.0])}),
}
THREE = MaskSpec.conditional([2, 3, 2])


def test_the_table_has_every_kind():
    assert {kind.partition(",")[0] for kind in KINDS} == set(SPECS) == set(MASK_KINDS)
    for column in columns().values():
        assert set(column.kinds) == set(KINDS) and set(column.plays) == set(PLAYS)


@pytest.mark.parametrize("kind", SPECS)
def test_distributions_are_as_the_table_says(kind):
    torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch")
    from masked_envs.torch import distribution_for, num_logits

    spec = SPECS[kind]
    assert set(columns()["torch"].kinds.values()) == {YES}
    action = distribution_for(spec, torch.zeros(num_logits(spec)), spec.full()).sample()
    as_numpy = {k: v.numpy() for k, v in action.items()} if isinstance(action, dict) else action.numpy()
    assert spec.allows(spec.full(), as_numpy[()] if spec.kind in ("flat", "candidates") else as_numpy)
    if kind == "conditional":
        whole = np.ones(THREE.nvec, np.int8)
        assert distribution_for(THREE, torch.zeros(num_logits(THREE)), whole).sample().shape == (3,)


@pytest.mark.parametrize("kind", SPECS)
def test_rllib_is_as_the_table_says(kind):
    pytest.importorskip("ray", reason="masked_envs.rllib needs ray[rllib]")
    import gymnasium as gym

    from masked_envs.rllib.features import mask_spec_of

    def spaces_of(spec):
        observed = {"observation": gym.spaces.Box(0, 1, (1,)), "action_mask": spec.space}
        if spec.kind == "candidates":
            observed["action_embeddings"] = gym.spaces.Box(0, 1, (3, 2))
        return gym.spaces.Dict(observed), spec.action_space

    spec, served = SPECS[kind], columns()["rllib"].kinds
    assert all(served[name] == (NO if name == "conditional, more" else YES) for name in KINDS)
    found = mask_spec_of(*spaces_of(spec))
    assert found.space == spec.space and found.action_space == spec.action_space
    if kind == "conditional":
        with pytest.raises(ValueError, match=r"masked_envs\.wrappers"):
            mask_spec_of(*spaces_of(THREE))
