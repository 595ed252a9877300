"""Distributions over intervals against scipy, quadrature and finite differences; far tails, points, products."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install 'masked-envs[torch]'")

from scipy import integrate, stats  # noqa: E402
from torch.distributions import kl_divergence  # noqa: E402

from masked_envs import MaskSpec  # noqa: E402
from masked_envs.torch import MaskedSquashedNormal, MaskedTruncatedNormal, distribution_for, num_logits  # noqa: E402

F64 = torch.float64
BOTH = [MaskedTruncatedNormal, MaskedSquashedNormal]
# loc, scale, low, high: inside, to either side, wide, narrow, far away
CASES = [
    (0.0, 1.0, -1.0, 2.0),
    (0.3, 0.5, -2.0, 0.1),
    (-3.0, 1.0, 0.0, 1.0),
    (4.0, 0.7, 0.0, 1.0),
    (0.0, 0.05, -1.0, 1.0),
    (1.0, 10.0, -1.0, 1.0),
    (0.2, 1.0, 0.5, 0.5001),
]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(3)


def one(cls, loc, scale, low, high, dtype=F64, grad=False):
    loc, scale = (torch.tensor([x], dtype=dtype, requires_grad=grad) for x in (loc, scale))
    return cls(loc, scale, torch.tensor([[low], [high]], dtype=dtype))


def integral(function, low, high, at):
    """Of a function of one number, with break points where its mass may be."""
    points = sorted({min(max(x, low), high) for x in at})
    whole = [low, *points, high]
    return sum(integrate.quad(function, a, b, limit=200)[0] for a, b in zip(whole, whole[1:], strict=False) if a < b)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cls", BOTH)
def test_density_entropy_and_divergence_by_quadrature(cls, case):
    loc, scale, low, high = case
    if cls is MaskedSquashedNormal:
        scale = min(scale, 1.5)  # with more, the mass is nearer to the bounds than float64 can tell apart
    p = one(cls, loc, scale, low, high)
    q = one(cls, loc + 0.4, scale * 1.5, low, high)

    def log_p(x, of=p):
        return of.log_prob(torch.tensor([x], dtype=F64)).item()

    if cls is MaskedTruncatedNormal:
        at = [loc + k * scale for k in (-8, -3, 0, 3, 8)]
    else:
        at = [(low + high) / 2 + (high - low) / 2 * math.tanh(loc + k * scale) for k in (-6, -3, -1, 0, 1, 3, 6)]
    tolerance = {"rel": 1e-4, "abs": 1e-5}
    assert integral(lambda x: math.exp(log_p(x)), low, high, at) == pytest.approx(1, **tolerance)
    entropy = integral(lambda x: -math.exp(log_p(x)) * log_p(x), low, high, at)
    assert p.entropy().item() == pytest.approx(entropy, rel=2e-3, abs=2e-3)
    divergence = integral(lambda x: math.exp(log_p(x)) * (log_p(x) - log_p(x, q)), low, high, at)
    assert kl_divergence(p, q).item() == pytest.approx(divergence, rel=2e-3, abs=2e-4)
    assert kl_divergence(p, p).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_truncated_equals_scipys(case):
    loc, scale, low, high = case
    p = one(MaskedTruncatedNormal, *case)
    theirs = stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc=loc, scale=scale)
    for x in np.linspace(low, high, 7):
        ours = p.log_prob(torch.tensor([x], dtype=F64)).item()
        assert ours == pytest.approx(theirs.logpdf(x), abs=1e-5)
    assert p.mean.item() == pytest.approx(theirs.mean(), rel=1e-5)
    # scipy's entropy takes the difference of two nearly equal numbers over narrow bounds
    assert p.entropy().item() == pytest.approx(
        theirs.entropy() if high - low > 0.01 else math.log(high - low), abs=1e-5
    )


@pytest.mark.parametrize("case", CASES)
def test_samples_follow_the_distribution(case):
    loc, scale, low, high = case
    for cls in BOTH:
        draws = one(cls, *case).sample((4000,)).squeeze(-1).numpy()
        assert draws.min() >= low and draws.max() <= high
        if cls is MaskedTruncatedNormal:
            exact = stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc=loc, scale=scale).cdf
        else:
            middle, half = (low + high) / 2, (high - low) / 2

            def exact(x, middle=middle, half=half):
                return stats.norm(loc, scale).cdf(np.arctanh(np.clip((x - middle) / half, -1, 1)))

            if half < 1e-3 or abs(loc) > 2 or scale > 5:
                continue  # so near the bounds that rounding makes steps of the distribution
        assert stats.kstest(draws, exact).pvalue > 1e-4


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cls", BOTH)
def test_gradients_equal_finite_differences(cls, case):
    loc, scale, low, high = case
    x = torch.tensor([low + 0.3 * (high - low)], dtype=F64)
    bounds = torch.tensor([[low], [high]], dtype=F64)
    parameters = tuple(torch.tensor([value], dtype=F64, requires_grad=True) for value in (loc, scale))

    def sampled(loc, scale):
        torch.manual_seed(11)
        return cls(loc, scale, bounds).rsample((5,))

    for function in (
        lambda *given: cls(*given, bounds).log_prob(x),
        lambda *given: cls(*given, bounds).entropy(),
        sampled,
    ):
        assert torch.autograd.gradcheck(function, parameters, eps=1e-5, atol=1e-4, rtol=2e-3)


def test_outside_the_bounds_nothing_is_allowed_and_nothing_is_learnt():
    for cls in BOTH:
        p = one(cls, 0.0, 1.0, -1.0, 1.0, grad=True)
        for x in (-1.01, 1.01, math.inf, math.nan):
            value = torch.tensor([x], dtype=F64)
            assert p.log_prob(value) == -math.inf and not p.support.check(value)
        loc = torch.zeros(1, requires_grad=True)
        cls(loc, torch.ones(1), torch.tensor([[-1.0], [1.0]])).log_prob(torch.tensor([2.0])).backward()
        assert loc.grad.item() == 0


@pytest.mark.parametrize("cls", BOTH)
def test_a_point_is_no_choice(cls):
    loc = torch.zeros(2, 2, requires_grad=True)
    scale = torch.ones(2, 2, requires_grad=True)
    bounds = torch.tensor([[[0.5, -1.0], [0.5, 1.0]], [[0.5, -1.0], [0.5, 1.0]]])
    p = cls(loc, scale, bounds)
    free = cls(loc[:, 1:], scale[:, 1:], bounds[..., 1:])
    x = torch.tensor([[0.5, 0.2], [0.5, -0.3]])
    assert torch.equal(p.sample((50,))[..., 0], torch.full((50, 2), 0.5))
    assert torch.equal(p.mode[:, 0], torch.tensor([0.5, 0.5]))
    torch.testing.assert_close(p.log_prob(x), free.log_prob(x[:, 1:]))
    torch.testing.assert_close(p.entropy(), free.entropy())
    (p.log_prob(x) + p.entropy() + p.rsample().sum(-1)).sum().backward()
    assert torch.equal(loc.grad[:, 0], torch.zeros(2)) and loc.grad[:, 1].abs().min() > 0
    assert torch.equal(scale.grad[:, 0], torch.zeros(2)) and torch.isfinite(scale.grad).all()
    elsewhere = cls(loc, scale, torch.tensor([[0.4, -1.0], [0.4, 1.0]]))
    assert (kl_divergence(p, elsewhere) == math.inf).all() and (kl_divergence(p, p) == 0).all()


@pytest.mark.parametrize("loc", [-1e4, -300.0, -50.0, 50.0, 300.0, 1e4])
@pytest.mark.parametrize("cls", BOTH)
def test_extreme_parameters_stay_finite(cls, loc):
    place = torch.full((3,), loc, requires_grad=True)
    scale = torch.tensor([0.01, 1.0, 100.0], requires_grad=True)
    p = cls(place, scale, torch.tensor([[0.0] * 3, [1.0] * 3]))
    sample = p.rsample((200,))
    assert (sample >= 0).all() and (sample <= 1).all()
    total = p.log_prob(sample.detach()).mean() + p.entropy() + sample.mean()
    assert torch.isfinite(total)
    total.backward()
    assert torch.isfinite(place.grad).all() and torch.isfinite(scale.grad).all()
    if cls is MaskedTruncatedNormal:  # the nearest bound has nearly all the mass
        assert abs(p.mode[1] - (0.0 if loc < 0 else 1.0)) == 0


def test_a_far_tail_is_exponential():
    """Beyond 50 standard deviations, the distance from the bound is exponential with rate alpha (Robert 1995)."""
    p = one(MaskedTruncatedNormal, -50.0, 1.0, 0.0, 1.0)
    draws = p.sample((20_000,))
    assert draws.mean().item() == pytest.approx(1 / 50, rel=0.03)
    assert p.entropy().item() == pytest.approx(1 - math.log(50), abs=2e-3)


@pytest.mark.parametrize("cls", BOTH)
def test_half_precision_is_computed_in_float32_and_batches_broadcast(cls):
    loc, scale = torch.randn(4, 3, 2).half(), torch.rand(4, 3, 2).half() + 0.5
    bounds = np.array([[-1.0, 0.0], [1.0, 0.25]], np.float32)
    p = cls(loc, scale, bounds)
    assert (p.batch_shape, p.event_shape) == ((4, 3), (2,))
    sample = p.sample((5,))
    assert sample.shape == (5, 4, 3, 2) and sample.dtype == torch.float32
    assert p.log_prob(sample).shape == (5, 4, 3) and p.log_prob(sample).dtype == torch.float32
    wide = p.expand((6, 4, 3))
    torch.testing.assert_close(wide.log_prob(sample[:1].expand(6, -1, -1, -1))[2], p.log_prob(sample[0]))
    assert wide.entropy().shape == (6, 4, 3) == kl_divergence(wide, wide).shape
    assert p.mask.shape == (4, 3, 2, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bounds": torch.zeros(3, 2)}, r"shape \(2, 2\)"),
        ({"bounds": torch.tensor([[1.0, 0.0], [0.0, 1.0]])}, "low <= high"),
        ({"bounds": torch.tensor([[math.nan, 0.0], [0.0, 1.0]])}, "finite"),
        ({"bounds": torch.zeros(2, 2, dtype=torch.int8)}, "floating-point"),
        ({"loc": torch.tensor([math.nan, 0.0])}, "finite"),
        ({"loc": torch.zeros(2, dtype=torch.int64)}, "floating-point"),
        ({"scale": torch.tensor([0.0, 1.0])}, "greater than 0"),
        ({"scale": torch.ones(3)}, "one shape"),
    ],
)
@pytest.mark.parametrize("cls", BOTH)
def test_what_makes_no_distribution_is_refused(cls, change, words):
    given = {"loc": torch.zeros(2), "scale": torch.ones(2), "bounds": torch.tensor([[-1.0, -1.0], [1.0, 1.0]])}
    p = cls(**given)
    with pytest.raises(ValueError, match=words):
        cls(**given | change)
    with pytest.raises(ValueError, match="shape"):
        p.log_prob(torch.zeros(3))


def test_distribution_for_reads_an_interval_in_halves_of_the_action_space():
    spec = MaskSpec.interval([0.0, -4.0], [10.0, 4.0])
    assert num_logits(spec) == 4
    mask = np.array([[2.0, -1.0], [8.0, 1.0]], np.float32)
    p = distribution_for(spec, torch.tensor([0.2, 0.5, 0.0, math.log(0.5)]), mask)
    torch.testing.assert_close(p.loc, torch.tensor([6.0, 2.0]))
    torch.testing.assert_close(p.scale, torch.tensor([5.0, 2.0]))
    assert spec.allows(mask, p.sample().numpy())
    huge = distribution_for(spec, torch.tensor([0.0, 0.0, 1e9, -1e9]), mask)
    assert torch.isfinite(huge.entropy())


def test_a_product_of_kinds():
    parts = {
        "gear": MaskSpec.flat(3),
        "where": MaskSpec.conditional([2, 3]),
        "flags": MaskSpec.binary(2),
        "power": MaskSpec.interval([0.0], [1.0]),
    }
    spec = MaskSpec.dict(parts)
    masks = {name: part.full(5) for name, part in parts.items()}
    masks["gear"][:, 0] = 0
    assert num_logits(spec) == 3 + (2 + 6) + 2 + 2
    logits = torch.randn(5, num_logits(spec), requires_grad=True)
    p, q = distribution_for(spec, logits, masks), distribution_for(spec, torch.randn(5, num_logits(spec)), masks)
    action = p.sample()
    assert set(action) == set(parts) and p.support.check(action).all()
    assert spec.allows(masks, {name: value.numpy() for name, value in action.items()}).all()
    columns = torch.split(logits, [num_logits(part) for part in spec.parts], -1)
    for total, of in ((p.log_prob(action), "log_prob"), (p.entropy(), "entropy"), (kl_divergence(p, q), "kl")):
        expected = 0
        for (name, part), own, theirs in zip(spec.items(), columns, q.parts.values(), strict=True):
            alone = distribution_for(part, own, masks[name])
            expected = (
                expected
                + {
                    "log_prob": lambda a=alone, n=name: a.log_prob(action[n]),
                    "entropy": alone.entropy,
                    "kl": lambda a=alone, t=theirs: kl_divergence(a, t),
                }[of]()
            )
        torch.testing.assert_close(total, expected)
    (p.log_prob(action) + p.entropy()).sum().backward()
    gear = logits.grad[:, num_logits(parts["flags"]) :][:, :3]  # the names are sorted: flags, gear, power, where
    assert (gear[:, 0] == 0).all() and gear[:, 1].abs().min() > 0
    wrong = {**action, "gear": torch.zeros(5, dtype=torch.int64)}
    assert (p.log_prob(wrong) == -math.inf).all() and not p.support.check(wrong).any()
    for bad, words in (
        ({"gear": action["gear"]}, "keys"),
        (tuple(action.values()), "dict with keys"),
        ({**action, "gear": action["gear"] + 9}, "part 'gear'"),
    ):
        with pytest.raises(ValueError, match=words):
            p.log_prob(bad)
    assert p.expand((7, 5)).entropy().shape == (7, 5)
    pair = distribution_for(
        MaskSpec.dict((MaskSpec.flat(2), MaskSpec.flat(3))), torch.zeros(5), (np.ones(2, bool), np.ones(3, bool))
    )
    assert isinstance(pair.sample(), tuple) and pair.entropy().item() == pytest.approx(math.log(6))
