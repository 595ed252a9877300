"""Samples of the masked distributions: legal whatever the logits and the noise, and as frequent as they should be."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install 'masked-envs[torch]'")

from torch_cases import F64, KINDS, build, defined_probs, random_inputs, random_mask  # noqa: E402

from masked_envs.torch import MaskedCategorical  # noqa: E402


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(7)


def chi_square_p_value(counts, probs):
    stats = pytest.importorskip("scipy.stats", reason="needs scipy")
    assert counts[probs == 0].sum() == 0
    expected = counts.sum() * probs[probs > 0] / probs.sum()
    return stats.chisquare(counts[probs > 0], expected).pvalue


@pytest.mark.parametrize("kind", KINDS)
def test_frequencies(kind):
    logits, mask = random_inputs(kind)
    distribution = build(kind, logits, mask)
    samples = distribution.sample((200_000,)).long().view(200_000, -1)
    index = torch.zeros(200_000, dtype=torch.long)
    for n, choice in zip(distribution.nvec, samples.unbind(-1), strict=True):
        index = index * n + choice
    probs = defined_probs(kind, logits, mask).numpy()
    counts = torch.bincount(index, minlength=len(probs)).numpy()
    assert chi_square_p_value(counts, probs) > 1e-3
    # Negative control: the same count notices a distribution that is a few percent off.
    assert chi_square_p_value(counts, probs * np.linspace(1.0, 1.1, len(probs))) < 1e-3


def test_equal_huge_logits_are_sampled_uniformly():
    # Noise added to 1e30 itself would be lost in rounding, and the first action always taken.
    d = MaskedCategorical(torch.full((8,), 1e30), torch.tensor([0, 1, 1, 0, 1, 1, 1, 1], dtype=torch.int8))
    counts = torch.bincount(d.sample((60_000,)), minlength=8).numpy()
    assert chi_square_p_value(counts, d.mask.numpy() / 6.0) > 1e-3


LEGAL_LOGITS = {
    "small": [0.0, 1.0, -1.0],
    "below any finite fill": [-2e8, -1e30, -3e38],
    "wide": [1e30, -1e30, 0.0],
    "large": [1e30, 3e38, 1e38],
    "the whole range": [-3.4e38, 3.4e38, 0.0],
    "certain": [-math.inf, 5.0, -math.inf],
}


@pytest.mark.parametrize("illegal", [0.0, 3e38, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("legal", LEGAL_LOGITS)
def test_samples_and_mode_are_legal_whatever_the_logits(legal, illegal):
    mask = random_mask(2000, 12)
    values = torch.tensor(LEGAL_LOGITS[legal]).repeat(2000, 4)[:, :12]
    if legal == "certain":
        mask[:, 1] = True
    distribution = MaskedCategorical(torch.where(mask, values, illegal), mask)
    for actions in (distribution.sample(), distribution.mode):
        assert mask.gather(-1, actions.unsqueeze(-1)).all()
    assert not distribution.probs[~mask].any()
    assert torch.isfinite(distribution.entropy()).all()
    # Negative control: a finite fill loses to illegal or beats legal logits in the hard cases.
    if legal == "below any finite fill":
        naive = torch.where(mask, values, -1e8).argmax(-1)
        assert not mask.gather(-1, naive.unsqueeze(-1)).all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_unchecked_broken_logits_still_give_legal_samples(value):
    mask = random_mask(500, 12)
    logits = torch.randn(500, 12).masked_fill(torch.rand(500, 12) < 0.5, value)
    distribution = MaskedCategorical(logits, mask, validate_args=False)
    for actions in (distribution.sample(), distribution.mode):
        assert mask.gather(-1, actions.unsqueeze(-1)).all()


@pytest.mark.parametrize("uniform", [0.0, 1.0 - 2.0**-53])
def test_samples_are_legal_at_the_ends_of_the_random_numbers(monkeypatch, uniform):
    mask = torch.eye(6, dtype=torch.bool)
    distribution = MaskedCategorical(torch.randn(6, 6), mask)
    monkeypatch.setattr(torch, "rand", lambda *shape, dtype, device: torch.full(*shape, uniform, dtype=dtype))
    assert torch.equal(distribution.sample(), torch.arange(6))
    # Negative control: noise added to -inf without a guard.
    noise = -torch.log(-torch.log1p(-torch.rand((6, 6), dtype=F64, device="cpu").float()))
    assert not torch.equal((distribution.logits + noise).argmax(-1), torch.arange(6))


@pytest.mark.parametrize("kind", KINDS)
def test_sampling_is_reproducible_and_without_gradient(kind):
    logits, mask = random_inputs(kind, 4)
    distribution = build(kind, logits.requires_grad_(), mask)
    torch.manual_seed(3)
    first = distribution.sample((50,))
    torch.manual_seed(3)
    again = distribution.sample((50,))
    assert torch.equal(first, again)
    assert not torch.equal(first, distribution.sample((50,)))
    assert not first.is_floating_point()
    with pytest.raises(NotImplementedError):
        distribution.rsample()
