"""`check_masked_env`: the laws of the mask, held against any environment."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..core.parameters import finite
from ..mask_spec import MaskSpec
from ..mask_spec.checks import check_choice, check_integer
from .context import CheckContext
from .env_view import EnvView, Options
from .evidence import Evidence
from .inside import maker_inside, mask_wrapper, options_inside
from .invalid_behaviour import weighed
from .laws import LAWS
from .preflight import maker_of, obstacle, without_processes
from .profile import profile
from .report import ConformanceError, Coverage, Finding, NotJudgedWarning, Profile, Report
from .snippet import snippet, written
from .verdict import verdict_on
from .watchdog import OutOfTime, watchdog

BEHAVIOURS = ("raise", "terminate", "penalise", "ignore")  # what a caller may declare
WEIGHING = 0.4  # share of the time budget for trying actions, which L1 and L7 are judged by
SWEEPING = 0.2  # share of the rest for trying all actions
WITHOUT_MASK = ("L3", "L8", "L9", "L11")  # what can be said of an environment in which no mask was found


def check_masked_env(
    target: Any,
    *,
    mask_fn: Callable[..., Any] | str | None = None,
    mask_at: str | None = None,
    mask_spec: MaskSpec | None = None,
    on_invalid: str | None = None,
    refused: Callable[..., bool | None] | str | None = None,
    seed: int = 0,
    steps: int = 100,
    time_budget: float | None = None,
    raise_on_failure: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Check an environment against the laws of docs/masks.md, by random legal play and by trying actions on copies.

    An environment without `mask_spec` may keep its mask in any of the usual places and forms
    (`masked_envs.adaptation`); the laws are then about what the mask says, not about where and in which form it
    says it. Of an environment in `ActionMask` or `adapt`, the environment inside is checked too.

    Args:
        target: an id that Gymnasium knows; a Gymnasium environment, vector environment, PettingZoo AEC or parallel
            environment; or a function that makes one. A function that takes `backend` and `time_limit` is checked for
            the laws about these too. A given environment is copied, and not stepped itself.
        mask_fn: for an environment that keeps its mask nowhere: (env) -> mask, of PettingZoo (env, agent) -> mask; or
            the name of a method or attribute.
        mask_at: where the mask is, if that is no usual place, as code: `info["legal"]`, see `masked_envs.adapt`.
        mask_spec: of that mask, where the action space leaves it open.
        on_invalid: what invalid actions do in an environment that does not declare it: "raise", "ignore", "penalise" or
            "terminate". Without it, this is found by trying some.
        refused: whether the environment refused an action: (before, action, after) -> True, False, or None if that
            cannot be said, of what the agent received before and after it (`AgentStep`, with `observation`, `info`,
            `reward`, `terminated`, `truncated`); or the name of a key of info that says so. An exception always does.
        seed: of the first episode and of all choices.
        steps: length of each random walk; every law takes one or more.
        time_budget: seconds, shared between the laws; the check ends within two seconds after it. None: no limit.
        raise_on_failure: whether a failed law raises.
        progress: called with the name of each law before it is checked.

    Returns:
        the findings law by law, what they are based on, and the profile of the mask.

    Raises:
        ConformanceError: a law failed. TypeError: not an environment. ValueError: unknown `on_invalid`.
    """
    if on_invalid is not None:
        check_choice("on_invalid", on_invalid, BEHAVIOURS)
    options = Options(mask_fn, mask_at, mask_spec, on_invalid=on_invalid, refused=refused)
    seed, steps = check_integer("seed", seed, 0), check_integer("steps", steps)
    budget = None if time_budget is None else finite("time_budget", time_budget)
    check = Check(target, options, seed, steps, budget, progress)
    report = check.report()
    if raise_on_failure and report.failures:
        raise ConformanceError(report)
    if raise_on_failure and not report.passed:
        warnings.warn(f"{report.target}: L7 is not judged: {check.why_not(report)}", NotJudgedWarning, stacklevel=2)
    return report


