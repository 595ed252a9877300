"""Trained policies as ONNX files, with the mask among the inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from gymnasium import spaces
from ray.rllib.core.columns import Columns
from torch import Tensor, nn

from .. import trees
from ..torch.features import ACTION_MASK, Path, parts_of
from .ray_internals.dqn_module import MaskedDQNModule

if TYPE_CHECKING:
    from .trained_policy import TrainedPolicy


def export(policy: TrainedPolicy, path: str | os.PathLike[str]) -> list[str]:
    """Write the greedy policy as an ONNX file, for any number of rows.

    Inputs are the parts of the observation, by their names ("observation", "action_mask", ...; parts within parts as
    "outer/inner"), each (rows, ...) in the dtype of its space, and for an LSTM "state_in/h" and "state_in/c" (rows,
    layers, cells), zeros at the start of an episode. Outputs are "action" (rows, ...), or "action/part" for an action
    with parts; "scores" (rows, n), the masked logits or Q-values, for the kinds whose mask goes into them, else the
    parameters of the distribution; and "state_out/h" and "state_out/c".

    Nothing checks the mask there: where it allows nothing, "action" is arbitrary.

    Args:
        policy: what `load` gives.
        path: of the file to write.

    Returns:
        The names of the inputs.

    Raises:
        ImportError: the libraries that torch exports with are missing.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"export to ONNX needs onnx and onnxscript ({error}): pip install 'masked-envs[onnx]'", name=error.name
        ) from error
    greedy = _Greedy(policy).eval()
    names, example = greedy.inputs()
    with torch.no_grad():
        outputs = greedy.named(*example)
    torch.onnx.export(
        greedy,
        tuple(example),
        os.fspath(path),
        input_names=names,
        output_names=list(outputs),
        dynamic_shapes=((dict.fromkeys([0], torch.export.Dim("rows")),) * len(example),),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    return names


class _Greedy(nn.Module):
    """The policy as a function of tensors: parts of observations, and of a state, in the order of `names`."""

    def __init__(self, policy: TrainedPolicy) -> None:
        super().__init__()
        self.module = policy.module
        self.policy = policy
        self.parts = parts_of(policy.observation_space, whole=True)
        self.state: Any = policy.module.get_initial_state() if policy.is_stateful else {}

    def inputs(self) -> tuple[list[str], list[Tensor]]:
        """The names of the inputs, and two rows of each: a mask that allows everything, zeros elsewhere."""
        names = [_name("", path) for path in self.parts] + [_name("state_in", path) for path, _ in _leaves(self.state)]
        full = {(ACTION_MASK, *path): leaf for path, leaf in _leaves(self.policy.mask_spec.full())}
        rows = []
        for path, space in self.parts.items():
            dtype = torch.as_tensor(space.sample()).dtype
            one = torch.as_tensor(full[path]) if path in full else torch.zeros(space.shape or (), dtype=dtype)
            rows.append(torch.stack([one, one]).to(dtype))
        rows += [torch.zeros(2, *torch.as_tensor(leaf).shape) for _, leaf in _leaves(self.state)]
        return names, rows

    def named(self, *inputs: Tensor) -> dict[str, Tensor]:
        """The outputs by their names."""
        values = iter(inputs)
        batch = {Columns.OBS: _nested(self.policy.observation_space, values)}
        if self.state:
            batch[Columns.OBS] = trees.map(lambda tensor: tensor.unsqueeze(1), batch[Columns.OBS])
            batch[Columns.STATE_IN] = trees.map(lambda _: next(values), self.state)
        actions, scores, state_out = self._decide(batch)
        if self.state:
            actions, scores = trees.map(lambda tensor: tensor.squeeze(1), actions), scores.squeeze(1)
        found = {_name("action", path): tensor for path, tensor in _leaves(actions)}
        return {**found, "scores": scores, **{_name("state_out", path): leaf for path, leaf in _leaves(state_out)}}

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of `named`."""
        return tuple(self.named(*inputs).values())

    def _decide(self, batch: dict[str, Any]) -> tuple[Any, Tensor, Any]:
        if isinstance(self.module, MaskedDQNModule):
            outputs = self.module.compute_q_values(batch)
            scores = outputs["qf_preds"]
            return scores.argmax(-1), scores, outputs.get(Columns.STATE_OUT, {})
        outputs = self.module.forward_inference(batch)
        scores = outputs[Columns.ACTION_DIST_INPUTS]
        distribution = self.module.get_inference_action_dist_cls().from_logits(scores).to_deterministic()
        return distribution.sample(), scores, outputs.get(Columns.STATE_OUT, {})


def _name(first: str, path: Path) -> str:
    return "/".join(filter(None, [first, *map(str, path)]))


def _leaves(tree: Any) -> list[tuple[Path, Any]]:
    """Paths and leaves of nested dicts and tuples."""
    if not isinstance(tree, (dict, tuple)):
        return [((), tree)]
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return [((key, *path), leaf) for key, part in items for path, leaf in _leaves(part)]


def _nested(space: spaces.Space[Any], values: Iterator[Tensor]) -> Any:
    """An observation of the next values, which come in the order of `parts_of`."""
    if isinstance(space, spaces.Dict):
        return {key: _nested(space[key], values) for key in sorted(space.keys())}
    if isinstance(space, spaces.Tuple):
        return tuple(_nested(part, values) for part in space.spaces)
    return next(values)
