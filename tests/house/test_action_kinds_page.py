"""docs/action_kinds.md: who takes which kind of mask, held against the code."""

from pathlib import Path

import numpy as np
import pytest

from masked_envs import MaskSpec
from masked_envs.mask_spec.dialects import dialect

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "action_kinds.md").read_text(encoding="utf-8")
ROWS = PAGE.partition("<!-- takers:start -->")[2].partition("<!-- takers:end -->")[0].strip().splitlines()
HEAD, _, *BODY = [[cell.strip() for cell in row.strip("|").split("|")] for row in ROWS]
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


def test_the_table_has_every_kind_once():
    assert [row[0] for row in BODY] == list(SPECS)
    assert HEAD[1:] == ["masked_envs.torch", "RLlib (`masked_envs.rllib`)", "sb3-contrib", "TorchRL", "Tianshou"]


@pytest.mark.parametrize("row", BODY, ids=[row[0] for row in BODY])
def test_dialects_are_as_the_table_says(row):
    for library, answer in zip(("sb3", "torchrl", "tianshou"), row[3:], strict=True):
        assert (row[0] in dialect(library).codecs) == (answer in ("yes", "two heads"))


@pytest.mark.parametrize("row", BODY, ids=[row[0] for row in BODY])
def test_distributions_are_as_the_table_says(row):
    torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch")
    from masked_envs.torch import distribution_for, num_logits

    spec = SPECS[row[0]]
    assert row[1] == "yes"
    action = distribution_for(spec, torch.zeros(num_logits(spec)), spec.full()).sample()
    as_numpy = {k: v.numpy() for k, v in action.items()} if isinstance(action, dict) else action.numpy()
    assert spec.allows(spec.full(), as_numpy[()] if spec.kind in ("flat", "candidates") else as_numpy)
    if row[0] == "conditional":
        whole = np.ones(THREE.nvec, np.int8)
        assert distribution_for(THREE, torch.zeros(num_logits(THREE)), whole).sample().shape == (3,)


@pytest.mark.parametrize("row", BODY, ids=[row[0] for row in BODY])
def test_rllib_is_as_the_table_says(row):
    pytest.importorskip("ray", reason="masked_envs.rllib needs ray[rllib]")
    import gymnasium as gym

    from masked_envs.rllib.features import mask_spec_of

    def spaces_of(spec):
        observed = {"observation": gym.spaces.Box(0, 1, (1,)), "action_mask": spec.space}
        if spec.kind == "candidates":
            observed["action_embeddings"] = gym.spaces.Box(0, 1, (3, 2))
        return gym.spaces.Dict(observed), spec.action_space

    spec = SPECS[row[0]]
    assert row[2] in ("yes", "two heads")
    found = mask_spec_of(*spaces_of(spec))
    assert found.space == spec.space and found.action_space == spec.action_space
    if row[2] == "two heads":
        with pytest.raises(ValueError, match=r"masked_envs\.wrappers"):
            mask_spec_of(*spaces_of(THREE))
