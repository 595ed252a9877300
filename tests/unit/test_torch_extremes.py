"""Whatever finite numbers a network gives: legal actions, finite log-probabilities and finite gradients, of every kind.

Legality is judged by `MaskSpec`, far tails by mpmath. Numbers that are not finite are refused as a diverged policy.
"""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install 'masked-envs[torch]'")

from torch.distributions import kl_divergence  # noqa: E402

from masked_envs import MaskSpec, trees  # noqa: E402
from masked_envs.torch import (  # noqa: E402
    MaskedCategorical,
    MaskedSquashedNormal,
    MaskedTruncatedNormal,
    distribution_for,
    num_logits,
    score_candidates,
)

F64 = torch.float64
ROWS = 48
SPECS = {
    "flat": MaskSpec.flat(5),
    "candidates": MaskSpec.candidates(4),
    "per_head": MaskSpec.per_head([2, 3, 3]),
    "joint": MaskSpec.joint([3, 4]),
    "conditional": MaskSpec.conditional([3, 4]),
    "binary": MaskSpec.binary(4),
    "interval": MaskSpec.interval([-6.0, 0.0, -1e-3], [6.0, 1000.0, 1e-3]),
    "conditional, three heads": MaskSpec.conditional([2, 3, 4]),
    "dict": MaskSpec.dict(
        {"gear": MaskSpec.flat(3), "on": MaskSpec.binary(2), "power": MaskSpec.interval([0.0], [2.0])}
    ),
    "tuple of all others": MaskSpec.dict(
        [
            MaskSpec.per_head([2, 3]),
            MaskSpec.joint([2, 2]),
            MaskSpec.conditional([2, 3]),
            MaskSpec.dict({"flat": MaskSpec.flat(2), "interval": MaskSpec.interval([-1.0, 0.0], [1.0, 9.0])}),
        ]
    ),
}
MASKS = {"conditional, three heads": MaskSpec.joint([2, 3, 4])}  # whose whole table the distribution takes
DTYPES = [torch.float16, torch.bfloat16, torch.float32, F64]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(5)


def random_mask(spec, rng, rows=ROWS):
    """A batch of canonical masks, none of them empty; of an interval, wide, narrow, one float wide and a point."""
    if spec.kind == "dict":
        return spec.pack([random_mask(part, rng, rows) for part in spec.parts])
    if spec.kind == "interval":
        low, high = np.float32(spec.low), np.float32(spec.high)
        ends = np.sort(rng.uniform(low, high, (rows, 2, len(low))).astype(np.float32), axis=1)
        choice = rng.integers(4, size=ends[:, 0].shape)
        above = np.minimum(np.nextafter(ends[:, 0], np.float32(np.inf)), high)
        near = np.minimum(ends[:, 0] + np.float32(1e-6), high)
        ends[:, 1] = np.select([choice == 0, choice == 1, choice == 2], [above, near, ends[:, 0]], ends[:, 1])
        return ends
    actions = spec.sample(spec.full(rows), rng)  # one that stays legal
    mask = spec.full(rows) * (rng.random(spec.full(rows).shape) < 0.5)
    for row, action in enumerate(np.asarray(actions)):
        if spec.kind == "binary":
            mask[row, np.arange(spec.n), action] = 1
        elif spec.kind == "per_head":
            mask[row, np.cumsum([0, *spec.nvec[:-1]]) + action] = 1
        else:
            mask[(row, *np.atleast_1d(action))] = 1
    return mask.astype(np.int8)


def extreme_logits(dtype, shape):
    """Ends of the dtype, numbers of every size between, subnormals and zeros, in one row or all alike; finite."""
    ends = torch.finfo(dtype)
    sizes = torch.rand(shape, dtype=F64) * (math.log(ends.max) - math.log(ends.tiny)) + math.log(ends.tiny)
    values = sizes.exp().clamp(max=ends.max) * torch.where(torch.rand(shape) < 0.5, -1.0, 1.0)
    subnormal = ends.tiny * ends.eps  # the smallest number above 0
    limits = torch.tensor([ends.max, ends.min, ends.tiny, -ends.tiny, subnormal, -subnormal, 0.0, -0.0], dtype=F64)
    values = torch.where(torch.rand(shape) < 0.5, limits[torch.randint(len(limits), shape)], values)
    values[::3] = values[::3, :1]  # all alike
    values[1::6] = limits[torch.randint(len(limits), (len(values[1::6]), 1))]  # all at one limit
    values[4] = limits[torch.arange(shape[-1]) % 2]  # as far apart as can be
    return values.to(dtype).requires_grad_()