class Check:
    """One run of the checker; arguments as `check_masked_env`."""

    def __init__(
        self,
        target: Any,
        options: Options,
        seed: int,
        steps: int,
        time_budget: float | None,
        progress: Callable[[str], None] | None,
    ) -> None:
        self.target, self.options, self.seed, self.steps = target, options, seed, steps
        self.began, self.progress = time.monotonic(), progress
        self.ends = None if time_budget is None else self.began + time_budget
        self.findings: list[Finding] = []
        self.total = Evidence()
        self.title, self.behaviour, self.interface = "", "", ""
        self.places: tuple[str, ...] = ()
        self.profile = Profile()
        self.cut_short = False

    def report(self) -> Report:
        """Check everything, as far as time allows."""
        preflight = ""
        try:
            with watchdog(None if self.ends is None else self.ends - time.monotonic()):
                preflight = self._run()
        except OutOfTime:
            self.cut_short = True
        for law in LAWS:
            if all(finding.law != law or finding.status == "warning" for finding in self.findings):
                late = "the time budget is over: a call of the environment, or a copy of it, did not return in time"
                self.findings.append(Finding(law, "not judged", preflight or late))
        self.findings.sort(key=lambda finding: int(finding.law[1:]))
        coded = [replace(found, snippet=snippet(self.target, self.interface, found)) for found in self.findings]
        seconds = time.monotonic() - self.began
        coverage = Coverage(self.total.states, self.total.probes, len(LAWS), seconds, self.cut_short)
        title = self.title or (self.target if isinstance(self.target, str) else name_of(self.target))
        return Report(title, coded, self.profile, coverage, self.behaviour, self.places, preflight)

    @staticmethod
    def why_not(report: Report) -> str:
        """Why L7 is not judged."""
        return report.preflight or next(found.sentence for found in report.not_judged if found.law == "L7")

    def _run(self) -> str:
        """Hold the laws against the environment; or why that cannot be done."""
        make, make_vector = maker_of(self.target)
        if (synchronous := without_processes(self.target, make)) is not None:
            make = synchronous
            how = "an AsyncVectorEnv, whose processes cannot be copied: checked as a SyncVectorEnv of its functions"
            self.findings.append(Finding("L10", "warning", how))
        if why_not := obstacle(self.target, make):
            return why_not
        context = CheckContext(make, self.seed, self.steps, make_vector, self.options)
        context.deadline = self.ends
        if (wrapper := mask_wrapper(make())) is not None:
            options = options_inside(wrapper, self.options)
            context.inside = context.related(maker_inside(make), self.steps)
            context.inside.options = options
            if self.options.say_where:
                context = context.inside
        view = context.new_view()
        self.interface = view.interface
        name = self.target if isinstance(self.target, str) else view.env
        self.title = f"{name} ({view.interface}), seed {self.seed}"
        try:
            agents = view.reset(self.seed).agents.values()
        except Exception as error:  # an environment, or a mask_fn, may fail in any way
            return f"with its mask, reset(seed={self.seed}) raised {type(error).__name__}: {error}"
        self.places = () if view.declares else tuple(dict.fromkeys(place for agent in agents for place in agent.masks))
        has_mask = any(agent.masks for agent in agents)
        self._plain_ints(context, view)
        try:
            self._laws(context, has_mask, view.declares)
        finally:
            self.cut_short |= context.cut_short
        return ""

    def _plain_ints(self, context: CheckContext, view: EnvView) -> None:
        """Find out whether a third-party environment takes the actions that its space samples."""
        actions = context.choose(view, context.rng())
        if view.declares or actions is None or (error := view.attempt(actions).error) is None:
            return
        again = context.new_view()
        again.options = replace(context.options, plain_ints=True)
        again.reset(self.seed)
        plain = {name: again.typed(action) for name, action in actions.items()}
        if again.attempt(plain).error is None:
            context.options = again.options
            given, taken = (written(next(iter(tried.values()))) for tried in (actions, plain))
            words = f"{given}, as the action space samples it, raised {type(error).__name__}: {error}; {taken} is taken"
            self.findings.append(Finding("L7", "warning", words))

    def _laws(self, context: CheckContext, has_mask: bool, ours: bool) -> None:
        """One law after the other, each within its share of the time that is left."""
        if has_mask:
            self._weigh(context)
            # At once, so that no other law can take its time.
            context.until = self._share(SWEEPING)
            self.findings += verdict_on("L7", LAWS["L7"], context)
            self.total.add(context.evidence)
            if context.inside is not None and context.weighed is not None:
                self.total.add(context.weighed.evidence)
        for number, (law, check) in enumerate(LAWS.items()):
            if self.progress is not None:
                self.progress(law)
            if law == "L7" and has_mask:
                continue
            if context.is_over():
                self.findings.append(Finding(law, "not judged", "the time budget was over before"))
            elif not (has_mask or ours or law in WITHOUT_MASK):
                self.findings.append(Finding(law, "not judged", "no mask was found: see L3"))
            else:
                context.until = self._share(1 / (len(LAWS) - number))
                self.findings += verdict_on(law, check, context)
                if law != "L1":  # which is judged by what L7 tried
                    self.total.add(context.evidence)
        context.until = self.ends
        if has_mask:
            self.profile = replace(_profile(context), probes=self.total.probes)

    def _share(self, share: float) -> float | None:
        """When a share of the time that is left will be over."""
        now = time.monotonic()
        return None if self.ends is None else now + share * max(0.0, self.ends - now)

    def _weigh(self, context: CheckContext) -> None:
        """Try actions, which takes the most time, before the laws that are judged by what follows."""
        for which in filter(None, (context.inside, context)):
            which.until = self._share(WEIGHING)
            try:
                result = weighed(which)
                if which.shared_what_changes():
                    which.weighed = None
                    result = weighed(which)
            except Exception:  # an environment under test may fail in any way; the laws will say how
                return
            which.until = self.ends
            if which is (context.inside or context) and result.behaviour is not None:
                self.behaviour = result.behaviour.words


def _profile(context: CheckContext) -> Profile:
    try:
        return profile(context)
    except Exception:  # a profile is a courtesy; the laws say what is wrong
        return Profile()


def name_of(target: Any) -> str:
    """What a target is called."""
    return getattr(target, "__qualname__", "") or type(getattr(target, "unwrapped", target)).__name__
