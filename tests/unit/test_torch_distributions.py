"""The masked distributions against torch's own, enumeration by definition, a peer and counted frequencies."""

import itertools
import math
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install 'masked-envs[torch]'")

from torch.distributions import Bernoulli, Categorical, Distribution, Normal, kl_divergence  # noqa: E402
from torch_cases import F64, KINDS, NVEC, build, defined_probs, every_action, random_inputs, random_mask  # noqa: E402

from masked_envs import MaskSpec  # noqa: E402
from masked_envs.torch import (  # noqa: E402
    MaskedBinary,
    MaskedCategorical,
    MaskedJoint,
    MaskedPerHead,
    distribution_for,
    num_logits,
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(7)


# --- values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_everything_equals_the_definition(kind):
    (p_logits, mask), (q_logits, _) = random_inputs(kind, 4), random_inputs(kind, 4)
    p, q = build(kind, p_logits, mask), build(kind, q_logits, mask)
    actions = every_action(p)
    batched = actions.unsqueeze(1).expand(-1, 4, *p.event_shape)
    log_prob, legal, entropy, kl = p.log_prob(batched), p.support.check(batched), p.entropy(), kl_divergence(p, q)
    assert torch.equal(p.mask, mask)
    for row in range(4):
        expected, other = (defined_probs(kind, logits[row], mask[row]) for logits in (p_logits, q_logits))
        inside = expected > 0
        torch.testing.assert_close(log_prob[:, row].exp(), expected)
        assert torch.equal(log_prob[:, row] == -math.inf, ~inside)
        assert torch.equal(legal[:, row], inside)
        torch.testing.assert_close(entropy[row], -(expected * expected.log())[inside].sum())
        torch.testing.assert_close(kl[row], (expected * (expected / other).log())[inside].sum())
        assert p.mode[row].tolist() == actions[expected.argmax()].tolist()


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_categorical_equals_torchs_on_the_legal_logits(n, dtype):
    p_logits, q_logits = 3 * torch.randn(2, 20, n, dtype=dtype)
    mask = random_mask(20, n)
    p, q = MaskedCategorical(logits=p_logits, mask=mask), MaskedCategorical(logits=q_logits, mask=mask)
    close = {"rtol": 1e-5, "atol": 1e-6, "check_dtype": False}
    for row in range(20):
        legal = mask[row].nonzero().squeeze(-1)
        theirs, theirs_q = (Categorical(logits=logits[row][legal].double()) for logits in (p_logits, q_logits))
        one = MaskedCategorical(p_logits[row], mask[row])
        torch.testing.assert_close(one.log_prob(legal), theirs.logits, **close)
        torch.testing.assert_close(p.logits[row][legal], theirs.logits, **close)
        torch.testing.assert_close(p.probs[row][legal], theirs.probs, **close)
        torch.testing.assert_close(p.entropy()[row], theirs.entropy(), **close)
        torch.testing.assert_close(kl_divergence(p, q)[row], kl_divergence(theirs, theirs_q), **close)
        assert p.mode[row] == legal[p_logits[row][legal].argmax()]
    assert not p.probs[~mask].any()
    assert (p.logits[~mask] == -math.inf).all()


def test_probabilities_equal_maskable_categorical():
    peer = pytest.importorskip("sb3_contrib.common.maskable.distributions", reason="needs sb3-contrib")
    logits, mask = torch.randn(50, 11), random_mask(50, 11)
    theirs = peer.MaskableCategorical(logits=logits, masks=mask)
    ours = MaskedCategorical(logits, mask)
    torch.testing.assert_close(ours.probs, theirs.probs)
    torch.testing.assert_close(ours.entropy(), theirs.entropy())


def test_per_head_equals_maskable_multi_categorical():
    peer = pytest.importorskip("sb3_contrib.common.maskable.distributions", reason="needs sb3-contrib")
    logits, mask = random_inputs("per_head", 50)
    theirs = peer.MaskableMultiCategoricalDistribution(list(NVEC)).proba_distribution(logits)
    theirs.apply_masking(mask)
    ours = MaskedPerHead(logits, mask, NVEC)
    actions = ours.sample()
    torch.testing.assert_close(ours.log_prob(actions), theirs.log_prob(actions))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())


