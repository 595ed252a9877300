"""RLlib modules over hand-made batches, and toy environments under Gymnasium ids."""

import gymnasium as gym
import numpy as np
import torch
import tree
from gymnasium import spaces
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from toys import binary, conditional_two, hybrid, hybrid_tuple, interval, joint, per_head

from masked_envs.api.gymnasium_env import MaskedEnv
from masked_envs.api.vector_env import MaskedVectorEnv
from masked_envs.rllib import MaskedAPPOModule, MaskedDQNModule, MaskedPPOModule
from masked_envs.rllib.ray_internals.catalogs import MaskedDQNCatalog, MaskedPPOCatalog

NVEC, BITS, ACTIONS, EMBEDDING = (3, 4), 4, 5, 3
ACTION_SPACES = {
    "flat": spaces.Discrete(ACTIONS),
    "learned": spaces.Discrete(ACTIONS),
    "candidates": spaces.Discrete(ACTIONS),
    "per_head": spaces.MultiDiscrete(NVEC),
    "binary": spaces.MultiBinary(BITS),
}
MASK_SHAPES = {"per_head": (sum(NVEC),), "binary": (BITS, 2)}
CATALOGS = {MaskedPPOModule: MaskedPPOCatalog, MaskedAPPOModule: MaskedPPOCatalog, MaskedDQNModule: MaskedDQNCatalog}
# What DQNConfig adds by itself to the model config of its modules.
DQN_MODEL = {"dueling": True, "double_q": True, "num_atoms": 1, "v_min": -10.0, "v_max": 10.0, "epsilon": 1.0}
SMALL = {"fcnet_hiddens": [16], "lstm_cell_size": 8, "max_seq_len": 4}

TOYS = {
    "ToyPerHead-v0": per_head,
    "ToyBinary-v0": binary,
    "ToyJoint-v0": joint,
    "ToyConditionalTwo-v0": conditional_two,
    "ToyInterval-v0": interval,
    "ToyHybrid-v0": hybrid,
    "ToyHybridTuple-v0": hybrid_tuple,
}
for _name, _toy in TOYS.items():
    if _name not in gym.registry:
        gym.register(
            _name,
            entry_point=lambda _toy=_toy, **arguments: MaskedEnv(_toy.ENV, **arguments),
            vector_entry_point=lambda num_envs, _toy=_toy, **kw: MaskedVectorEnv(_toy.ENV, num_envs, **kw),
            order_enforce=False,
            disable_env_checker=True,
        )


def observation_space(kind):
    parts = {
        "observation": spaces.Box(-1, 1, (6,), np.float32),
        "action_mask": spaces.Box(0, 1, MASK_SHAPES.get(kind, (ACTIONS,)), np.int8),
    }
    if kind == "candidates":
        parts["action_embeddings"] = spaces.Box(-1, 1, (ACTIONS, EMBEDDING), np.float32)
    return spaces.Dict(parts)


def build(module_class, kind="flat", inference_only=False, **model_config):
    torch.manual_seed(0)
    learned = {"learned_action_embeddings": True, "action_key_size": 7} if kind == "learned" else {}
    dqn = DQN_MODEL if module_class is MaskedDQNModule else {}
    module = RLModuleSpec(
        module_class=module_class,
        catalog_class=CATALOGS[module_class],
        observation_space=observation_space(kind),
        action_space=ACTION_SPACES[kind],
        model_config={"vf_share_layers": True, **SMALL, **dqn, **learned, **model_config},
        inference_only=inference_only,
    ).build()
    if hasattr(module, "make_target_networks") and not inference_only:
        module.make_target_networks()
    return module


def random_mask(kind, *batch):
    """Int8; every choice has something legal."""
    sizes = NVEC if kind == "per_head" else (2,) * BITS if kind == "binary" else (ACTIONS,)
    parts = [
        (torch.rand(*batch, n) < 0.5).scatter(-1, torch.randint(n, (*batch, 1)), True).to(torch.int8) for n in sizes
    ]
    return torch.stack(parts, -2) if kind == "binary" else torch.cat(parts, -1)


def random_batch(kind, *batch, mask=None):
    torch.manual_seed(1)
    observations = {
        "observation": torch.rand(*batch, 6) * 2 - 1,
        "action_mask": random_mask(kind, *batch) if mask is None else mask,
    }
    if kind == "candidates":
        observations["action_embeddings"] = torch.rand(*batch, ACTIONS, EMBEDDING) * 2 - 1
    return {Columns.OBS: observations}


def legal_entries(batch):
    """Bool (batch, choices): the mask as it was put in, a pair per bit laid out in a row."""
    mask = batch[Columns.OBS]["action_mask"].bool()
    return mask.flatten(-2) if mask.shape[-2:] == (BITS, 2) else mask


def with_state(module, batch, rows):
    """The batch with the encoder's initial state, (rows, layers, cells) in each part."""
    repeat = lambda part: torch.as_tensor(part).expand(rows, *part.shape)  # noqa: E731
    return {**batch, Columns.STATE_IN: tree.map_structure(repeat, module.get_initial_state())}
