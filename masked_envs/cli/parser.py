"""The words `masked-envs` understands."""

from __future__ import annotations

import argparse

from .output import Parser

DESCRIPTION = "Action-masked reinforcement learning environments: look at them, play them, measure them, check them."
EXAMPLES = """\
examples:
  masked-envs list
  masked-envs show MaskedCartPole-v0 --param num_actions=12
  masked-envs profile MaskedMastermind-v0 --out mask.svg
  masked-envs demo MaskedConnectFour-v0 --out connect_four.gif --seed 3
  masked-envs play MaskedConnectFour-v0
  masked-envs bench MaskedCartPole-v0 --num-envs 4096
  masked-envs check MaskedCartPole-v0
  masked-envs check my_package.envs:Scheduling --time-budget 10
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser; `given.command` is module.function of this package."""
    parser = Parser(
        "masked-envs", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action=Version)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_json(_command(commands, "list", "show.list_all", "every environment in one table"))
    show = _command(commands, "show", "show.run", "an environment's card, spaces, parameters and mask")
    _add_environment(show)
    _add_json(show)
    _add_profile(_command(commands, "profile", "profile.run", "how much is legal over an episode, and when"))
    _add_demo(_command(commands, "demo", "demo.run", "random legal play as a GIF or in a window"))
    _add_play(_command(commands, "play", "play.run", "play it yourself, with mouse and keyboard"))
    _add_bench(_command(commands, "bench", "bench.run", "steps per second, one environment and many, both backends"))
    _add_check(_command(commands, "check", "check.run", "hold an environment to the laws of the mask"))
    return parser


def _add_profile(command: argparse.ArgumentParser) -> None:
    _add_environment(command)
    command.add_argument("--out", metavar="FILE", help="write the picture, as .svg or .png")
    command.add_argument("--steps", type=positive, default=300, help="steps at most (default: %(default)s)")
    _add_json(command)
    _add_seed(command)


def _add_demo(command: argparse.ArgumentParser) -> None:
    _add_any_environment(command)
    command.add_argument("--out", default="demo.gif", metavar="FILE", help="the GIF to write (default: %(default)s)")
    command.add_argument("--window", action="store_true", help="show it in a window, and write no GIF")
    command.add_argument("--steps", type=positive, default=300, help="steps at most (default: %(default)s)")
    command.add_argument("--episodes", type=positive, default=1, help="episodes at most (default: %(default)s)")
    command.add_argument("--fps", type=frames_per_second, default=8.0, help="steps per second (default: %(default)g)")
    _add_json(command)
    _add_seed(command)


def _add_play(command: argparse.ArgumentParser) -> None:
    _add_any_environment(command)
    command.add_argument("--agent", help="the agent of a game that you play, by name or number (default: the first)")
    command.add_argument(
        "--opponent",
        choices=("random", "none"),
        help="who plays the others: random legal moves (the default), or nobody: you play every side in turn",
    )
    _add_json(command)
    _add_seed(command)


def _add_bench(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="*", metavar="ID", help="environments (default: all)")
    command.add_argument("--num-envs", type=positive, default=1024, help="rows of the vector environment (%(default)s)")
    command.add_argument("--seconds", type=seconds, default=1.0, help="for each measurement (default: %(default)g)")
    _add_json(command)


def _add_check(command: argparse.ArgumentParser) -> None:
    target = "an id of this package or of Gymnasium, or module:name of a class or function that makes an environment"
    command.add_argument("target", metavar="TARGET", help=target)
    command.add_argument("--steps", type=positive, default=100, help="of each random walk (default: %(default)s)")
    command.add_argument("--seed", type=seed, default=0, help="of the episodes and choices (default: %(default)s)")
    command.add_argument("--time-budget", type=seconds, metavar="SECONDS", help="for each check (default: no limit)")
    _add_mask(command)
    text = "how the environment responds to invalid actions (default: found by trying some)"
    command.add_argument("--on-invalid", choices=["raise", "ignore", "penalise", "terminate"], help=text)
    text = (
        "key of info that says whether an action was refused, or function (before, action, after) -> True, False, None"
    )
    command.add_argument("--refused", metavar="KEY|MODULE:NAME", help=text)
    _add_json(command)


class Version(argparse.Action):
    """Prints the version; reading it takes time that other commands need not spend."""

    def __init__(self, option_strings: list[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and end")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from .. import __version__

        print(f"{parser.prog} {__version__}")
        parser.exit()


def positive(word: str) -> int:
    """An integer of at least 1."""
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, not {word}")
    return number


def seed(word: str) -> int:
    """An integer of at least 0 and below 2**64."""
    number = int(word)
    if not 0 <= number < 2**64:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 0 and below 2**64, not {word[:40]}")
    return number


def seconds(word: str) -> float:
    """A duration, in seconds."""
    number = float(word)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, not {word}")
    return number


def frames_per_second(word: str) -> float:
    """What both a GIF and a window can keep to."""
    number = float(word)
    if not 0.1 <= number <= 50:
        raise argparse.ArgumentTypeError(f"expected a number from 0.1 to 50, not {word}")
    return number


def _command(commands: argparse._SubParsersAction, name: str, function: str, words: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=f"{words[0].upper()}{words[1:]}."
    )
    command.set_defaults(command=function)
    return command


def _add_environment(
    command: argparse.ArgumentParser, words: str = "an environment; `masked-envs list` shows all"
) -> None:
    command.add_argument("id", metavar="ID", help=words)
    text = "a parameter of the environment, several times for several; `masked-envs show ID` lists them"
    command.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help=text)


def _add_any_environment(command: argparse.ArgumentParser) -> None:
    """An environment of this package or, with `render_mode="rgb_array"`, any other one."""
    _add_environment(
        command, "an environment: an id of this package or of Gymnasium, module:Id-v0, or module:name of a class"
    )
    _add_mask(command)


def _add_mask(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--mask-fn", metavar="MODULE:NAME", help="function (env) -> mask, of an environment without one"
    )
    text = "where the mask is, as code, such as 'info[\"legal\"]' (default: looked for in the usual places)"
    command.add_argument("--mask-at", metavar="PLACE", help=text)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON, for programs")


def _add_seed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=seed, default=None, help="makes the episodes the same again (default: none)")