def as_arrays(action):
    return trees.map(lambda part: part.numpy(), action)


def as_tensors(action):
    return trees.map(lambda part: torch.from_numpy(np.asarray(part)), action)


def check_everything(p, q, spec, mask, logits, rng):
    """Of a distribution and another under the same mask."""
    sampled = p.sample()
    for action in (sampled, p.mode):
        assert spec.allows(mask, as_arrays(action)).all()
    others = as_tensors(spec.sample(mask, rng))
    results = {
        "log_prob of the sample": p.log_prob(sampled),
        "log_prob of the mode": p.log_prob(p.mode),
        "log_prob of any legal action": p.log_prob(others),
        "entropy": p.entropy(),
        "KL": kl_divergence(p, q),
    }
    for name, result in results.items():
        assert torch.isfinite(result).all(), name
        (grad,) = torch.autograd.grad(result.sum(), logits, retain_graph=True, allow_unused=True)
        assert grad is None or torch.isfinite(grad).all(), name


@pytest.mark.parametrize("dtype", DTYPES[:3])
@pytest.mark.parametrize("kind", SPECS)
def test_any_finite_logits_give_legal_actions_and_finite_gradients(kind, dtype):
    spec, rng = SPECS[kind], np.random.default_rng(1)
    judge = MASKS.get(kind, spec)
    for _ in range(6):
        mask = random_mask(judge, rng)
        logits = extreme_logits(dtype, (ROWS, num_logits(spec)))
        q_logits = extreme_logits(dtype, (ROWS, num_logits(spec)))
        p, q = distribution_for(spec, logits, mask), distribution_for(spec, q_logits, mask)
        check_everything(p, q, judge, mask, logits, rng)
        if dtype == torch.float16:
            (grad,) = torch.autograd.grad(kl_divergence(p.expand((2, ROWS)), q.expand((2, ROWS))).sum(), logits)
            assert torch.isfinite(grad).all()


def test_a_gradient_beyond_float16_keeps_its_direction_and_a_scaled_loss_still_overflows():
    """The second is how torch's GradScaler finds the scale."""
    spec = MaskSpec.interval([-1.0], [1.0])
    given = torch.tensor([[8.0, -3.0], [60_000.0, -4.5], [0.25, 0.0]])  # beyond float16; far beyond; within

    def gradient(dtype, scale=1.0):
        logits = given.to(dtype).requires_grad_()
        p = distribution_for(spec, logits, spec.full(3))
        (grad,) = torch.autograd.grad(scale * p.log_prob(torch.full((3, 1), -0.75)).sum(), logits)
        return grad.float()

    exact, half = gradient(torch.float32), gradient(torch.float16)
    largest = exact.abs().amax(-1)
    assert largest[1] > 65_504 > half.abs().max() > 6e4
    torch.testing.assert_close(
        half / half.abs().amax(-1, keepdim=True), exact / largest.unsqueeze(-1), rtol=1e-3, atol=1e-3
    )
    torch.testing.assert_close(half[2], exact[2], rtol=1e-3, atol=0.0)
    assert torch.isinf(gradient(torch.float16, scale=2.0)).any()


@pytest.mark.parametrize("kind", SPECS)
def test_float64_logits_are_served_or_refused_as_diverged(kind):
    spec, rng = SPECS[kind], np.random.default_rng(2)
    judge = MASKS.get(kind, spec)
    mask = random_mask(judge, rng)
    logits = extreme_logits(F64, (ROWS, num_logits(spec)))
    try:
        p = distribution_for(spec, logits, mask)
    except ValueError as error:
        assert kind in ("interval", "dict", "tuple of all others") and "the policy has diverged" in str(error)
    else:
        check_everything(p, p, judge, mask, logits, rng)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", SPECS)
def test_logits_that_are_not_finite_are_a_diverged_policy(kind, bad):
    spec = SPECS[kind]
    if kind == "binary" and bad == -math.inf:
        return  # each bit has a second logit, 0, and is never 1
    with pytest.raises(ValueError, match="the policy has diverged"):
        distribution_for(spec, torch.full((2, num_logits(spec)), bad), MASKS.get(kind, spec).full(2))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("kind", SPECS)
