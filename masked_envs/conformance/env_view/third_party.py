"""The masks of environments that declare no `mask_spec`: where they are, and read into their canonical form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gymnasium import spaces

from ...adaptation.find import VAGUE, Found, MaskSource, NoMaskFoundError, choose_source, find_masks
from ...adaptation.forms import UnknownFormError
from ...adaptation.place import parse_place
from ...adaptation.read import as_choices, read_mask, spec_for
from ...mask_spec import MaskSpec
from ...mask_spec.checks import shown

Attribute = Callable[[str], Any]
CERTAIN_NAMES = ("action_mask", "action_masks")  # what has such a name is meant as a mask, whatever its form
FIRST_KIND: dict[type, tuple[Any, ...]] = {spaces.MultiDiscrete: ("per_head",)}


@dataclass(frozen=True)
class Options:
    """What the caller declares about a third-party environment.

    Attributes:
        mask_fn: (env) -> the mask, or (env, agent) -> that of an agent; or the name of a method or attribute.
        mask_at: where the mask is, as code: see `masked_envs.adapt`.
        mask_spec: the form of the mask.
        head_mask: (env, k, prefix) -> what head k may take, of a conditional mask of more than two heads.
        on_invalid: what invalid actions do: "raise", "ignore", "penalise" or "terminate".
        refused: (before, action, after) -> whether the action was refused, None where that is not known, of the
            agent's `AgentStep` before and after; or the name of a key of info.
        plain_ints: whether actions of Discrete are given as int, and not as `np.int64`, which the space samples.
    """

    mask_fn: Callable[..., Any] | str | None = None
    mask_at: str | None = None
    mask_spec: MaskSpec | None = None
    head_mask: Callable[..., Any] | None = None
    on_invalid: str | None = None
    refused: Callable[..., Any] | str | None = None
    plain_ints: bool = False

    @property
    def say_where(self) -> bool:
        """Whether the caller says where the mask is."""
        return self.mask_fn is not None or self.mask_at is not None


class Masks(NamedTuple):
    """An agent's masks by place, the source first, and what was returned there."""

    canonical: dict[str, Any]
    returned: dict[str, Any]


def is_handed_out(place: str) -> bool:
    """Whether a mask is given away there. An attribute is the environment's own; `mask_fn` serves the check alone."""
    return place.startswith(("observation", "info")) or place.endswith(")")


class MaskReader:
    """Reads the masks of a third-party environment, always from the place that was chosen first.

    Args:
        options: what the caller declares.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._sources: dict[tuple[str, ...], MaskSource] = {}  # by agent; () where there is one kind of agent
        self._specs: dict[tuple[str, ...], MaskSpec] = {}

    def spec(self, space: spaces.Space[Any], *agent: str) -> MaskSpec:
        """The form of an agent's mask, from what was read so far."""
        space, found = as_choices(space), self._specs.get(agent) or self.options.mask_spec
        return found if found is not None else MaskSpec.from_space(space, *FIRST_KIND.get(type(space), ()))

    def source_of(self, name: str) -> str:
        """The place that was chosen for an agent's mask; "" where none was found."""
        if self.options.mask_fn is not None:
            return "mask_fn"
        if self.options.mask_at is not None:
            return self.options.mask_at
        source = self._sources.get((name,)) or self._sources.get(())
        return "" if source is None else source.place.code

    def masks(self, space: spaces.Space[Any], observation: Any, info: Any, attribute: Attribute, *agent: str) -> Masks:
        """An agent's masks by place: there are none where the source has none.

        Args:
            space: of its actions.
            observation, info: of this agent.
            attribute: name -> this agent's attribute.
            agent: its name, where there are several.
        """
        if self.options.mask_at is not None:
            place = parse_place(self.options.mask_at)
            value = place.value(observation, info, attribute, *agent)
            return self.read(space, {place.code: (place.name, value)}, place.code, *agent)
        found = find_masks(observation, info, attribute)
        source = self._source(space, found, *agent)
        if source is None:
            return Masks({one.place: one.value for one in found if one.name in CERTAIN_NAMES}, {})
        better = [one for one in found if one.rank != VAGUE or source.rank == VAGUE]
        here = sorted(better, key=lambda one: one.place != source.place.code)
        return self.read(space, {one.place: (one.name, one.value) for one in here}, source.place.code, *agent)

    def _source(self, space: spaces.Space[Any], found: list[Found], *agent: str) -> MaskSource | None:
        """Where an agent's mask is, chosen once; None while there is none."""
        if agent not in self._sources:
            try:
                self._sources[agent] = choose_source(space, found, self.options.mask_spec)
            except NoMaskFoundError:
                return None
        return self._sources[agent]

    def read(self, space: spaces.Space[Any], values: Mapping[str, tuple[str, Any]], source: str, *agent: str) -> Masks:
        """Names and values by place, read as masks; other places than the source may hold something else."""
        masks, returned = {}, {}
        for place, (name, value) in values.items():
            if value is None:
                continue
            try:
                spec = self._specs.get(agent) or self.options.mask_spec or spec_for(space, value, name)
                masks[place] = read_mask(spec, value, name)
                self._specs[agent] = spec
                if is_handed_out(place):
                    returned[place] = value
            except UnknownFormError:
                if place == source:
                    return Masks({place: value}, {})
        return Masks(masks if source in masks else {}, returned)

    def asked(self, env: Any, attribute: Attribute, *agent: str) -> Any:
        """What `mask_fn` returns, or has by its name.

        Raises:
            TypeError: the environment has nothing of this name.
        """
        wanted = self.options.mask_fn
        if not isinstance(wanted, str):
            assert wanted is not None
            return wanted(env, *agent)
        found = attribute(wanted)
        if found is None:
            raise TypeError(f"mask_fn={shown(wanted)}: the environment has nothing of this name")
        return found(*agent) if callable(found) else found
