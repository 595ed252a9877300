"""Golden playthroughs: one episode of every environment as text, which a change of behaviour changes visibly.

    python -m tests.write_golden                                    # every id: new ones, and the known ones anew
    python -m tests.write_golden ID --seed 3 num_robots=2 rows=3    # one id, with another seed and parameters

The actions are legal ones at random. A file keeps its seed and its parameters when it is written anew without others.
An episode that does not end within MOST_STEPS steps, or whose text is too long to read, is refused: shorten it by the
parameters of the environment, `time_limit` among them.
A field of the state, or a part of an observation, appears where it differs from what was last shown.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from masked_envs import make, make_parallel
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

GOLDEN = Path(__file__).parent / "golden"
MOST_STEPS = 100
MOST_LISTED = 30
LONG_ROW = 200
MOST_LINES, MOST_BYTES = 1_200, 20_000  # of a file that a person can still read
ENDS = ("terminated", "truncated")

Choose = Callable[["Game", str], Any]


class Game:
    """An environment of either interface, asked and told agent by agent."""

    def __init__(self, env_id: str, backend: str, parameters: dict[str, Any]) -> None:
        self.declaration = declaration(env_id)
        values = self.declaration.resolve(parameters)
        self.agents, self.record = self.declaration.agents(values), self.declaration.state(values)
        self.at_once = self.declaration.play == "simultaneous"
        self.env: Any = (make_parallel if self.at_once else make)(env_id, backend=backend, mask_in="info", **parameters)
        self.spec = self.env.mask_spec(self.agents[0]) if self.at_once else self.env.mask_spec
        labels = self.declaration.action_labels
        self.labels = labels(values) if labels and self.spec.kind in ("flat", "candidates") else None
        self.rewards, self.terminated, self.truncated = dict.fromkeys(self.agents, 0.0), False, False

    def reset(self, seed: int) -> None:
        self.observations, self.infos = self.env.reset(seed=seed)

    def acting(self) -> list[str]:
        return list(self.env.agents) if self.at_once else [self.agents[self.infos.get("agent", 0)]]

    def seen(self) -> list[str]:
        """Who observes something: those that act next, and those that have just left."""
        return list(self.observations) if self.at_once else self.acting()

    def observation(self, agent: str) -> Any:
        return self.observations[agent] if self.at_once else self.observations

    def mask(self, agent: str) -> Any:
        return (self.infos[agent] if self.at_once else self.infos)["action_mask"]

    def step(self, actions: dict[str, Any]) -> None:
        if self.at_once:
            self.observations, self.rewards, ended, cut, self.infos = self.env.step(actions)
            over = not self.env.agents
            self.terminated, self.truncated = over and all(ended.values()), over and any(cut.values())
            return
        (action,) = actions.values()
        self.observations, reward, self.terminated, self.truncated, self.infos = self.env.step(action)
        rewards = self.infos.get("rewards", [reward])
        self.rewards = dict(zip(self.agents, map(float, rewards), strict=True))

    def state(self) -> dict[str, Any]:
        """The fields of the state record but the random stream."""
        record = np.frombuffer(self.env.get_state().record, self.record)[0]
        return {name: record[name] for name in self.record.names or () if name != "rng"}

    def legal(self, agent: str) -> str:
        return self.listed(self.spec, self.mask(agent))

    def listed(self, spec: Any, mask: Any) -> str:
        if spec.kind == "dict":
            parts = zip(spec.items(), spec.unpack(mask, "the mask"), strict=True)
            return "; ".join(f"{key} {self.listed(part, value)}" for (key, part), value in parts)
        if spec.kind == "interval":
            return f"from {words(mask[0])} to {words(mask[1])}"
        actions = spec.list_legal(mask, MOST_LISTED + 1, self.env.head_mask)
        named = [self.named(action) for action in actions[:MOST_LISTED]]
        return ", ".join(named + ["..."] * (len(actions) > MOST_LISTED))

    def named(self, action: Any) -> str:
        """An action as JSON, with its name if it has one."""
        text = json.dumps(plain(action))
        return f"{text} {self.labels[action]}" if self.labels and self.labels[action] != text else text


# --- text ---------------------------------------------------------------------------------------------------------


def playthrough(env_id: str, seed: int, parameters: dict[str, Any], backend: str, choose: Choose) -> Iterator[str]:
    """The lines of an episode whose actions `choose` gives, or gives None to stop at."""
    game = Game(env_id, backend, parameters)
    game.reset(seed)
    yield from (env_id, f"seed {seed}", f"parameters {json.dumps(parameters)}")
    shown: dict[str, str] = {}
    for step in range(MOST_STEPS + 1):
        yield from ("", f"--- step {step}")
        yield from news("state", game.state(), shown)
        for agent in game.seen():
            observation = game.observation(agent)
            parts = observation if isinstance(observation, dict) else {"observation": observation}
            yield from news(f"{agent} observes", parts, shown)
        if game.terminated or game.truncated:
            yield "terminated" if game.terminated else "truncated"
            return
        actions = {}
        for agent in game.acting():
            yield f"{agent} may play {game.legal(agent)}"
            actions[agent] = choose(game, agent)
            if actions[agent] is None:
                return
        yield from (f"{agent} plays {game.named(action)}" for agent, action in actions.items())
        game.step(actions)
        yield "rewards " + ", ".join(f"{agent} {reward:g}" for agent, reward in game.rewards.items())


def news(owner: str, parts: dict[str, Any], shown: dict[str, str]) -> Iterator[str]:
    """Those parts whose text is not what was last shown of them: numbers in one line, arrays below their names."""
    fresh = {name: words(value) for name, value in parts.items() if shown.get(f"{owner} {name}") != words(value)}
    shown.update({f"{owner} {name}": text for name, text in fresh.items()})
    numbers = [f"{name} {text}" for name, text in fresh.items() if np.ndim(parts[name]) == 0]
    if numbers:
        yield f"{owner} " + ", ".join(numbers)
    for name, text in fresh.items():
        if np.ndim(parts[name]) > 0:
            yield f"{owner} {name}"
            yield from (f"    {row}" for row in text.split("\n"))


def words(value: Any) -> str:
    """A number; a row of numbers; rows of them; or int8 as on a board: a digit or dot each, planes side by side.

    Of a long row of int8 those that are not 0 are listed.
    """
    array = np.asarray(value)
    if array.dtype == np.int8 and array.ndim == 1 and array.size > LONG_ROW:
        return " ".join(f"{index}:{array[index]}" for index in np.flatnonzero(array)) or "all 0"
    if array.dtype != np.int8 or array.max(initial=0) > 9 or array.min(initial=0) < 0:
        rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
        return "\n".join(" ".join(f"{number:.5g}" for number in row) for row in rows.tolist())
    planes = array.reshape(-1, *((1, 1) + array.shape)[-2:])
    lines = zip(*([row_of_cells(row) for row in plane] for plane in planes), strict=True)
    return "\n".join("  ".join(line) for line in lines)


def row_of_cells(row: Any) -> str:
    return "".join(str(cell) if cell else "." for cell in row.tolist())


def plain(action: Any) -> Any:
    """An action as JSON can hold it."""
    if isinstance(action, dict):
        return {key: plain(part) for key, part in action.items()}
    if isinstance(action, tuple):
        return [plain(part) for part in action]
    return action.tolist() if isinstance(action, (np.ndarray, np.generic)) else action


def as_action(space: spaces.Space[Any], value: Any) -> Any:
    """The reverse of `plain`."""
    if isinstance(space, spaces.Dict):
        return {key: as_action(part, value[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(as_action(part, one) for part, one in zip(space.spaces, value, strict=True))
    return value if isinstance(space, spaces.Discrete) else np.array(value, space.dtype)


# --- writing and replaying ----------------------------------------------------------------------------------------


def path_of(env_id: str) -> Path:
    return GOLDEN / f"{env_id}.txt"


def header(lines: list[str]) -> tuple[str, int, dict[str, Any]]:
    """The id, the seed and the parameters of a playthrough."""
    env_id, seed, parameters = lines[:3]
    return env_id, int(seed.removeprefix("seed ")), json.loads(parameters.removeprefix("parameters "))


def replay(lines: list[str], backend: str) -> Iterator[str]:
    """The lines that the actions in these lines give now."""
    played = iter([line.split(" plays ", 1)[1] for line in lines if " plays " in line])
    decoder = json.JSONDecoder()

    def choose(game: Game, agent: str) -> Any:
        text = next(played, None)
        return None if text is None else as_action(game.spec.action_space, decoder.raw_decode(text)[0])

    return playthrough(*header(lines), backend, choose)


def write(env_id: str, seed: int | None, parameters: dict[str, Any]) -> None:
    path = path_of(env_id)
    if path.exists():
        _, old_seed, old_parameters = header(path.read_text(encoding="utf-8").splitlines())
        seed, parameters = old_seed if seed is None else seed, parameters or old_parameters
    rng = np.random.default_rng(seed or 0)

    def choose(game: Game, agent: str) -> Any:
        return game.spec.sample(game.mask(agent), rng, game.env.head_mask)

    lines = list(playthrough(env_id, seed or 0, parameters, "python", choose))
    why_not = unfit(lines)
    if why_not:
        raise ValueError(f"{env_id}: {why_not}. {how_to_shorten(env_id, parameters)}")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {len(lines)} lines, {lines[-1]}")


def unfit(lines: list[str]) -> str:
    """Why these lines are no golden playthrough; "" where they are one."""
    size = sum(len(line) + 1 for line in lines)
    if lines[-1] not in ENDS:
        return f"the episode has not ended after {MOST_STEPS} steps"
    if len(lines) > MOST_LINES or size > MOST_BYTES:
        return f"{len(lines)} lines, {size} bytes; a playthrough has at most {MOST_LINES} lines and {MOST_BYTES} bytes"
    return ""


def how_to_shorten(env_id: str, parameters: dict[str, Any]) -> str:
    """What to try next, with the parameters there are."""
    known = declaration(env_id).all_parameters
    had = " ".join(f"{name}={as_word(value)}" for name, value in parameters.items() if name != "time_limit")
    listed = "\n".join(f"  {name}={parameter.default}: {parameter.doc}" for name, parameter in known.items())
    command = " ".join(filter(None, ("python -m tests.write_golden", env_id, had, "time_limit=20")))
    return (
        f"Choose a smaller instance or a time limit, such as: {command}\nIts parameters and their defaults:\n{listed}"
    )


def as_word(value: Any) -> str:
    """A parameter as the command line takes it: a choice as it is, a number or flag in JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("env_id", nargs="?", choices=CATALOGUE, metavar="ID", help="every id without it")
    parser.add_argument("parameters", nargs="*", metavar="name=value", help="parameters of the environment")
    parser.add_argument("--seed", type=int)
    arguments = parser.parse_intermixed_args()
    parameters = {}
    for text in arguments.parameters:
        name, _, value = text.partition("=")
        declared = declaration(arguments.env_id).all_parameters.get(name)
        parameters[name] = value if declared and isinstance(declared.default, str) else json.loads(value)
    for env_id in [arguments.env_id] if arguments.env_id else CATALOGUE:
        try:
            write(env_id, arguments.seed, parameters)
        except ValueError as error:
            parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
