"""The command line of the agent."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masked_envs.cli.output import INTERRUPTED, Parser, run_program
from masked_envs.files import NotWrittenError

from ..command_line import add_flags, key_and_value
from .checkpoint import FILE, encode, load_checkpoint
from .comparison import train_unmasked
from .config import Config
from .learner import Learner, fits_this_agent
from .pictures import check_libraries, draw_learning_curve, greedy_frames, record_gif
from .training import rehearse, report, train


@dataclass(frozen=True)
class Run:
    """What to do with a learner, and where its files are."""

    checkpoint_dir: Path | None = None
    checkpoint_every: int = 50
    resume: bool = False
    evaluate: Path | None = None
    demo: Path | None = None

    def __post_init__(self) -> None:
        if sum(place is not None for place in (self.checkpoint_dir, self.evaluate, self.demo)) > 1:
            raise ValueError("give one of --checkpoint-dir, --evaluate and --demo")
        if self.checkpoint_every < 1 or (self.resume and self.directory is None):
            raise ValueError("--checkpoint-every must be at least 1, and --resume needs --checkpoint-dir or --demo")

    @property
    def directory(self) -> Path | None:
        """Where training writes."""
        return self.demo or self.checkpoint_dir


def parse(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, dict[str, Any], dict[str, Any]]:
    """The parser, the given fields of `Config`, and those of `Run`."""
    parser = Parser(
        prog="agents.ppo_torch",
        usage="python -m agents.ppo_torch [FLAG VALUE]...   (--help lists the flags)",
        description="Masked PPO on the environments of masked_envs, and on others registered with Gymnasium.",
    )
    add_flags(parser, Config)
    add = parser.add_argument
    add("--env-arg", action="append", default=[], type=key_and_value, metavar="NAME=VALUE",
        help="parameter of the environment, such as num_actions=128; may be repeated")  # fmt: skip
    add("--checkpoint-dir", type=Path, metavar="DIR", help="where to write checkpoints and logs")
    add("--checkpoint-every", type=int, default=50, metavar="N", help="in iterations (default: 50)")
    add("--resume", action="store_true", help="continue the run in --checkpoint-dir or --demo to the same bytes")
    add("--evaluate", type=Path, metavar="DIR", help="only play with the policy of the run in DIR")
    add(
        "--demo",
        type=Path,
        metavar="DIR",
        help="as --checkpoint-dir, then train without the mask too, and draw curves and GIF there",
    )
    given = vars(parser.parse_args(arguments))
    if parameters := dict(given.pop("env_arg")):
        given["env_args"] = parameters
    run = {name: given.pop(name) for name in Run.__dataclass_fields__}
    return parser, given, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the agent; 0 if the proof holds, 1 if not or if a file or the output cannot be written, 130 after Ctrl-C."""
    return run_program("agents.ppo_torch", lambda: run_agent(arguments))


def run_agent(arguments: Sequence[str] | None) -> int:
    """As `main`, where there is an output to write to."""
    parser, given, flags = parse(arguments)
    learner: Learner | None = None
    run: Run | None = None
    try:
        try:
            run = Run(**flags)
            learner = prepare(given, run)
        except (ValueError, TypeError, OSError) as error:
            parser.error(str(error))
        return 0 if carry_out(learner, run) else 1
    except KeyboardInterrupt:
        print(after_interrupt(learner, run), file=sys.stderr)
        return INTERRUPTED
    except NotWrittenError as error:
        print(error, file=sys.stderr)
        return 1


def prepare(given: dict[str, Any], run: Run) -> Learner:
    """The learner that the flags ask for: a new one, or one from a checkpoint.

    Raises:
        ValueError, TypeError: flags that contradict the checkpoint, that no environment takes or that no checkpoint
            holds, or an environment that draws no pictures for the demo.
        OSError: no checkpoint where one is needed, one that would be overwritten, or a directory that cannot be made.
        ImportError: nothing to draw the demo with.
    """
    if run.resume or run.evaluate:
        learner = from_checkpoint(given, run)
    else:
        if run.checkpoint_dir is not None and (run.checkpoint_dir / FILE).exists():
            raise FileExistsError(
                f"{run.checkpoint_dir} holds a run: continue it with --resume, or give another directory"
            )
        learner = Learner(Config(**given))
    if run.demo is not None:
        check_libraries()
        greedy_frames(learner.policy, learner.encoder, learner.config, most=2)
    if run.directory is not None:
        encode(learner.state())
        run.directory.mkdir(parents=True, exist_ok=True)
    return learner


def from_checkpoint(given: dict[str, Any], run: Run) -> Learner:
    """The learner of a checkpoint, to go on with or to play with.

    Raises:
        ValueError, TypeError, OSError: as `prepare`.
    """
    source = run.evaluate or run.directory
    assert source is not None
    state = load_checkpoint(source)
    with fits_this_agent():
        config = Config(**state["config"])
    for name, value in given.items():
        if getattr(config, name) != value:
            raise ValueError(f"the run in {source} has {name}={getattr(config, name)!r}, which cannot become {value!r}")
    if ":" in config.env and "env" not in given:
        module = config.env.partition(":")[0]
        raise ValueError(f"the run in {source} imports the module {module}: to allow that, add --env {config.env}")
    learner = Learner(config)
    if not run.resume:
        learner.load_policy(state)
    elif not learner.restore(state):
        print(f"{config.env} does not repeat itself from its seed: new episodes begin here", file=sys.stderr)
    learner.saved = learner.decisions
    return learner


def carry_out(learner: Learner, run: Run) -> bool:
    """Train, report, and draw; whether the proof holds."""
    if run.evaluate is None:
        rehearse(learner)
        train(learner, run.directory, run.checkpoint_every)
    proven = report(learner)
    if run.demo is not None:
        curve, gif = run.demo / "learning_curve.png", run.demo / "agent.gif"
        unmasked = None
        if learner.config.mask == "on":
            print("the same training without the mask, to compare:")
            unmasked = train_unmasked(learner.config)
            print(f"without the mask: {unmasked.at_the_end()}")
        draw_learning_curve(learner.history, learner.config, curve, unmasked)
        record_gif(learner.policy, learner.encoder, learner.config, gif)
        print(f"wrote {curve} and {gif}")
    return proven


def after_interrupt(learner: Learner | None, run: Run | None) -> str:
    """What is left of an interrupted run, and how to go on with it."""
    if learner is None or run is None or run.evaluate is not None:
        return "interrupted"
    stopped = f"interrupted after {learner.decisions} decisions"
    if run.directory is None:
        return f"{stopped}; nothing is kept without --checkpoint-dir"
    if learner.saved == 0:
        return f"{stopped}, before the first checkpoint"
    path = run.directory / FILE
    return f"{stopped}; {path} holds the first {learner.saved}: the same command with --resume goes on from there"
