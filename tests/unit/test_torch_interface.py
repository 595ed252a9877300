"""The interface of torch.distributions, held against torch's own distributions under masks that allow everything."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install 'masked-envs[torch]'")

from scipy import integrate, stats  # noqa: E402
from torch.distributions import (  # noqa: E402
    AffineTransform,
    Bernoulli,
    Categorical,
    Independent,
    Normal,
    TanhTransform,
    TransformedDistribution,
    kl_divergence,
)

from masked_envs.torch import (  # noqa: E402
    MaskedBinary,
    MaskedCategorical,
    MaskedConditional,
    MaskedDict,
    MaskedJoint,
    MaskedPerHead,
    MaskedSquashedNormal,
    MaskedTruncatedNormal,
)

F64 = torch.float64
BATCH = (2, 3)
LOW, HIGH = -2.0, 3.0


def ones(*shape):
    return torch.ones(shape, dtype=torch.bool)


def categorical():
    logits = torch.randn(*BATCH, 5, dtype=F64)
    return MaskedCategorical(logits, ones(5)), Categorical(logits=logits)


def binary():
    logits = torch.randn(*BATCH, 4, dtype=F64)
    return MaskedBinary(logits, ones(4, 2)), Independent(Bernoulli(logits=logits), 1)


def truncated():
    """Bounds 10^4 deviations away change nothing that float64 can hold."""
    loc, scale = torch.randn(*BATCH, 2, dtype=F64), torch.rand(*BATCH, 2, dtype=F64) + 0.5
    bounds = torch.tensor([[-1e4, -1e4], [1e4, 1e4]], dtype=F64)
    return MaskedTruncatedNormal(loc, scale, bounds), Independent(Normal(loc, scale), 1)


def squashed():
    loc, scale = torch.randn(*BATCH, 2, dtype=F64) / 2, torch.rand(*BATCH, 2, dtype=F64) / 2 + 0.1
    bounds = torch.tensor([[LOW, LOW], [HIGH, HIGH]], dtype=F64)
    onto = AffineTransform((LOW + HIGH) / 2, (HIGH - LOW) / 2)
    theirs = Independent(TransformedDistribution(Normal(loc, scale), [TanhTransform(), onto]), 1)
    return MaskedSquashedNormal(loc, scale, bounds), theirs


PAIRS = [categorical, binary, truncated, squashed]
WHOLE = [categorical, binary, truncated]  # of which torch has every property
WITHOUT_ORDER = {
    "categorical": lambda: MaskedCategorical(torch.randn(*BATCH, 6), ones(6)),
    "per_head": lambda: MaskedPerHead(torch.randn(*BATCH, 5), ones(5), (2, 3)),
    "joint": lambda: MaskedJoint(torch.randn(*BATCH, 6), ones(2, 3), (2, 3)),
    "conditional": lambda: MaskedConditional(torch.randn(*BATCH, 8), ones(2, 3), (2, 3)),
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(7)


@pytest.mark.parametrize("make", PAIRS)
def test_shapes_flags_and_support_are_torchs(make):
    ours, theirs = make()
    assert (ours.batch_shape, ours.event_shape) == (theirs.batch_shape, theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert ours.has_enumerate_support == theirs.has_enumerate_support
    assert ours.support.is_discrete == theirs.support.is_discrete
    assert ours.support.event_dim == theirs.support.event_dim
    values = ours.sample((4,))
    assert values.shape == theirs.sample((4,)).shape
    assert ours.support.check(values).shape == theirs.support.check(values.to(F64)).shape
    for shape in ((4, *BATCH), (1, *BATCH)):
        wide, theirs_wide = ours.expand(shape), theirs.expand(shape)
        assert (wide.batch_shape, wide.event_shape) == (theirs_wide.batch_shape, theirs_wide.event_shape)
        torch.testing.assert_close(wide.log_prob(wide.mode), ours.log_prob(ours.mode).expand(shape))


@pytest.mark.parametrize("make", PAIRS)
def test_log_probabilities_are_torchs(make):
    ours, theirs = make()
    values = ours.sample((50,))
    torch.testing.assert_close(ours.log_prob(values), theirs.log_prob(values.to(F64)), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("make", WHOLE)
def test_moments_entropy_mode_and_divergence_are_torchs(make):
    (ours, theirs), (other, theirs_other) = make(), make()
    for name in ("mean", "variance", "stddev"):
        expected = getattr(theirs, name)
        torch.testing.assert_close(getattr(ours, name), expected, equal_nan=True, check_dtype=False, msg=name)
        assert getattr(ours, name).shape == expected.shape
    torch.testing.assert_close(ours.mode.to(F64), theirs.mode.to(F64))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())
    torch.testing.assert_close(ours.perplexity(), theirs.perplexity())
    torch.testing.assert_close(kl_divergence(ours, other), kl_divergence(theirs, theirs_other))


def test_moments_between_bounds_are_scipys():
    loc, scale, low, high = 0.3, 0.7, -0.5, 0.4
    p = MaskedTruncatedNormal(
        *(torch.tensor([x], dtype=F64) for x in (loc, scale)), torch.tensor([[low], [high]]).double()
    )
    theirs = stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc=loc, scale=scale)
    assert p.mean.item() == pytest.approx(theirs.mean(), rel=1e-6)
    assert p.stddev.item() == pytest.approx(theirs.std(), rel=1e-6)


@pytest.mark.parametrize(
    ("loc", "scale"), [(0.2, 0.1), (-1.0, 0.9), (0.5, 1.5), (-3.0, 4.0), (2.0, 100.0), (0.0, 0.01)]
)
def test_moments_of_a_squashed_normal_by_quadrature(loc, scale):
    p = MaskedSquashedNormal(
        *(torch.tensor([x], dtype=F64) for x in (loc, scale)), torch.tensor([[LOW], [HIGH]]).double()
    )

    def expectation(function):
        def weighted(z):
            return function((LOW + HIGH) / 2 + (HIGH - LOW) / 2 * math.tanh(loc + scale * z)) * stats.norm.pdf(z)

        step = min(max(-loc / scale, -9), 9)  # where tanh is steep
        return sum(integrate.quad(weighted, *ends, limit=400, points=None)[0] for ends in ((-9, step), (step, 9)))

    mean = expectation(lambda x: x)
    assert p.mean.item() == pytest.approx(mean, abs=2e-3)
    assert p.variance.item() == pytest.approx(expectation(lambda x: (x - mean) ** 2), abs=5e-3)


@pytest.mark.parametrize("name", WITHOUT_ORDER)
def test_choices_without_an_order_have_moments_of_nan(name):
    p = WITHOUT_ORDER[name]()
    for moment in (p.mean, p.variance, p.stddev):
        assert moment.shape == p.batch_shape + p.event_shape
        assert moment.isnan().all() and moment.dtype == torch.float32


def test_a_forced_bit_has_no_variance():
    p = MaskedBinary(torch.zeros(2), torch.tensor([[0, 1], [1, 1]]).bool())
    assert p.mean.tolist() == [1.0, 0.5] and p.variance.tolist() == [0.0, 0.25]


@pytest.mark.parametrize("name", ["joint", "conditional"])
def test_combinations_are_enumerated_in_row_major_order(name):
    p = WITHOUT_ORDER[name]()
    every = np.array(list(np.ndindex(2, 3)))
    assert p.has_enumerate_support
    assert p.enumerate_support(expand=False).shape == (6, 1, 1, 2)
    assert (p.enumerate_support()[:, 1, 2].numpy() == every).all()
    torch.testing.assert_close(p.log_prob(p.enumerate_support()).exp().sum(0), torch.ones(BATCH))


@pytest.mark.parametrize("name", [*WITHOUT_ORDER, "binary", "truncated"])
def test_what_does_not_exist_says_so(name):
    p = {"binary": lambda: binary()[0], "truncated": lambda: truncated()[0], **WITHOUT_ORDER}[name]()
    asked = [(lambda: p.cdf(p.mode), "cdf"), (lambda: p.icdf(p.mode), "icdf")]
    if not p.has_rsample:
        asked.append((p.rsample, "discrete.*sample()"))
    if not p.has_enumerate_support:
        asked.append((p.enumerate_support, "enumerate"))
    for call, words in asked:
        with pytest.raises(NotImplementedError, match=f"{type(p).__name__}.*{words}"):
            call()


def test_a_dict_has_what_its_parts_have():
    parts = {"gear": categorical()[0], "power": truncated()[0]}
    p = MaskedDict(parts)
    for name in ("mean", "variance", "stddev"):
        for key, part in parts.items():
            torch.testing.assert_close(getattr(p, name)[key], getattr(part, name), equal_nan=True)
    assert p.support.is_discrete and not p.has_rsample
    assert not MaskedDict((truncated()[0],)).support.is_discrete and MaskedDict((truncated()[0],)).has_rsample
