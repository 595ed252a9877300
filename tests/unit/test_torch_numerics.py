"""Gradients, extremes and precision of the masked distributions, against finite differences, algebra and float64.

Each claim that nothing leaks comes with a control: the usual wrong ways to mask, written here, do leak.
"""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install 'masked-envs[torch]'")

from torch.distributions import Categorical, kl_divergence  # noqa: E402

from masked_envs.torch import MaskedBinary, MaskedCategorical, MaskedJoint, MaskedPerHead  # noqa: E402

F64 = torch.float64
MASK = torch.tensor([[1, 1, 0, 1, 0, 1], [0, 0, 1, 0, 0, 1], [1, 1, 1, 1, 1, 1], [0, 1, 0, 0, 1, 0]]).bool()
PAIRS_MASK = torch.tensor([[1, 1, 0, 1, 0, 1], [0, 1, 1, 0, 0, 1], [1, 1, 1, 1, 1, 1], [0, 1, 1, 0, 1, 0]]).bool()
BIT_MASK = torch.tensor([[1, 1], [1, 0], [1, 1], [0, 1], [1, 1], [1, 1]]).bool()

# Per distribution: from logits (4, 6) to a distribution, and which logits matter.
BUILDERS = {
    "categorical": (lambda z: MaskedCategorical(z, MASK), MASK),
    "per_head": (lambda z: MaskedPerHead(z, PAIRS_MASK, (2, 2, 2)), PAIRS_MASK),
    "per_head_uneven": (lambda z: MaskedPerHead(z, MASK, (4, 2)), MASK),
    "joint": (lambda z: MaskedJoint(z, MASK.view(4, 2, 3)), MASK),
    "binary": (lambda z: MaskedBinary(z, BIT_MASK), BIT_MASK.all(-1).expand(4, 6)),
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(11)


def quantities(build, actions):
    """What training differentiates, each a function of logits (4, 6)."""
    other = torch.randn(4, 6, dtype=F64)
    return {
        "log_prob": lambda z: build(z).log_prob(actions),
        "entropy": lambda z: build(z).entropy(),
        "kl of p": lambda z: kl_divergence(build(z), build(other)),
        "kl of q": lambda z: kl_divergence(build(other), build(z)),
        "probs": lambda z: build(z).probs,
    }


@pytest.mark.parametrize("kind", BUILDERS)
def test_gradients_equal_finite_differences(kind):
    build, _ = BUILDERS[kind]
    logits = torch.randn(4, 6, dtype=F64, requires_grad=True)
    for name, function in quantities(build, build(logits).sample()).items():
        assert torch.autograd.gradcheck(function, (logits,)), name
        # Second order too: natural-gradient methods differentiate the KL twice.
        assert torch.autograd.gradgradcheck(function, (logits,)), name


@pytest.mark.parametrize("illegal", [0.0, 1e30, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("kind", BUILDERS)
def test_gradient_of_an_illegal_logit_is_exactly_zero(kind, illegal):
    build, matters = BUILDERS[kind]
    clean = torch.randn(4, 6, dtype=F64)
    actions = build(clean).sample()
    for name, function in quantities(build, actions).items():
        results = []
        for logits in (clean.clone(), torch.where(matters, clean, illegal)):
            logits.requires_grad_()
            value = function(logits)
            value.square().sum().backward()
            results.append((value.detach(), logits.grad))
        (expected, expected_grad), (value, grad) = results
        assert (grad[~matters] == 0).all(), name
        assert torch.isfinite(expected_grad).all(), name
        assert torch.equal(value, expected), name
        assert torch.equal(grad, expected_grad), name


def test_policy_gradient_of_the_published_example():
    # Huang and Ontañón 2020, arXiv:2006.14171: four equal logits, the third action invalid, the first one chosen.
    logits = torch.ones(4, requires_grad=True)
    d = MaskedCategorical(logits, torch.tensor([1, 1, 0, 1], dtype=torch.int8))
    d.log_prob(torch.tensor(0)).backward()
    torch.testing.assert_close(logits.grad, torch.tensor([2 / 3, -1 / 3, 0.0, -1 / 3]))
    torch.testing.assert_close(d.probs, torch.tensor([1 / 3, 1 / 3, 0.0, 1 / 3]))


def additive(logits, mask):
    return Categorical(logits=logits + torch.where(mask, 0.0, -20.0))


def multiplied(logits, mask):
    return Categorical(logits=logits * mask)


def filled(logits, mask):
    return Categorical(logits=torch.where(mask, logits, -1e8))


def ours(logits, mask):
    return MaskedCategorical(logits, mask)


def leak(masking, logits, mask):
    """Probability on illegal actions, and the largest gradient at an illegal logit of log-probability and entropy."""
    logits = logits.clone().requires_grad_()
    distribution = masking(logits, mask)
    (distribution.log_prob(distribution.mode) + distribution.entropy()).sum().backward()
    return distribution.probs[~mask].sum().item(), logits.grad[~mask].abs().max().item()


def test_nothing_leaks_where_the_usual_ways_do():
    mask = torch.tensor([[1, 1, 0, 0]], dtype=torch.bool)
    wide = torch.tensor([[0.0, -25.0, 25.0, 0.0]])
    negative = torch.tensor([[-3.0, -2.0, -4.0, -1.0]])
    below = torch.tensor([[-2e8, -3e8, 0.0, 0.0]])
    for logits in (wide, negative, below):
        assert leak(ours, logits, mask) == (0.0, 0.0)
    assert leak(additive, wide, mask)[0] > 0.98
    assert leak(additive, wide, mask)[1] > 1e-3
    assert leak(multiplied, negative, mask)[0] > 0.9
    assert leak(filled, below, mask)[0] > 0.9


def test_an_illegal_action_has_log_prob_minus_infinity_and_spoils_no_gradient():
    logits = torch.randn(3, 4, dtype=F64, requires_grad=True)
    mask = torch.tensor([1, 1, 0, 1], dtype=torch.int8)
    log_prob = MaskedCategorical(logits, mask).log_prob(torch.tensor([0, 2, 3]))
    assert log_prob[1] == -math.inf
    torch.exp(log_prob).sum().backward()
    assert (logits.grad[1] == 0).all()
    alone = logits.detach().clone().requires_grad_()
    MaskedCategorical(alone[[0, 2]], mask).log_prob(torch.tensor([0, 3])).exp().sum().backward()
    torch.testing.assert_close(logits.grad[[0, 2]], alone.grad[[0, 2]])
    logits.grad = None
    MaskedCategorical(logits, mask).log_prob(torch.tensor([0, 2, 3])).sum().backward()
    assert (logits.grad[1] == 0).all()
    assert torch.isfinite(logits.grad).all()


def test_gradients_through_the_logits_property_stop_at_illegal_entries():
    logits = torch.randn(2, 4, requires_grad=True)
    mask = torch.tensor([1, 0, 1, 0], dtype=torch.int8)
    MaskedCategorical(logits, mask).logits.sum().backward()
    assert (logits.grad[:, [1, 3]] == 0).all()
    torch.testing.assert_close(logits.grad.sum(-1), torch.zeros(2))


def test_infinite_kl_has_value_and_gradient_without_nan():
    p_logits, q_logits = torch.randn(2, 2, 3, dtype=F64)
    p_logits.requires_grad_()
    q_logits.requires_grad_()
    p = MaskedCategorical(p_logits, torch.tensor([[1, 1, 0], [1, 1, 0]]).bool())
    q = MaskedCategorical(q_logits, torch.tensor([[1, 0, 1], [1, 1, 1]]).bool())
    kl = kl_divergence(p, q)
    assert kl[0] == math.inf
    assert torch.isfinite(kl[1])
    kl.sum().backward()
    for grad in (p_logits.grad, q_logits.grad):
        assert (grad[0] == 0).all()
        assert (grad[1, :2] != 0).all()
        assert torch.isfinite(grad).all()
    # Negative control: torch's own formula on -inf fills gives a gradient of nan for p.
    logits = p_logits.detach().clone().requires_grad_()
    theirs = Categorical(logits=torch.where(p.mask, logits, -math.inf), validate_args=False)
    kl_divergence(theirs, theirs)[1].backward()
    assert logits.grad.isnan().any()


# --- extremes --------------------------------------------------------------------------------------------------


def all_gradients_finite(logits, mask):
    logits = logits.clone().requires_grad_()
    d = MaskedCategorical(logits, mask)
    other = MaskedCategorical(torch.zeros_like(logits), mask)
    total = d.log_prob(d.mode) + d.entropy() + kl_divergence(d, other) + kl_divergence(other, d)
    total.sum().backward()
    return bool(torch.isfinite(total).all() and torch.isfinite(logits.grad).all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, F64])
def test_one_legal_action(dtype):
    logits, mask = (5 * torch.randn(6, 6)).to(dtype), torch.eye(6, dtype=torch.bool)
    logits.requires_grad_()
    d = MaskedCategorical(logits, mask)
    assert d.sample((20,)).eq(torch.arange(6)).all()
    assert d.log_prob(torch.arange(6)).tolist() == d.entropy().tolist() == kl_divergence(d, d).tolist() == [0.0] * 6
    assert not torch.signbit(d.entropy()).any()
    assert torch.equal(d.probs, torch.eye(6, dtype=d.probs.dtype))
    (d.entropy() + d.log_prob(torch.arange(6)) + kl_divergence(d, d)).sum().backward()
    assert (logits.grad == 0).all()


@pytest.mark.parametrize(
    "legal",
    [
        [0.0, -1e30, -5.0],
        [1e30, 1e30, 1e30],
        [1e30, 0.0, -1e30],
        [-2e8, -2e8, -2e8 - 64],
        [3.4e38, -3.4e38, 0.0],
        [0.0, -200.0, -20_000.0],
    ],
)
def test_extreme_but_finite_logits(legal):
    logits, mask = torch.tensor([*legal, 7.0]), torch.tensor([True, True, True, False])
    assert legal[1] == -3.4e38 or all_gradients_finite(logits, mask)
    d = MaskedCategorical(logits, mask)
    # By definition, not by torch's Categorical, which loses log(3) in 1e30 and calls three equal logits certain.
    weights = [math.exp(z - max(legal)) for z in legal]
    probs = [w / sum(weights) for w in weights]
    entropy = -sum(p * math.log(p) for p in probs if p > 0)
    torch.testing.assert_close(d.probs[:3], torch.tensor(probs), rtol=1e-5, atol=1e-7)
    assert float(d.entropy()) == pytest.approx(entropy, rel=1e-5, abs=1e-6)


def test_minus_infinity_at_a_legal_action_is_probability_zero():
    logits = torch.tensor([0.0, -math.inf, 1.0, 2.0], requires_grad=True)
    mask = torch.tensor([True, True, True, False])
    d = MaskedCategorical(logits, mask)
    torch.testing.assert_close(d.probs, torch.softmax(torch.tensor([0.0, -math.inf, 1.0, -math.inf]), 0))
    assert d.log_prob(torch.tensor(1)) == -math.inf
    assert kl_divergence(d, d) == 0.0
    assert kl_divergence(MaskedCategorical(torch.zeros(4), mask), d) == math.inf
    (d.entropy() + d.log_prob(torch.tensor(0)) + kl_divergence(d, d)).backward()
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(dtype):
    logits, mask = (20 * torch.randn(50, 8)).to(dtype), torch.rand(50, 8) < 0.5
    mask[:, 0] = True
    half, single = MaskedCategorical(logits.requires_grad_(), mask), MaskedCategorical(logits.detach().float(), mask)
    assert half.logits.dtype == half.entropy().dtype == torch.float32
    assert torch.equal(half.logits, single.logits)
    assert torch.equal(half.entropy(), single.entropy())
    (half.entropy() + half.log_prob(half.mode)).sum().backward()
    assert logits.grad.dtype == dtype
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[~mask] == 0).all()


def test_autocast_leaves_the_distribution_in_single_precision():
    layer = torch.nn.Linear(4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        logits = layer(torch.randn(3, 4))
        assert logits.dtype == torch.bfloat16
        d = MaskedCategorical(logits, MASK[:3])
        (d.log_prob(d.sample()) + d.entropy() + kl_divergence(d, d)).sum().backward()
    assert d.logits.dtype == d.probs.dtype == d.entropy().dtype == torch.float32
    assert torch.isfinite(layer.weight.grad).all()


def test_double_precision_stays():
    d = MaskedCategorical(torch.randn(3, 6, dtype=F64), MASK[:3])
    assert d.logits.dtype == d.entropy().dtype == kl_divergence(d, d).dtype == F64


# --- precision with many actions -------------------------------------------------------------------------------

MANY = 100_000
MANY_LOGITS = {
    "normal": lambda: torch.randn(3, MANY),
    "spread": lambda: 5 * torch.randn(3, MANY),
    "equal": lambda: torch.full((3, MANY), 3.7),
    # Adding equal summands one by one rounds the same way every time.
    "one above equals": lambda: torch.full((3, MANY), math.log(0.123)).index_fill(1, torch.tensor([0]), 0.0),
}


@pytest.mark.parametrize("name", MANY_LOGITS)
def test_log_probs_of_many_actions_normalise(name):
    logits = MANY_LOGITS[name]()
    mask = torch.rand(3, MANY) < 0.5
    mask[2] = True
    d = MaskedCategorical(logits, mask)
    assert d.logits.double().logsumexp(-1).abs().max() < 1e-5
    assert abs(d.probs.double().sum(-1) - 1).max() < 1e-5
    exact = MaskedCategorical(logits.double(), mask)
    torch.testing.assert_close(d.logits.double(), exact.logits, rtol=1e-6, atol=1e-5)
    torch.testing.assert_close(d.entropy().double(), exact.entropy(), rtol=2e-6, atol=1e-5)
    assert all_gradients_finite(logits, mask)


def test_adding_in_sequence_would_not_normalise():
    # Negative control for the test above: the same definition with the row summed one by one in float32.
    logits = MANY_LOGITS["one above equals"]()[0].numpy()
    total = np.add.accumulate(np.exp(logits), dtype=np.float32)[-1]
    assert abs(np.exp(logits.astype(np.float64) - np.log(total)).sum() - 1) > 1e-5


@pytest.mark.parametrize("count", [1, 2, 3, 1000, MANY])
@pytest.mark.parametrize("value", [0.0, -7.3, 1e30, -2e8])
def test_exp_entropy_of_equal_logits_counts_the_legal_actions(count, value):
    mask = torch.zeros(MANY, dtype=torch.bool)
    mask[torch.randperm(MANY)[:count]] = True
    entropy = MaskedCategorical(torch.full((MANY,), value), mask).entropy()
    assert math.exp(float(entropy)) == pytest.approx(count, rel=2e-5)


def test_entropy_is_at_most_the_log_of_the_legal_count():
    mask = torch.rand(200, 30) < 0.3
    mask[:, 0] = True
    entropy = MaskedCategorical(torch.randn(200, 30), mask).entropy()
    assert (entropy >= 0).all()
    assert (entropy <= mask.sum(-1).log() + 1e-5).all()


# --- in a training step ----------------------------------------------------------------------------------------


def test_first_ratio_is_one_and_kl_zero_before_any_update():
    net = torch.nn.Sequential(torch.nn.Linear(5, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2048))
    observations = torch.randn(64, 5)
    mask = torch.rand(64, 2048) < 0.01
    mask[:, 3] = True
    with torch.no_grad():
        rollout = MaskedCategorical(net(observations), mask.to(torch.int8))
        actions = rollout.sample()
        stored = rollout.log_prob(actions)
    order = torch.randperm(64)
    update = MaskedCategorical(net(observations[order]), mask[order])
    ratio = (update.log_prob(actions[order]) - stored[order]).exp()
    assert (ratio - 1).abs().max() < 1e-5
    old = MaskedCategorical(rollout.logits[order], mask[order])
    assert kl_divergence(old, update).abs().max() < 1e-5
    # Negative control: the mask forgotten in the update.
    forgotten = Categorical(logits=net(observations[order])).log_prob(actions[order])
    assert ((forgotten - stored[order]).exp() - 1).abs().min() > 0.5


def test_policy_gradient_climbs_to_the_best_legal_action():
    # The best action is forbidden; the learned policy must reach the best allowed one, and never sample another.
    rewards = torch.tensor([0.0, 1.0, 0.3, 5.0])
    mask = torch.tensor([1, 1, 1, 0], dtype=torch.int8)
    logits = torch.zeros(4, requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=0.1)
    for _ in range(100):
        d = MaskedCategorical(logits.expand(64, 4), mask)
        actions = d.sample()
        assert (actions != 3).all()
        advantage = rewards[actions] - rewards[actions].mean()
        loss = -(advantage * d.log_prob(actions)).mean() - 0.001 * d.entropy().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert MaskedCategorical(logits, mask).probs[1] > 0.95
    assert logits[3] == 0.0