def test_joint_head_probs_are_marginals():
    logits, mask = random_inputs("joint", 3)
    joint = MaskedJoint(logits, mask, NVEC)
    actions = every_action(joint)
    for row, head in itertools.product(range(3), range(len(NVEC))):
        cells = defined_probs("joint", logits[row], mask[row])
        expected = [cells[actions[:, head] == choice].sum() for choice in range(NVEC[head])]
        torch.testing.assert_close(joint.head_probs(head)[row], torch.stack(expected))
        torch.testing.assert_close(joint.head_probs(head - len(NVEC))[row], torch.stack(expected))


def test_joint_with_one_head_is_a_categorical():
    logits, mask = random_inputs("categorical", 3)
    joint, flat = MaskedJoint(logits, mask), MaskedCategorical(logits, mask)
    assert joint.nvec == (9,)
    torch.testing.assert_close(joint.head_probs(0), flat.probs)
    torch.testing.assert_close(joint.log_prob(flat.mode.unsqueeze(-1)), flat.log_prob(flat.mode))


def test_free_bits_are_bernoulli_and_forced_bits_certain():
    logits = torch.randn(6, 3, dtype=F64)
    bits = torch.randint(2, (6, 3))
    ours, theirs = MaskedBinary(logits, torch.ones(3, 2, dtype=torch.bool)), Bernoulli(logits=logits)
    for value in (bits, bits.bool(), bits.double(), bits.to(torch.int8)):
        torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(bits.double()).sum(-1))
    torch.testing.assert_close(ours.entropy(), theirs.entropy().sum(-1))
    torch.testing.assert_close(ours.probs, theirs.probs)
    forced = MaskedBinary(logits[0], torch.tensor([[1, 0], [0, 1], [1, 1]], dtype=torch.int8))
    assert forced.probs[:2].tolist() == [0.0, 1.0]
    torch.testing.assert_close(forced.entropy(), theirs.entropy()[0, 2])


# --- the interface of torch.distributions ----------------------------------------------------------------------


@pytest.mark.parametrize("batch", [(), (3,), (2, 3), (0,)])
@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_dtypes(kind, batch):
    logits, mask = random_inputs(kind, *batch)
    distribution = build(kind, logits, mask)
    event = {"categorical": (), "binary": (5,), "conditional": (2,), "three heads": (3,)}.get(kind, (len(NVEC),))
    assert isinstance(distribution, Distribution)
    assert (distribution.batch_shape, distribution.event_shape) == (batch, event)
    assert distribution.entropy().shape == kl_divergence(distribution, distribution).shape == batch
    assert distribution.mode.shape == (*batch, *event)
    action_dtype = torch.int8 if kind == "binary" else torch.int64
    for sample_shape in ((), (4,), torch.Size((4, 2))):
        actions = distribution.sample(sample_shape)
        assert actions.shape == (*sample_shape, *batch, *event)
        assert actions.dtype == distribution.mode.dtype == action_dtype
        assert distribution.log_prob(actions).shape == (*sample_shape, *batch)
        assert torch.isfinite(distribution.log_prob(actions)).all()
        assert distribution.support.check(actions).all()
    assert repr(distribution).startswith("Masked")


@pytest.mark.parametrize("kind", KINDS)
def test_expand(kind):
    logits, mask = random_inputs(kind, 3)
    distribution = build(kind, logits, mask)
    wide = distribution.expand((2, 3))
    assert type(wide) is type(distribution)
    assert wide.batch_shape == (2, 3)
    assert wide.event_shape == distribution.event_shape
    actions = wide.sample()
    torch.testing.assert_close(wide.log_prob(actions), distribution.log_prob(actions))
    torch.testing.assert_close(wide.entropy()[1], distribution.entropy())
    assert torch.equal(wide.mask[1], distribution.mask)
    with pytest.raises(ValueError, match="whole numbers|must be in 0"):
        wide.log_prob(actions + 100)


@pytest.mark.parametrize("kind", KINDS)
def test_mask_expands_over_leading_dimensions(kind):
    logits, _ = random_inputs(kind, 2, 3)
    _, mask = random_inputs(kind)
    short, full = build(kind, logits, mask), build(kind, logits, mask.expand(2, 3, *mask.shape))
    ones = build(kind, logits, mask.expand(2, 1, *mask.shape))
    assert torch.equal(short.mask, full.mask)
    assert torch.equal(short.entropy(), full.entropy())
    assert torch.equal(ones.entropy(), full.entropy())


