"""Search for bytes that break a target.

    python -m tests.fuzz [--seconds 60] [TARGET]...

What is found is written to tests/fuzz/corpus/TARGET/, which the tests replay: mend the fault and commit the file with
the mend.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
NAMES = ("masks", "actions", "dialects", "forms", "action_spaces", "states", "wrapper_states", "checkpoints")
INSTRUMENTED = [
    "masked_envs.mask_spec", "masked_envs.adaptation", "masked_envs.core.state", "masked_envs.api", "agents.ppo_torch",
    "gymnasium.spaces",
]  # fmt: skip  # rules are left out: numba and the law of rules read their code
MISSING = """make fuzz needs atheris, a coverage-guided fuzzer: pip install 'masked-envs[fuzz]'
It has wheels for Linux. Without it, tests/unit/test_fuzz_targets.py tries the same targets."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all without one")
    parser.add_argument("--seconds", type=int, default=60, help="of each target (default: 60)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # one target, in this process
    given = parser.parse_args()
    unknown = set(given.targets) - set(NAMES)
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}; the targets are {', '.join(NAMES)}")
    try:
        import atheris  # noqa: F401
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 1
    if given.inside:
        return search(given.targets[0], given.seconds)
    broken = [name for name in given.targets or NAMES if run(name, given.seconds) != 0]
    print(f"broken: {', '.join(broken)}; the bytes are in {CORPUS}" if broken else "nothing was broken")
    return 1 if broken else 0


def run(name: str, seconds: int) -> int:
    """One target in a process of its own: what it breaks may be the process."""
    print(f"--- {name}, {seconds} s", flush=True)
    return subprocess.call([sys.executable, "-m", "tests.fuzz", "--inside", "--seconds", str(seconds), name])


def search(name: str, seconds: int) -> int:
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from .targets import TARGETS, seeds
    found = CORPUS / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for number, seed in enumerate(seeds(name)):
            (Path(work) / f"seed{number}").write_bytes(seed)
        flags = [
            f"-max_total_time={seconds}",
            "-timeout=20",
            "-rss_limit_mb=4096",
            "-max_len=512",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={found}/", work, str(found)], TARGETS[name])
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
