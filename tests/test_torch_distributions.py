"""The masked distributions against torch's own, brute-force enumeration, a peer's probabilities and counted frequencies."""

import itertools
import math
import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install masked-envs[torch]")
from torch.distributions import Bernoulli, Categorical, Distribution, kl_divergence  # noqa: E402

from masked_envs import MaskSpec  # noqa: E402
from masked_envs.torch import (  # noqa: E402
    MaskedBinary,
    MaskedCategorical,
    MaskedJoint,
    MaskedPerHead,
    distribution_for,
    num_logits,
)

NVEC = (2, 3, 3, 4)  # two equal neighbours, so that a head is sometimes alone and sometimes not


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(7)


def random_mask(*shape):
    """Bool mask with at least one legal entry along the last dimension."""
    mask = torch.rand(shape) < 0.5
    return mask.scatter(-1, torch.randint(shape[-1], (*shape[:-1], 1)), True)


def per_head_case(batch=5):
    mask = torch.cat([random_mask(batch, n) for n in NVEC], -1)
    return MaskedPerHead(torch.randn(batch, sum(NVEC), dtype=torch.float64), mask, NVEC)


def joint_case(batch=5):
    mask = random_mask(batch, 6).view(batch, 2, 3)
    return MaskedJoint(torch.randn(batch, 6, dtype=torch.float64), mask)


def binary_case(batch=5, n=4):
    return MaskedBinary(torch.randn(batch, n, dtype=torch.float64), random_mask(batch, n, 2))


def categorical_case(batch=5, n=7):
    return MaskedCategorical(torch.randn(batch, n, dtype=torch.float64), random_mask(batch, n))


CASES = {
    "categorical": categorical_case,
    "per_head": per_head_case,
    "joint": joint_case,
    "binary": binary_case,
}
FACTORED = [per_head_case, joint_case, binary_case]


def legal_only(distribution, row):
    """Torch's own distribution over the legal actions of one row, and those actions."""
    legal = distribution.mask[row].nonzero().squeeze(-1)
    return Categorical(logits=distribution.logits[row][legal], validate_args=False), legal