def test_enumerate_support_as_torchs():
    logits, mask = random_inputs("categorical", 2, 3)
    ours, theirs = MaskedCategorical(logits, mask), Categorical(logits=logits)
    assert ours.has_enumerate_support
    for expand in (True, False):
        assert torch.equal(ours.enumerate_support(expand), theirs.enumerate_support(expand))
    torch.testing.assert_close(ours.log_prob(ours.enumerate_support()).exp().sum(0), torch.ones(2, 3, dtype=F64))


def test_mode_takes_the_first_of_equals():
    d = MaskedCategorical(torch.zeros(2, 4), torch.tensor([[0, 1, 1, 1], [0, 0, 1, 1]], dtype=torch.int8))
    assert d.mode.tolist() == [1, 2]


def test_support_check_refuses_what_is_no_action():
    d = MaskedCategorical(torch.zeros(3), torch.tensor([1, 0, 1], dtype=torch.int8))
    values = torch.tensor([0.0, 1.0, 2.0, 3.0, -1.0, 0.5, math.nan])
    assert d.support.check(values).tolist() == [True, False, True, False, False, False, False]
    joint = MaskedJoint(torch.zeros(4), torch.tensor([[1, 0], [1, 1]], dtype=torch.int8))
    values = torch.tensor([[0, 0], [0, 1], [0, 2], [-1, 0], [1, 1]])
    assert joint.support.check(values).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize("kind", KINDS)
def test_mask_of_int8_numpy_and_bool_are_the_same(kind):
    logits, mask = random_inputs(kind, 3)
    expected = build(kind, logits, mask).entropy()
    frozen = mask.numpy().astype(np.int8)
    frozen.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch warns of read-only arrays that it would share
        for form in (mask.to(torch.int8), mask.numpy(), frozen):
            assert torch.equal(build(kind, logits, form).entropy(), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_changing_the_given_mask_and_logits_afterwards_changes_nothing(kind):
    logits, mask = random_inputs(kind, 3)
    expected, expected_mask = build(kind, logits.clone(), mask).entropy(), mask.clone()
    for form in (mask, mask.to(torch.int8), mask.numpy()):
        distribution = build(kind, logits, form)
        kept = logits.clone(), mask.clone()
        form[:] = 1
        logits.zero_()
        assert torch.equal(distribution.entropy(), expected)
        assert torch.equal(distribution.mask, expected_mask)
        logits.copy_(kept[0])
        mask.copy_(kept[1])


# --- KL between different masks --------------------------------------------------------------------------------


def test_kl_is_infinite_exactly_where_p_leaves_qs_support():
    logits = torch.randn(3, 4, dtype=F64)
    p_mask = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=torch.bool)
    q_mask = torch.tensor([[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 1, 1]], dtype=torch.bool)
    kl = kl_divergence(MaskedCategorical(logits, p_mask), MaskedCategorical(logits, q_mask))
    p = torch.softmax(logits[0, :2], -1)
    q = torch.softmax(logits[0, :3], -1)[:2]
    torch.testing.assert_close(kl[0], (p * (p / q).log()).sum())
    assert kl[1:].tolist() == [math.inf, 0.0]


def test_kl_is_infinite_even_for_an_action_too_rare_to_show():
    logits, everything = torch.tensor([0.0, -1e30]), torch.ones(2, dtype=torch.bool)
    p = MaskedCategorical(logits, everything)
    assert p.probs.tolist() == [1.0, 0.0]
    assert kl_divergence(p, MaskedCategorical(logits, torch.tensor([True, False]))) == math.inf
    assert kl_divergence(MaskedCategorical(logits, torch.tensor([True, False])), p) == 0.0


