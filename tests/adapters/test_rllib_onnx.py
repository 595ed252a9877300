"""Policies as ONNX files: the same actions as in torch, for any number of rows, legal along whole episodes."""

import numpy as np
import pytest

pytest.importorskip("ray")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
import onnxruntime
from rllib_policies import FILTERS, make, observations_of, policy_of

from masked_envs import trees
from masked_envs.rllib import MaskedAPPOModule, MaskedDQNModule, MaskedPPOModule
from masked_envs.torch.features import part_at, parts_of

CASES = [
    ("MaskedCartPole-v0", MaskedPPOModule, {}),
    ("MaskedCartPole-v0", MaskedDQNModule, {}),
    ("MaskedCartPole-v0", MaskedPPOModule, {"use_lstm": True, "vf_share_layers": False}),
    ("MaskedCartPole-v0", MaskedDQNModule, {"use_lstm": True, "dueling": False}),
    ("ParametricCartPole-v0", MaskedAPPOModule, {}),
    ("ParametricCartPole-v0", MaskedDQNModule, {"num_atoms": 3}),
    ("ToyPerHead-v0", MaskedPPOModule, {}),
    ("ToyBinary-v0", MaskedPPOModule, {}),
    ("ToyJoint-v0", MaskedPPOModule, {}),
    ("ToyInterval-v0", MaskedPPOModule, {}),
    ("ToyHybrid-v0", MaskedPPOModule, {}),
    ("ShownTuples-v0", MaskedPPOModule, {}),
    ("ShownNested-v0", MaskedPPOModule, {}),
    ("ShownBoth-v0", MaskedPPOModule, FILTERS),
]


LONG = ("ParametricCartPole-v0-MaskedAPPOModule-", "ToyPerHead-v0-MaskedPPOModule-", "ShownTuples-v0-MaskedPPOModule-")
"""Each beside one like it that is not: candidates, several heads, nested observations."""


def cases():
    for env_id, module_class, options in CASES:
        name = f"{env_id}-{module_class.__name__}-{'-'.join(options)}"
        yield pytest.param(env_id, module_class, options, id=name, marks=[pytest.mark.long] * (name in LONG))


@pytest.mark.parametrize(("env_id", "module_class", "options"), cases())
def test_the_file_acts_as_the_policy(env_id, module_class, options, tmp_path):
    policy, path = policy_of(env_id, module_class, options), tmp_path / "policy.onnx"
    names = policy.export_onnx(path)
    assert [file.name for file in tmp_path.iterdir()] == ["policy.onnx"]
    session = onnxruntime.InferenceSession(path)
    assert sorted(names) == sorted(one.name for one in session.get_inputs())
    parts = parts_of(policy.observation_space, whole=True)
    assert {"/".join(map(str, part)) for part in parts} == {n for n in names if not n.startswith("state_in")}
    outputs = [one.name for one in session.get_outputs()]
    states = {
        one.name: np.zeros((1, *one.shape[1:]), np.float32) for one in session.get_inputs() if "state_in" in one.name
    }
    for observation in observations_of(env_id, 8):
        feed = {"/".join(map(str, p)): np.asarray(part_at(observation, p))[None] for p in parts}
        found = dict(zip(outputs, session.run(None, {**feed, **states}), strict=True))
        states = {name: found[name.replace("state_in", "state_out")] for name in states}
        expected = trees.leaves(policy.act(observation))
        actions = [found[name][0] for name in outputs if name.partition("/")[0] == "action"]
        assert len(actions) == len(expected)
        for one, other in zip(actions, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)
    rows = [trees.map(np.asarray, row) for row in observations_of(env_id, 3, seed=5)]
    batch = trees.stack(rows)
    policy.reset()
    expected = trees.leaves(policy.act(batch))
    feed = {"/".join(map(str, p)): part_at(batch, p) for p in parts}
    states = {name: np.zeros((3, *value.shape[1:]), np.float32) for name, value in states.items()}
    found = dict(zip(outputs, session.run(None, {**feed, **states}), strict=True))
    for one, other in zip([found[n] for n in outputs if n.partition("/")[0] == "action"], expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("mask_actions", [True, False])
def test_the_mask_is_an_input_that_decides(mask_actions, tmp_path):
    """Along episodes; without the mask in the module, its negative control, some of the actions are invalid."""
    policy = policy_of("MaskedCartPole-v0", options={"mask_actions": mask_actions})
    policy.export_onnx(tmp_path / "policy.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "policy.onnx")
    env = make("MaskedCartPole-v0")
    observation, _ = env.reset(seed=0)
    for _ in range(60):
        feed = {one.name: observation[one.name][None] for one in session.get_inputs()}
        (action,) = session.run(["action"], feed)[0]
        observation, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            observation, _ = env.reset()
    assert (env.unwrapped.invalid_actions == 0) == mask_actions
    if mask_actions:
        for k in range(6):
            only = np.eye(6, dtype=np.int8)[k : k + 1]
            assert (
                session.run(["action"], {"observation": observation["observation"][None], "action_mask": only})[0] == k
            )


def test_missing_libraries_are_named(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ImportError, match=r"onnxscript.*pip install 'masked-envs\[onnx\]'"):
        policy_of("MaskedCartPole-v0").export_onnx(tmp_path / "policy.onnx")