def test_so_is_a_single_one_at_any_place(kind, bad):
    """Where everything is legal, each logit decides something."""
    spec = SPECS[kind]
    for place in range(num_logits(spec)):
        logits = torch.zeros(2, num_logits(spec))
        logits[1, place] = bad
        with pytest.raises(ValueError, match="the policy has diverged"):
            distribution_for(spec, logits, MASKS.get(kind, spec).full(2))


@pytest.mark.parametrize("dtype", DTYPES[:3])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_a_forbidden_action_has_for_a_logit_changes_nothing(bad, dtype):
    mask = torch.tensor([[True, False, True], [False, True, False]])
    given = torch.tensor([[1.0, bad, 3.0], [bad, 2.0, bad]], dtype=dtype).requires_grad_()
    p = MaskedCategorical(given, mask)
    expected = MaskedCategorical(torch.where(mask, given.detach(), 0.0), mask)
    actions = torch.tensor([2, 1])
    assert torch.equal(p.log_prob(actions), expected.log_prob(actions)) and torch.equal(p.entropy(), expected.entropy())
    (p.log_prob(actions) + p.entropy()).sum().backward()
    assert torch.isfinite(given.grad).all() and (given.grad[~mask] == 0).all()


@pytest.mark.parametrize("dtype", DTYPES[:3])
def test_scores_of_candidates_at_the_ends_are_served_or_diverged(dtype):
    """`score_candidates` multiplies a query and keys: what overflows in that is a diverged policy, and never NaN."""
    mask = torch.ones(2, 3, dtype=torch.bool)
    largest = torch.finfo(dtype).max
    for size in (torch.finfo(dtype).tiny, 1.0, largest**0.4, largest):
        query = torch.full((2, 4), size, dtype=dtype)
        embeddings = torch.full((2, 3, 4), size, dtype=dtype)
        scores = score_candidates(torch.nn.Identity(), query, embeddings, mask)
        if bool(torch.isfinite(scores).all()):
            p = distribution_for(MaskSpec.candidates(3), scores, mask)
            assert torch.isfinite(p.log_prob(p.sample())).all() and size < largest
        else:
            with pytest.raises(ValueError, match="the policy has diverged"):
                distribution_for(MaskSpec.candidates(3), scores, mask)


@pytest.mark.parametrize("cls", [MaskedTruncatedNormal, MaskedSquashedNormal])
def test_any_finite_loc_and_scale_are_served(cls):
    spec, rng = SPECS["interval"], np.random.default_rng(3)
    largest = torch.finfo(torch.float32).max
    for size in (1.0, 1e4, 1e8, 1e9, 1e20, 1e30, largest):
        mask = random_mask(spec, rng)
        loc = (torch.randn(ROWS, 3) * size).clamp(-largest, largest).requires_grad_()
        scale = (torch.randn(ROWS, 3) * size ** torch.randint(-1, 2, (ROWS, 3))).abs().clamp(1e-38, largest)
        p, q = cls(loc, scale.requires_grad_(), mask), cls(torch.zeros(ROWS, 3), torch.ones(ROWS, 3), mask)
        check_everything(p, q, spec, mask, loc, rng)
        (p.rsample().sum() + p.log_prob(p.sample()).sum() + p.entropy().sum()).backward()
        assert torch.isfinite(scale.grad).all() and torch.isfinite(loc.grad).all()
        assert torch.isfinite(p.mean).all() and (p.variance >= 0).all()


def test_what_the_usual_formula_does_with_them():
    """Negative control: the truncated normal in the distances of the bounds from loc, as textbooks write it."""
    alpha, beta = torch.tensor([6e8], dtype=F64), torch.tensor([6e8 + 1.0], dtype=F64)
    mass = torch.special.ndtr(-alpha) - torch.special.ndtr(-beta)
    assert torch.special.ndtri(torch.special.ndtr(-beta) + 0.5 * mass).isinf()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("cls", [MaskedTruncatedNormal, MaskedSquashedNormal])
def test_unchecked_parameters_that_are_not_finite_still_give_legal_samples(cls, value):
    bounds = torch.tensor([[-1.0, 0.0], [1.0, 0.5]])
    p = cls(torch.full((7, 2), value), torch.ones(7, 2), bounds, validate_args=False)
    for action in (p.sample(), p.mode):
        assert ((action >= bounds[0]) & (action <= bounds[1])).all()