@pytest.mark.parametrize("kind", ["per_head", "joint", "binary"])
def test_factored_kl_with_different_masks(kind):
    logits, p_mask = random_inputs(kind, 200)
    _, q_mask = random_inputs(kind, 200)
    q_mask[::2] |= p_mask[::2]
    kl = kl_divergence(build(kind, logits, p_mask), build(kind, logits, q_mask))
    outside = (p_mask & ~q_mask).flatten(1).any(-1)
    assert 0 < outside.sum() < 200  # both outcomes are seen
    assert torch.equal(kl == math.inf, outside)
    assert torch.isfinite(kl[~outside]).all()
    row = int((~outside).nonzero()[0])
    p, q = (defined_probs(kind, logits[row], mask[row]) for mask in (p_mask, q_mask))
    torch.testing.assert_close(kl[row], (p * (p / q).log())[p > 0].sum())


def test_kl_refuses_what_does_not_compare():
    logits, mask = random_inputs("categorical", 3)
    p = MaskedCategorical(logits, mask)
    with pytest.raises(ValueError, match="numbers of choices"):
        kl_divergence(p, MaskedCategorical(logits[:, :4], torch.ones(4, dtype=torch.bool)))
    with pytest.raises(ValueError, match="equal batch shapes"):
        kl_divergence(p, p.expand((3, 3)))
    with pytest.raises(NotImplementedError, match="one class"):
        kl_divergence(p, MaskedJoint(logits, mask))
    with pytest.raises(NotImplementedError):
        kl_divergence(p, Normal(0.0, 1.0))
    heads = MaskedPerHead(torch.zeros(6), torch.ones(6, dtype=torch.bool), (2, 4))
    with pytest.raises(ValueError, match="numbers of choices"):
        kl_divergence(heads, MaskedPerHead(torch.zeros(6), torch.ones(6, dtype=torch.bool), (4, 2)))


# --- from a mask specification ---------------------------------------------------------------------------------

SPECS = {
    "flat": (MaskSpec.flat(6), MaskedCategorical, 6),
    "candidates": (MaskSpec.candidates(5), MaskedCategorical, 5),
    "per_head": (MaskSpec.per_head([4, 10]), MaskedPerHead, 14),
    "joint": (MaskSpec.joint([4, 10]), MaskedJoint, 40),
    "binary": (MaskSpec.binary(3), MaskedBinary, 3),
}


@pytest.mark.parametrize("kind", SPECS)
def test_distribution_for_a_mask_spec(kind):
    spec, cls, size = SPECS[kind]
    assert num_logits(spec) == size
    mask = np.stack([spec.full()] * 3)
    distribution = distribution_for(spec, torch.randn(3, size), mask)
    assert type(distribution) is cls
    assert torch.equal(distribution.mask, torch.from_numpy(mask).bool())
    for action in distribution.sample((20,)).flatten(0, 1).numpy():
        assert spec.allows(spec.full(), action)
    with pytest.raises(ValueError, match=rf"kind '{kind}'.*\(\.\.\., {size}\), got \(3, {size + 1}\)"):
        distribution_for(spec, torch.randn(3, size + 1), mask)
    with pytest.raises(ValueError, match="no action"):
        distribution_for(spec, torch.randn(3, size), np.zeros_like(mask))
    distribution_for(spec, torch.randn(3, size), np.zeros_like(mask), validate_args=False)


def test_a_conditional_mask_of_three_heads_is_served_with_its_whole_table():
    spec = MaskSpec.conditional((2, 3, 4))
    table = np.array([[1, 0, 1], [0, 0, 0]], np.int8)
    third = {0: np.array([0, 0, 0, 1], np.int8), 2: np.array([0, 1, 0, 1], np.int8)}  # given the second
    whole = spec.dense(table, lambda k, prefix: third[prefix[1]])
    distribution = distribution_for(spec, torch.randn(5, num_logits(spec)), whole)
    drawn = {tuple(action) for action in distribution.sample((200,)).flatten(0, 1).tolist()}
    assert drawn == {(0, 0, 3), (0, 2, 1), (0, 2, 3)}
    with pytest.raises(ValueError, match="mask"):
        distribution_for(spec, torch.randn(5, num_logits(spec)), table)


def test_kinds_without_a_distribution_are_refused_by_name():
    spec = SimpleNamespace(kind="nonsense", n=3, nvec=(3, 3, 3))
    logits, mask = torch.zeros(3), torch.ones(3, dtype=torch.bool)
    for call in (lambda: num_logits(spec), lambda: distribution_for(spec, logits, mask)):
        with pytest.raises(ValueError, match="'nonsense'"):
            call()
