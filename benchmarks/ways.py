"""The two ways of a training library, ours and its own: environment steps, and whole trainings that give equal weights.

Each adapter says which clock it reads. That of the processor, for all threads of the process, does not count what
else the machine has to do.

An adapter's file has a function `ways`, which makes the environment of each way, so that a missing library is noticed
when it is measured; `play`, which begins an environment; and `train`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from measure import Comparison, Side

Ways = Callable[[], dict[str, Callable[[], Any]]]
"""The makers of the environments, under "ours" and "ordinary"."""
Sides = tuple[Callable[[], Side], Callable[[], Side]]


def pair(
    library: str,
    ordinary: str,
    env_id: str,
    ways: Ways,
    *,
    play: Callable[[Any], Callable[[], float]],
    train: Callable[[Any], tuple[float, float]],
    rows: int,
    count: int,
    decisions: int,
    calls: int = 1,
    **ratios: float,
) -> list[Comparison]:
    """The two comparisons of an adapter: environment steps, and the whole training of PPO.

    Args:
        ordinary: what the library's users have.
        calls: steps of all rows that one call of what `play` returns takes.
        ratios: `must` and `aim` of the environment steps.
    """  # fmt: skip
    stepped = steps(ways, play, rows * calls, count)
    trained = trainings(ways, train, decisions)
    return [
        Comparison(f"{library}, {env_id}, {rows} envs", ordinary, *stepped, repetitions=5, **ratios),
        Comparison(
            f"{library}, PPO's training on it, {rows} envs", ordinary, *trained, repetitions=3, unit="decisions"
        ),
    ]


def steps(ways: Ways, play: Callable[[Any], Callable[[], float]], rows: int, count: int) -> Sides:
    """Environment steps per second.

    Args:
        ways: of environments of so many rows.
        play: begins an environment; what it returns takes one step of all rows and returns the seconds that count.
        count: environment steps of a repetition.
    """

    def prepare(name: str) -> Side:
        once = play(ways()[name]())

        def run() -> float:
            return count // rows * rows / sum(once() for _ in range(count // rows))

        run()  # warm
        return run

    return lambda: prepare("ours"), lambda: prepare("ordinary")


def trainings(ways: Ways, train: Callable[[Any], tuple[float, float]], decisions: int) -> Sides:
    """Decisions per second of whole trainings.

    Args:
        train: trains on a new environment with the same seed each time; the sum of all weights, and the seconds.

    Raises:
        AssertionError: when the two ways give other weights.
    """
    weights: dict[str, float] = {}

    def prepare(name: str) -> Side:
        def run() -> float:
            weights[name], seconds = train(ways()[name]())
            if len(weights) == 2 and abs(weights["ours"] - weights["ordinary"]) > 1e-9:
                raise AssertionError(f"the two ways of training must give the same weights, not {weights}")
            return decisions / seconds

        if name == "ours":
            run()  # compiles
        return run

    return lambda: prepare("ours"), lambda: prepare("ordinary")


def sum_of(parameters: Any) -> float:
    """The sum of all weights of a torch model."""
    return float(sum(parameter.detach().double().sum().item() for parameter in parameters))