# --- far tails --------------------------------------------------------------------------------------------------------

TAILS = [(-1e3, 1.0), (-1e6, 1.0), (-1e8, 1.0), (3e7, 0.5), (1e8, 2.0), (0.5, 1e-6), (-0.25, 1e-3)]


def exact(loc, scale):
    """log Z, mean and variance of the normal between 0 and 1, by mpmath with enough digits for the cancellation."""
    mp = pytest.importorskip("mpmath", reason="comes with torch").mp
    with mp.workdps(80):
        loc, scale = mp.mpf(loc), mp.mpf(scale)
        mode = min(max(loc, mp.mpf(0)), mp.mpf(1))
        z = (mode - loc) / scale
        lower, upper = (0 - mode) / scale, (1 - mode) / scale
        reach = 60 / (abs(z) + 8)  # beyond it there is less than exp(-60) of the mass
        lower, upper = max(lower, -60 * reach), min(upper, 60 * reach)
        points = sorted({lower, upper, mp.mpf(0), *(side * reach * k for side in (-1, 1) for k in (1, 4, 12))})
        points = [point for point in points if lower <= point <= upper]
        integrals = [mp.quad(lambda u, k=k: u**k * mp.exp(-(z * u + u * u / 2)), points) for k in range(3)]
        mass, first, second = integrals[0], integrals[1] / integrals[0], integrals[2] / integrals[0]
        log_density_at_mode = -mp.log(scale) - mp.log(mass)
        return float(log_density_at_mode), float(mode + scale * first), float(scale**2 * (second - first**2))


@pytest.mark.parametrize(("loc", "scale"), TAILS)
def test_far_tails_equal_arithmetic_of_80_digits(loc, scale):
    at_mode, mean, variance = exact(loc, scale)
    p = MaskedTruncatedNormal(
        *(torch.tensor([x], dtype=F64) for x in (loc, scale)), torch.tensor([[0.0], [1.0]], dtype=F64)
    )
    assert p.log_prob(p.mode).item() == pytest.approx(at_mode, abs=1e-7)
    distance = abs(mean - p.mode.item())
    assert abs(p.mean.item() - p.mode.item()) == pytest.approx(distance, rel=1e-6, abs=1e-15)
    assert p.variance.item() == pytest.approx(variance, rel=1e-6)


@pytest.mark.parametrize("alpha", [200.0, 3e4, 1e6, 1e8])
def test_samples_of_a_far_tail_are_exponential_in_value_and_gradient(alpha):
    """alpha deviations above loc the distance u from the bound is exponential with rate alpha, to 1 / alpha^2.

    A quantile of it is proportional to scale^2 and to 1 / (bound - loc), which gives its derivatives.
    """
    stats = pytest.importorskip("scipy.stats", reason="needs scipy")
    loc, scale = (torch.tensor([x], dtype=F64, requires_grad=True) for x in (-alpha, 1.0))
    p = MaskedTruncatedNormal(loc, scale, torch.tensor([[0.0], [1.0]], dtype=F64))
    draws = p.rsample((4000,))
    assert stats.kstest(draws.detach().numpy().ravel() * alpha, stats.expon.cdf).pvalue > 1e-3
    by_loc, by_scale = torch.autograd.grad(draws.sum(), (loc, scale))
    assert by_loc.item() == pytest.approx(draws.sum().item() / alpha, rel=1e-2)
    assert by_scale.item() == pytest.approx(2 * draws.sum().item(), rel=1e-2)


def test_moments_can_be_differentiated_twice():
    bounds = torch.tensor([[-0.5], [1.0]], dtype=F64)
    given = tuple(torch.tensor([x], dtype=F64, requires_grad=True) for x in (0.3, 0.8))
    q = MaskedTruncatedNormal(*(torch.tensor([x], dtype=F64) for x in (-0.2, 1.1)), bounds)
    for function in (
        lambda *given: MaskedTruncatedNormal(*given, bounds).entropy(),
        lambda *given: MaskedTruncatedNormal(*given, bounds).log_prob(torch.tensor([0.7], dtype=F64)),
        lambda *given: kl_divergence(MaskedTruncatedNormal(*given, bounds), q),
    ):
        assert torch.autograd.gradgradcheck(function, given)