# --- MaskedCategorical against torch's Categorical on the legal logits --------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_categorical_equals_torchs_on_the_legal_logits(n, dtype):
    logits, mask = 3 * torch.randn(20, n, dtype=dtype), random_mask(20, n)
    ours = MaskedCategorical(logits=logits, mask=mask)
    entropy = ours.entropy()
    for row in range(20):
        legal = mask[row].nonzero().squeeze(-1)
        theirs = Categorical(logits=logits[row][legal].double())
        one = MaskedCategorical(logits=logits[row], mask=mask[row])
        torch.testing.assert_close(one.log_prob(legal).double(), theirs.logits, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(ours.probs[row][legal].double(), theirs.probs, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(entropy[row].double(), theirs.entropy(), rtol=1e-5, atol=1e-6)
        assert ours.mode[row] == legal[logits[row][legal].argmax()]
        assert not ours.probs[row][~mask[row]].any()
        assert (ours.logits[row][~mask[row]] == -math.inf).all()


def test_kl_equals_torchs_on_the_legal_logits():
    mask = random_mask(20, 9)
    p_logits, q_logits = torch.randn(2, 20, 9, dtype=torch.float64)
    kl = kl_divergence(MaskedCategorical(p_logits, mask), MaskedCategorical(q_logits, mask))
    for row in range(20):
        p, q = (Categorical(logits=logits[row][mask[row]]) for logits in (p_logits, q_logits))
        torch.testing.assert_close(kl[row], kl_divergence(p, q))


def test_probabilities_equal_maskable_categorical():
    peer = pytest.importorskip("sb3_contrib.common.maskable.distributions", reason="needs sb3-contrib")
    logits, mask = torch.randn(50, 11), random_mask(50, 11)
    theirs = peer.MaskableCategorical(logits=logits, masks=mask)
    ours = MaskedCategorical(logits, mask)
    torch.testing.assert_close(ours.probs, theirs.probs)
    torch.testing.assert_close(ours.entropy(), theirs.entropy())


# --- the factored distributions against enumeration ---------------------------------------------------------


def every_action(distribution):
    return torch.tensor(list(itertools.product(*(range(n) for n in distribution.nvec))))


def per_head_probs(d, row, action):
    starts = np.cumsum((0, *d.nvec))
    return math.prod(float(d.probs[row, starts[k] + a]) for k, a in enumerate(action))


def joint_probs(d, row, action):
    return float(d.probs[row][tuple(action)])


def binary_probs(d, row, action):
    return math.prod(float(d.probs[row, i] if bit else 1 - d.probs[row, i]) for i, bit in enumerate(action))


def softmax_over(logits, mask):
    weights = [math.exp(z) if legal else 0.0 for z, legal in zip(logits, mask, strict=True)]
    return [w / sum(weights) for w in weights]


def brute_force_probs(kind, logits, mask, nvec):
    """Probability of every action in order of enumeration, from raw logits and mask with the definition alone."""
    logits, actions = logits.tolist(), itertools.product(*(range(n) for n in nvec))
    if kind == "joint":
        return softmax_over(logits, mask.flatten().tolist())
    if kind == "binary":
        heads = [softmax_over((0.0, z), m) for z, m in zip(logits, mask.tolist(), strict=True)]
    else:
        ends = list(itertools.accumulate(nvec))
        parts = [slice(end - n, end) for end, n in zip(ends, nvec, strict=True)]
        heads = [softmax_over(logits[part], mask.tolist()[part]) for part in parts]
    return [math.prod(head[a] for head, a in zip(heads, action, strict=True)) for action in actions]


def factored_inputs(kind, batch):
    if kind == "per_head":
        return torch.randn(batch, sum(NVEC), dtype=torch.float64), torch.cat([random_mask(batch, n) for n in NVEC], -1)
    if kind == "joint":
        return torch.randn(batch, math.prod(NVEC), dtype=torch.float64), random_mask(batch, 72).view(batch, *NVEC)
    return torch.randn(batch, 5, dtype=torch.float64), random_mask(batch, 5, 2)


def build(kind, logits, mask, validate_args=None):
    if kind == "per_head":
        return MaskedPerHead(logits, mask, NVEC, validate_args)
    if kind == "joint":
        return MaskedJoint(logits, mask, NVEC, validate_args)
    return MaskedBinary(logits, mask, validate_args) if kind == "binary" else MaskedCategorical(logits, mask)


@pytest.mark.parametrize("kind", ["per_head", "joint", "binary"])
def test_factored_distributions_equal_enumeration(kind):
    logits, mask = factored_inputs(kind, 4)
    other_logits = torch.randn_like(logits)
    p, q = build(kind, logits, mask), build(kind, other_logits, mask)
    actions = every_action(p)
    assert torch.equal(p.mask, mask)
    log_prob, entropy, kl, mode = (p.log_prob(actions.unsqueeze(1).expand(-1, 4, -1)), p.entropy(), kl_divergence(p, q), p.mode)
    for row in range(4):
        expected = torch.tensor(brute_force_probs(kind, logits[row], mask[row], p.nvec), dtype=torch.float64)
        others = torch.tensor(brute_force_probs(kind, other_logits[row], mask[row], p.nvec), dtype=torch.float64)
        legal = expected > 0
        torch.testing.assert_close(log_prob[:, row].exp(), expected)
        assert torch.equal(log_prob[:, row] == -math.inf, ~legal)
        assert torch.equal(p.support.check(actions.unsqueeze(1).expand(-1, 4, -1))[:, row], legal)
        torch.testing.assert_close(entropy[row], -(expected * expected.log())[legal].sum())
        torch.testing.assert_close(kl[row], (expected * (expected / others).log())[legal].sum())
        assert actions[expected.argmax()].tolist() == mode[row].tolist()


def test_joint_head_probs_are_marginals():
    logits, mask = factored_inputs("joint", 3)
    joint = MaskedJoint(logits, mask, NVEC)
    for row in range(3):
        cells = brute_force_probs("joint", logits[row], mask[row], NVEC)
        for head, n in enumerate(NVEC):
            expected = [
                sum(p for p, a in zip(cells, every_action(joint), strict=True) if a[head] == k) for k in range(n)
            ]
            torch.testing.assert_close(joint.head_probs(head)[row], torch.tensor(expected, dtype=torch.float64))


def test_free_bits_are_bernoulli():
    logits = torch.randn(6, 3, dtype=torch.float64)
    ours, theirs = MaskedBinary(logits, torch.ones(3, 2, dtype=torch.bool)), Bernoulli(logits=logits)
    bits = torch.randint(2, (6, 3))
    torch.testing.assert_close(ours.log_prob(bits), theirs.log_prob(bits.double()).sum(-1))
    torch.testing.assert_close(ours.log_prob(bits.bool()), ours.log_prob(bits.double()))
    torch.testing.assert_close(ours.entropy(), theirs.entropy().sum(-1))
    torch.testing.assert_close(ours.probs, theirs.probs)


# --- sampling -----------------------------------------------------------------------------------------------


def chi_square_p_value(counts, probs):
    stats = pytest.importorskip("scipy.stats", reason="needs scipy")
    assert counts[probs == 0].sum() == 0
    legal = probs > 0
    return stats.chisquare(counts[legal], counts.sum() * probs[legal] / probs[legal].sum()).pvalue


def test_categorical_frequencies():
    mask = torch.tensor([1, 0, 1, 1, 0, 1, 1], dtype=torch.int8)
    d = MaskedCategorical(torch.tensor([0.0, 9.0, 1.0, -2.0, 3.0, 0.5, -4.0]), mask)
    counts = torch.bincount(d.sample((200_000,)), minlength=7).numpy()
    probs = d.probs.double().numpy()
    assert chi_square_p_value(counts, probs) > 1e-3
    # Negative control: the test notices probabilities that are one percent off.
    assert chi_square_p_value(counts, probs * (1 + 0.02 * np.arange(7) / 6)) < 1e-3


@pytest.mark.parametrize("case", FACTORED)
def test_factored_frequencies(case):
    d = case(batch=1).expand(())if False else case(batch=1)
    actions = every_action(d)
    probs = d.log_prob(actions.unsqueeze(1)).exp().squeeze(1).numpy()
    samples = d.sample((100_000,)).squeeze(1).long()
    strides = torch.tensor([math.prod(d.nvec[k + 1 :]) for k in range(len(d.nvec))])
    counts = torch.bincount((samples * strides).sum(-1), minlength=len(actions)).numpy()
    assert chi_square_p_value(counts, probs) > 1e-3
