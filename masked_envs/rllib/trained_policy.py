"""A trained policy out of a checkpoint: to play, to serve and to export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from ray.rllib.connectors.module_to_env import GetActions
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.rl_module import RLModule
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.numpy import convert_to_numpy
from ray.tune import Checkpoint

from .. import trees
from ..mask_spec import MaskSpec
from ..mask_spec.checks import shown
from .features import mask_spec_of

FOLDERS = ("", "rl_module", "learner/rl_module", "learner_group/learner/rl_module", "env_runner/rl_module")
"""Where the modules are in a checkpoint of modules, an env runner, a learner, a learner group, an algorithm."""

END_OF_SCHEDULES = 2**53
"""A number of steps after which exploration no longer changes."""


def load(checkpoint: str | os.PathLike[str] | Checkpoint, policy: str | None = None) -> TrainedPolicy:
    """The policy in a checkpoint of RLlib, without its algorithm: no environment, no worker, no Ray is started.

    A checkpoint contains pickles, and loading a pickle can execute arbitrary code: load only files you trust.

    Args:
        checkpoint: a folder that `Algorithm.save_to_path` or Tune wrote, one of a module within it, a URI of one, or
            Ray's `Checkpoint`, such as `result.checkpoint`.
        policy: which one, where there are several (a game under policies of its own).

    Raises:
        FileNotFoundError: no module there; the message names the checkpoints below the folder, if any.
        ValueError: several policies and no name, a name that is not among them, or a module that sees no mask.
    """
    if not isinstance(checkpoint, Checkpoint):
        place = os.fspath(checkpoint)
        checkpoint = Checkpoint(place if "://" in place else os.path.abspath(place))
    with checkpoint.as_directory() as folder:
        found = _modules_in(Path(folder))
        if policy is None and len(found) > 1:
            raise ValueError(f"{folder} has the policies {sorted(found)}: load(checkpoint, policy=NAME) takes one")
        if policy is not None and policy not in found:
            raise ValueError(f"{folder} has no policy {shown(policy)}, but {sorted(found)}")
        module = RLModule.from_checkpoint(found[policy] if policy is not None else next(iter(found.values())))
    return TrainedPolicy(module)


def _modules_in(folder: Path) -> dict[str, Path]:
    """The folder of each module of a checkpoint, by its name."""
    file = RLModule.CLASS_AND_CTOR_ARGS_FILE_NAME
    for below in FOLDERS:
        place = folder / below
        found = {path.parent.name: path.parent for path in sorted(place.glob(f"*/{file}"))}
        inside = {name: path for name, path in found.items() if _is_module(path)}
        if inside:
            return inside
        if _is_module(place):
            return {place.name: place}
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    others = sorted({str(path.relative_to(folder)) for path in folder.glob("**/checkpoint_*") if path.is_dir()})
    hint = f"; there are checkpoints below it: {', '.join(others[-5:])}" if others else ""
    raise FileNotFoundError(
        f"{folder} holds no module of RLlib: expected a checkpoint of an algorithm, with "
        f"learner_group/learner/rl_module in it, or of a module{hint}"
    )


def _is_module(folder: Path) -> bool:
    return (folder / RLModule.CLASS_AND_CTOR_ARGS_FILE_NAME).is_file() and any(
        folder.glob(f"{RLModule.STATE_FILE_NAME}*")
    )


class TrainedPolicy:
    """Acts for a masked module of RLlib, one observation at a time or many.

        policy = load("checkpoints/run")
        action = policy.act(observation)

    A policy with an LSTM keeps its state from one call to the next: call `reset` when an episode begins.

    Args:
        module: a masked module, such as `algorithm.get_module()`. It is used as it is, not copied.

    Attributes:
        module: the same.
        observation_space, action_space: of one observation and one action.
        mask_spec: the `MaskSpec` of the mask in its observations.
        state: of an LSTM, a dict of arrays (rows, layers, cells), or None at the start of an episode. Keep one per
            client where one policy serves several, and set it before each call.

    Raises:
        ValueError: a module that sees no mask.
    """

    def __init__(self, module: Any) -> None:
        self.module = module.unwrapped()
        if not hasattr(self.module, "scores") and not hasattr(self.module, "mask_spec"):
            raise ValueError(
                f"{type(self.module).__name__} is no masked module, so its actions may be illegal: train it with "
                "masked_envs.rllib.configure"
            )
        self.observation_space, self.action_space = self.module.observation_space, self.module.action_space
        self.mask_spec: MaskSpec = mask_spec_of(self.observation_space, self.action_space)
        self.state: Any = None
        self._choose = GetActions()
        self.module.eval()

    @property
    def is_stateful(self) -> bool:
        """Whether the policy has an LSTM."""
        return bool(self.module.is_stateful())

    def reset(self, rows: npt.NDArray[np.bool_] | None = None) -> None:
        """Clear the state: of everything, or of some rows of a batch whose episodes begin again.

        Args:
            rows: bool (rows,).
        """
        if rows is None or self.state is None:
            self.state = None
            return
        fresh = self._initial_state(len(np.asarray(rows)))
        self.state = trees.merge(fresh, self.state, np.asarray(rows, np.bool_))

    def act(self, observation: Any, explore: bool = False) -> Any:
        """The action for an observation, or actions for a batch of them; always legal.

        Args:
            observation: of `observation_space`, the mask included; or arrays (rows, ...) of these.
            explore: False for the likeliest action (the largest Q-value); True to draw from the policy (for DQN,
                epsilon-greedy with the epsilon at the end of its schedule), from torch's random stream.

        Returns:
            An action of `action_space`; for a batch, arrays (rows, ...) in its dtypes, nested as it is.

        Raises:
            EmptyMaskError: a mask allows nothing; the message names the row.
            ValueError: an observation of another form; the message says which part.
        """
        return self.decide(observation, explore)[0]

    def decide(self, observation: Any, explore: bool = False) -> tuple[Any, dict[str, Any]]:
        """As `act`, with the module's other outputs: what RLlib's learners need of an episode played elsewhere.

        Returns:
            The action, and a dict of float32 arrays by RLlib's names ("action_dist_inputs", "action_logp", ...), with a
            leading (rows,) for a batch.
        """
        tensors, is_batch = self._tensors(observation)
        rows = len(trees.leaves(tensors)[0])
        batch: dict[str, Any] = {Columns.OBS: tensors}
        if self.is_stateful:
            batch[Columns.OBS] = trees.map(lambda tensor: tensor.unsqueeze(1), tensors)
            batch[Columns.STATE_IN] = self._state_in(rows)
        with torch.no_grad():
            forward = self.module.forward_exploration if explore else self.module.forward_inference
            outputs = forward(batch, **({"t": END_OF_SCHEDULES} if explore else {}))
            outputs = self._choose(
                rl_module=self.module, batch=dict(outputs), episodes=[SingleAgentEpisode()], explore=explore
            )
        outputs = convert_to_numpy(outputs)
        if self.is_stateful:
            self.state = outputs.pop(Columns.STATE_OUT)
            outputs = trees.map(lambda array: array.squeeze(1), outputs)
            outputs[Columns.STATE_OUT] = self.state
        actions = _cast(outputs.pop(Columns.ACTIONS), self.action_space)
        if is_batch:
            return actions, outputs
        return trees.row(actions, 0), trees.row(outputs, 0)

    def export_onnx(self, path: str | os.PathLike[str]) -> list[str]:
        """Write the greedy policy as an ONNX file with the mask among its inputs; see `masked_envs.rllib.onnx`.

        Returns:
            The names of its inputs: the parts of the observation, and of an LSTM its state.
        """
        from .onnx import export

        return export(self, path)

    def _tensors(self, observation: Any) -> tuple[Any, bool]:
        """The observation as tensors (rows, ...) in the dtypes of the space, and whether it was a batch."""
        leads: dict[str, tuple[int, ...]] = {}
        arrays = _fitted(observation, self.observation_space, "", leads)
        if len(set(leads.values())) > 1:
            raise ValueError(f"the parts of the observation have different leading dimensions: {leads}")
        lead = next(iter(leads.values()))
        if len(lead) > 1 or lead == (0,):
            raise ValueError(f"expected one observation or a batch (rows, ...) of them, got leading dimensions {lead}")
        device = next((parameter.device for parameter in self.module.parameters()), torch.device("cpu"))
        to_tensor = lambda array: torch.as_tensor(array if lead else array[None], device=device)  # noqa: E731
        return trees.map(to_tensor, arrays), bool(lead)

    def _initial_state(self, rows: int) -> Any:
        state = convert_to_numpy(self.module.get_initial_state())
        return trees.map(lambda array: np.repeat(array[None], rows, 0), state)

    def _state_in(self, rows: int) -> Any:
        state = self._initial_state(rows) if self.state is None else self.state
        kept = len(trees.leaves(state)[0])
        if kept != rows:
            raise ValueError(
                f"the state is that of {kept} rows, and the observation has {rows}: call reset() when another batch "
                "begins, or set `state`"
            )
        return trees.map(torch.as_tensor, state)


def _fitted(value: Any, space: spaces.Space[Any], name: str, leads: dict[str, tuple[int, ...]]) -> Any:
    """Arrays in the dtypes of the space; their leading dimensions go into `leads`."""
    what = f"the observation{f' {name!r}' if name else ''}"
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        inner: dict[Any, Any] = dict(space.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces))
        try:
            parts = {key: value[key] for key in inner}
        except (KeyError, IndexError, TypeError) as error:
            given = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
            raise ValueError(f"{what} must have the parts {list(inner)}, not {given}") from error
        made = {key: _fitted(part, inner[key], f"{name}/{key}".strip("/"), leads) for key, part in parts.items()}
        return made if isinstance(space, spaces.Dict) else tuple(made.values())
    array, shape, dtype = np.asarray(value), space.shape or (), np.dtype(space.dtype)
    if array.shape[array.ndim - len(shape) :] != shape or array.ndim < len(shape):
        raise ValueError(f"{what} must have shape {shape}, or (rows, *{shape}), not {array.shape}")
    fitted = array.astype(dtype)
    whole = array.dtype.kind in "biu" and np.array_equal(fitted, array)  # such as pixels out of JSON, in int64
    if not (whole or np.can_cast(array.dtype, dtype, "same_kind")):
        raise ValueError(f"{what} must be of dtype {dtype}, not {array.dtype}")
    leads[name] = array.shape[: array.ndim - len(shape)]
    return fitted


def _cast(actions: Any, space: spaces.Space[Any]) -> Any:
    """Actions in the dtypes of their space."""
    if isinstance(space, spaces.Dict):
        return {key: _cast(actions[key], part) for key, part in space.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_cast(action, part) for action, part in zip(actions, space.spaces, strict=True))
    return np.asarray(actions).astype(space.dtype)
