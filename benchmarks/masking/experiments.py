"""The experiments: what is varied, and what was expected before anything was run.

Expectations follow a pilot study with three seeds (static, contextual and parametric CartPole) and the literature that
docs/masking.md names. Each is a sentence and a test of the results, so that a miss shows as a miss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from .arms import ARMS, WITH_WRONG_MASKS, WRONG_WAYS
from .noise import Noise
from .outcomes import Outcomes
from .runs import Cell
from .tasks import Task

SIZES = (2, 8, 32, 128, 512, 2048)
FAMILIES = ("static", "contextual", "parametric")
MASKED = tuple(name for name, arm in ARMS.items() if arm.sampled == "legal")
UNMASKED = tuple(name for name in ARMS if name not in MASKED)


@dataclass(frozen=True)
class Expectation:
    """A sentence written before the runs, and whether the outcomes agree with it."""

    says: str
    holds: Callable[[Outcomes], bool]


@dataclass(frozen=True)
class Experiment:
    """A question, the cells that answer it, and what was expected."""

    name: str
    question: str
    cells: tuple[Cell, ...]
    expectations: Sequence[Expectation]


# --- E1: the number of actions ---

# Where all actions are legal the arms differ only by accident, so three of them show it.
AT_TWO = ("mask", "naive", "penalty-0")
E1 = Experiment(
    "E1",
    "Two actions are legal of N. What does N cost, with a mask and without?",
    tuple(
        Cell(Task(family, n), arm)
        for n, family, arm in product((32, 2, 512, 8, 128, 2048), FAMILIES, ARMS)
        if n > 2 or arm in AT_TWO
    ),
    (
        Expectation(
            "Control: with two actions, both legal, the arms do not differ (intervals of the area overlap).",
            lambda o: all(o.of(Task(f, 2), a).overlaps(o.of(Task(f, 2), "mask")) for f, a in product(FAMILIES, AT_TWO)),
        ),
        Expectation(
            "With the mask the steps to a return of 195 grow by less than half from 8 to 2,048 static actions.",
            lambda o: (
                o.steps_to_solve(Task("static", 2048), "mask") < 1.5 * o.steps_to_solve(Task("static", 8), "mask")
            ),
        ),
        Expectation(
            "With 2,048 static actions no arm but the mask solves the task with more than half of the seeds.",
            lambda o: all((o.solved(Task("static", 2048), a) > 0.5) == (a == "mask") for a in ARMS),
        ),
        Expectation(
            "With 32 contextual actions no arm without a mask solves the task with more than half of the seeds.",
            lambda o: all(o.solved(Task("contextual", 32), a) <= 0.5 for a in UNMASKED),
        ),
        Expectation(
            "From 8 actions on the area is larger with the mask than in any arm without, in each family.",
            lambda o: all(
                o.of(Task(f, n), "mask").mean > o.of(Task(f, n), a).mean
                for f, n, a in product(FAMILIES, SIZES[1:], UNMASKED)
            ),
        ),
        Expectation(
            "The probability ratio of the first minibatch is 1 in every arm but rollout-only, where it is not.",
            lambda o: all(
                (o.largest(Task(f, n), a, "first_ratio_error") > 0.01) == (a == "rollout-only")
                for f, n, a in product(FAMILIES, SIZES[1:], ARMS)
            ),
        ),
        Expectation(
            "From 8 actions on naive and rollout-only clip at least ten times as often as the mask.",
            lambda o: all(
                o.of(Task(f, n), a, "clipped").mean >= 10 * o.of(Task(f, n), "mask", "clipped").mean
                for f, n, a in product(FAMILIES, SIZES[1:], ("naive", "rollout-only"))
            ),
        ),
        Expectation(
            "A masked arm takes no invalid action; every arm without a mask takes some.",
            lambda o: all(
                (o.total(Task(f, n), a, "invalid") == 0) == (a in MASKED)
                for f, n, a in product(FAMILIES, SIZES[1:], ARMS)
            ),
        ),
    ),
)

# --- E2: the share of invalid actions ---

LEGAL_OF_128 = (2, 12, 64, 116, 128)
E2_ARMS = ("mask", "naive", "replacement", "penalty-0", "penalty-0.1", "penalty-1")
E2 = Experiment(
    "E2",
    "128 static actions, of which 2 to 128 are legal. Does the number of actions cost, or the share that is invalid?",
    tuple(Cell(Task("static", 128, legal), arm) for legal, arm in product(LEGAL_OF_128, E2_ARMS)),
    (
        Expectation(
            "Control: where all 128 actions are legal the arms do not differ.",
            lambda o: all(
                o.of(Task("static", 128, 128), a).overlaps(o.of(Task("static", 128, 128), "mask")) for a in E2_ARMS
            ),
        ),
        Expectation(
            "Without a mask, at a penalty of 0, the area falls with the share of invalid actions, in each step.",
            lambda o: all(
                o.of(Task("static", 128, fewer), "penalty-0").mean < o.of(Task("static", 128, more), "penalty-0").mean
                for fewer, more in zip(LEGAL_OF_128[:-1], LEGAL_OF_128[1:], strict=True)
            ),
        ),
        Expectation(
            "With the mask the area with 2 legal actions is at least 0.8 of that with 128.",
            lambda o: o.of(Task("static", 128, 2), "mask").mean >= 0.8 * o.of(Task("static", 128, 128), "mask").mean,
        ),
    ),
)

# --- E4: the mask removed after training ---

E4 = Experiment(
    "E4",
    "An agent was trained with a mask, or with a wrong use of one, and now acts without it. What is left?",
    tuple(Cell(Task(family, n), arm) for n, family, arm in product((32, 2048), FAMILIES, ARMS)),
    (
        Expectation(
            "Sampled play without the mask after training with it: over half of the actions are invalid.",
            lambda o: all(
                o.of(Task(f, n), "mask", "mask_removed_sampled.invalid_share").mean > 0.5
                for f, n in product(FAMILIES, (32, 2048))
            ),
        ),
        Expectation(
            "Greedy play without the mask on static actions keeps at least half of the return with it.",
            lambda o: all(
                o.of(Task("static", n), "mask", "mask_removed_greedy.return").mean
                >= 0.5 * o.of(Task("static", n), "mask", "as_trained_greedy.return").mean
                for n in (32, 2048)
            ),
        ),
        Expectation(
            "Greedy play without the mask on contextual actions: over half of the actions are invalid.",
            lambda o: o.of(Task("contextual", 32), "mask", "mask_removed_greedy.invalid_share").mean > 0.5,
        ),
        Expectation(
            "Penalties of -1 leave a policy that takes less than 10% invalid actions, greedily (32 static).",
            lambda o: o.of(Task("static", 32), "penalty-1", "mask_removed_greedy.invalid_share").mean < 0.1,
        ),
    ),
)

# --- E5: masks that are wrong ---

NOISY, NOISY_ARM = Task("contextual", 32, 4), WITH_WRONG_MASKS.name
RATES = (0.01, 0.05, 0.1, 0.3)
ALLOWED = tuple(Noise(false_allowed=p, systematic=s) for s, p in product((False, True), RATES))
FORBIDDEN = tuple(Noise(false_forbidden=p, systematic=s) for s, p in product((False, True), RATES))
STALE = Noise(stale=True)
E5 = Experiment(
    "E5",
    "The mask shown to the agent is wrong: it allows what is forbidden, forbids what is legal, or is one step old.",
    tuple(Cell(NOISY, NOISY_ARM, noise) for noise in (None, STALE, *ALLOWED, *FORBIDDEN)),
    (
        Expectation(
            "Legal actions hidden at random, even 30% of them, cost less than a fifth of the area.",
            lambda o: o.of(NOISY, NOISY_ARM, noise=FORBIDDEN[3]).mean >= 0.8 * o.of(NOISY, NOISY_ARM).mean,
        ),
        Expectation(
            "Forbidden actions shown as legal cost more the more there are: the area falls from 1% to 30%.",
            lambda o: o.of(NOISY, NOISY_ARM, noise=ALLOWED[3]).mean < o.of(NOISY, NOISY_ARM, noise=ALLOWED[0]).mean,
        ),
        Expectation(
            "A mask that is one step old makes more than half of the actions invalid, and the task is not solved.",
            lambda o: (
                o.of(NOISY, NOISY_ARM, "invalid_last_tenth", noise=STALE).mean > 0.5
                and o.solved(NOISY, NOISY_ARM, noise=STALE) <= 0.5
            ),
        ),
        Expectation(
            "Hiding the same 30% of the legal actions in every step costs more than hiding others each time.",
            lambda o: o.of(NOISY, NOISY_ARM, noise=FORBIDDEN[7]).mean < o.of(NOISY, NOISY_ARM, noise=FORBIDDEN[3]).mean,
        ),
    ),
)

# --- E8: a gallery of wrong implementations -----------------------------------------------------------------------

GALLERY = tuple(Task(family, 32) for family in FAMILIES)
LATE = Noise(before_reset=True)
E8 = Experiment(
    "E8",
    "What do common wrong implementations of a mask cost, and how many invalid actions do they take?",
    (
        *(Cell(task, arm.name) for task, arm in product(GALLERY, WRONG_WAYS)),
        *(Cell(Task("contextual", 32), "mask", noise) for noise in (STALE, LATE)),
    ),
    (
        Expectation(
            "Logits times the mask: invalid actions in each family, and a smaller area than the mask's.",
            lambda o: all(
                o.total(task, "multiplied", "invalid") > 0 and o.of(task, "multiplied").mean < o.of(task, "mask").mean
                for task in GALLERY
            ),
        ),
        Expectation(
            "Renormalised probabilities learn as well as the mask on these tasks (intervals of the area overlap).",
            lambda o: all(o.of(task, "renormalised").overlaps(o.of(task, "mask")) for task in GALLERY),
        ),
        Expectation(
            "20 taken from forbidden logits learns as well as the mask on these tasks, whose logits stay small.",
            lambda o: all(o.of(task, "minus-20").overlaps(o.of(task, "mask")) for task in GALLERY),
        ),
        Expectation(
            "The mask of the episode before, in its first step alone, shows as invalid actions and costs little.",
            lambda o: (
                0 < o.total(Task("contextual", 32), "mask", "invalid", LATE)
                and o.of(Task("contextual", 32), "mask", noise=LATE).mean
                >= 0.9 * o.of(Task("contextual", 32), "mask").mean
            ),
        ),
    ),
)

EXPERIMENTS = {experiment.name: experiment for experiment in (E1, E2, E4, E5, E8)}
