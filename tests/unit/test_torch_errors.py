"""What the masked distributions refuse and how they say it, also under python -O and with torch's own checks off."""

import math
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="masked_envs.torch needs torch: pip install 'masked-envs[torch]'")

from torch.distributions import Distribution  # noqa: E402
from torch_cases import KINDS, build, random_inputs  # noqa: E402

from masked_envs.torch import MaskedBinary, MaskedCategorical, MaskedJoint, MaskedPerHead  # noqa: E402

Z, M = torch.zeros(3, 4), torch.ones(3, 4, dtype=torch.bool)

BAD_ARGUMENTS = {
    "logits are an array": (lambda: MaskedCategorical(Z.numpy(), M), "floating-point torch.Tensor.*ndarray"),
    "logits are integers": (lambda: MaskedCategorical(Z.long(), M), "floating-point.*int64"),
    "logits are a scalar": (lambda: MaskedCategorical(torch.tensor(0.0), M), r"shape \(\.\.\., n\).*\(\)"),
    "no action at all": (lambda: MaskedCategorical(Z[:, :0], M[:, :0]), r"n >= 1.*\(3, 0\)"),
    "float mask": (lambda: MaskedCategorical(Z, M.float()), "bool or int8.*float32"),
    "float array as mask": (lambda: MaskedCategorical(Z, np.ones((3, 4))), "bool or int8.*float64"),
    "int64 mask": (lambda: MaskedCategorical(Z, M.long()), "bool or int8.*int64"),
    "list as mask": (lambda: MaskedCategorical(Z, [1, 1, 1, 1]), "bool or int8.*list"),
    "mask of another width": (lambda: MaskedCategorical(Z, M[:, :3]), r"\(3, 4\).*got \(3, 3\)"),
    "mask of width one": (lambda: MaskedCategorical(Z, M[:, :1]), r"\(3, 4\).*got \(3, 1\)"),
    "mask of another batch": (lambda: MaskedCategorical(Z, M[:2]), r"\(3, 4\).*got \(2, 4\)"),
    "transposed mask": (lambda: MaskedCategorical(Z, M.T), r"\(3, 4\).*got \(4, 3\)"),
    "mask larger than the batch": (lambda: MaskedCategorical(Z, M[:, None]), r"\(3, 4\).*got \(3, 1, 4\)"),
    "mask without dimensions": (lambda: MaskedCategorical(Z, M[0, 0]), r"\(3, 4\).*got \(\)"),
    "heads too narrow": (lambda: MaskedPerHead(Z, M, (2, 3)), r"\(\.\.\., 5\), got \(3, 4\)"),
    "nvec of floats": (lambda: MaskedPerHead(Z, M, (2.0, 2.0)), "sequence of integers"),
    "nvec is a number": (lambda: MaskedPerHead(Z, M, 4), "sequence of integers"),
    "nvec holds zero": (lambda: MaskedPerHead(Z, M, (4, 0)), r"at least 1, got \(4, 0\)"),
    "nvec is empty": (lambda: MaskedPerHead(Z, M, ()), "one or more sizes"),
    "joint of other cells": (lambda: MaskedJoint(Z, M, (2, 3)), r"6 cells.*got \(3, 4\)"),
    "joint mask not cell-shaped": (lambda: MaskedJoint(Z, M, (2, 2)), r"\(3, 2, 2\).*got \(3, 4\)"),
    "joint mask without batch": (lambda: MaskedJoint(Z, M[0].view(2, 2)), "2 cells"),
    "binary mask flat": (lambda: MaskedBinary(Z, M), r"\(3, 4, 2\).*got \(3, 4\)"),
    "binary mask of three": (lambda: MaskedBinary(Z, torch.ones(4, 3).bool()), r"\(3, 4, 2\).*got \(4, 3\)"),
    "action is a list": (lambda: MaskedCategorical(Z, M).log_prob([0, 1, 2]), "torch.Tensor.*list"),
    "action is an array": (lambda: MaskedCategorical(Z, M).log_prob(np.zeros(3, int)), "torch.Tensor.*ndarray"),
    "action is complex": (lambda: MaskedCategorical(Z, M).log_prob(torch.zeros(3) * 1j), "torch.Tensor.*complex"),
    "actions as a column": (lambda: MaskedCategorical(Z, M).log_prob(Z[:, :1].long()), r"\(3,\).*got \(3, 1\)"),
    "too few actions": (lambda: MaskedCategorical(Z, M).log_prob(torch.zeros(2)), r"\(3,\).*got \(2,\)"),
    "one action for three": (lambda: MaskedCategorical(Z, M).log_prob(torch.tensor(0)), r"\(3,\).*got \(\)"),
    "too few heads": (lambda: MaskedPerHead(Z, M, (2, 2)).log_prob(torch.zeros(3, 1)), r"\(3, 2\).*\(3, 1\)"),
}

BAD_DATA = {
    "mask of two": (lambda v: MaskedCategorical(Z, M.to(torch.int8) * 2, v), r"0 and 1 only, got \[2\]"),
    "mask of minus one": (lambda v: MaskedCategorical(Z, -M.to(torch.int8), v), r"0 and 1 only, got \[-1\]"),
    "nan": (lambda v: MaskedCategorical(Z + torch.tensor([0, math.nan, 0, 0]), M, v), "row 0, row 1, row 2.*nan"),
    "infinity": (lambda v: MaskedCategorical(torch.full((4,), math.inf), M[0], v), "its only row.*inf"),
    "nothing possible": (lambda v: MaskedCategorical(Z - math.inf, M, v), "finite.*-inf"),
    "empty row": (lambda v: MaskedCategorical(Z, M & torch.tensor([[1], [0], [1]]).bool(), v), "no action in row 1;"),
    "no row": (lambda v: MaskedCategorical(Z[0], ~M[0], v), "no action in its only row"),
    "every row": (lambda v: MaskedCategorical(Z[:1].expand(30, 4), ~M[0], v), "row 9 and 20 more"),
    "empty rows in two dimensions": (
        lambda v: MaskedCategorical(torch.zeros(2, 3, 4), M & torch.tensor([[1], [0], [1]]).bool(), v),
        r"row \(0, 1\), row \(1, 1\)",
    ),
    "empty head": (
        lambda v: MaskedPerHead(torch.zeros(2, 7), torch.tensor([1, 1, 1, 1, 1, 0, 0]).bool(), (3, 2, 2), v),
        "no action in row 0 head 2, row 1 head 2;",
    ),
    "nan in a head": (
        lambda v: MaskedPerHead(torch.tensor([0.0, 0.0, math.nan, 0.0]), torch.ones(4).bool(), (2, 2), v),
        "in head 1;.*nan",
    ),
    "no cell": (lambda v: MaskedJoint(Z, torch.zeros(2, 2).bool(), (2, 2), v), "no action in row 0, row 1, row 2"),
    "bit that may be neither": (
        lambda v: MaskedBinary(torch.zeros(3), torch.tensor([[1, 1], [0, 1], [0, 0]]).bool(), v),
        "no action in bit 2;",
    ),
    "nan in a free bit": (lambda v: MaskedBinary(Z * math.nan, torch.ones(4, 2).bool(), v), "row 0 bit 0.*nan"),
}

BAD_ACTIONS = {
    "too large": ([0, 4, 0], "in 0..3, got values from 0 to 4"),
    "negative": ([0, -1, 0], "in 0..3, got values from -1 to 0"),
    "nan": ([0.0, math.nan, 0.0], "in 0..3.*nan"),
    "infinite": ([0.0, math.inf, 0.0], "in 0..3.*inf"),
    "half": ([0.0, 0.5, 0.0], "whole numbers, got 0.5"),
    "a mask": ([True, False, True], "is this a mask"),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_wrong_forms_are_refused(name):
    call, message = BAD_ARGUMENTS[name]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", BAD_DATA)
def test_wrong_data_is_refused_unless_unchecked(name):
    call, message = BAD_DATA[name]
    for validate_args in (None, True):
        with pytest.raises(ValueError, match=message):
            call(validate_args)
    call(False)


@pytest.mark.parametrize("name", BAD_ACTIONS)
def test_wrong_actions_are_refused(name):
    values, message = BAD_ACTIONS[name]
    with pytest.raises(ValueError, match=message):
        MaskedCategorical(Z, M).log_prob(torch.tensor(values))


def test_wrong_action_names_its_head():
    with pytest.raises(ValueError, match=r"head 1 must be in 0..2, got values from 0 to 3"):
        MaskedPerHead(torch.zeros(5), torch.ones(5).bool(), (2, 3)).log_prob(torch.tensor([[1, 3], [0, 0]]))
    with pytest.raises(ValueError, match=r"head 0 must be in 0..1, got values from -1 to 1"):
        MaskedJoint(torch.zeros(6), torch.ones(2, 3).bool()).log_prob(torch.tensor([[-1, 2], [1, 0]]))
    with pytest.raises(ValueError, match=r"head 1 must be in 0..1, got values from 2 to 2"):
        MaskedBinary(torch.zeros(3), torch.ones(3, 2).bool()).log_prob(torch.tensor([0, 2, 1]))


def test_shapes_are_checked_even_when_data_is_not():
    for form, message in ((M[:, :3], r"got \(3, 3\)"), (M.float(), "float32")):
        with pytest.raises(ValueError, match=message):
            MaskedCategorical(Z, form, validate_args=False)
    with pytest.raises(ValueError, match=r"got \(3, 1\)"):
        MaskedCategorical(Z, M, validate_args=False).log_prob(torch.zeros(3, 1).long())


@pytest.mark.parametrize("kind", KINDS)
def test_unchecked_values_are_the_same(kind):
    logits, mask = random_inputs(kind, 6)
    checked, unchecked = build(kind, logits, mask), build(kind, logits, mask, validate_args=False)
    actions = checked.sample()
    assert torch.equal(checked.log_prob(actions), unchecked.log_prob(actions))
    assert torch.equal(checked.entropy(), unchecked.entropy())


def test_huge_logits_are_no_error():
    # The quick check sums the largest logit of each row, and that sum overflows here.
    MaskedCategorical(torch.full((5, 3), 3e38), torch.ones(3).bool()).log_prob(torch.zeros(5).long())


def test_checks_do_not_depend_on_torchs_global_switch():
    before = Distribution._validate_args
    Distribution.set_default_validate_args(False)
    try:
        with pytest.raises(ValueError, match="no action"):
            MaskedCategorical(Z, ~M)
        with pytest.raises(ValueError, match=r"in 0\.\.3"):
            MaskedCategorical(Z, M).log_prob(torch.tensor([0, 9, 0]))
    finally:
        Distribution.set_default_validate_args(before)


def test_checks_survive_an_optimised_python():
    script = (
        "import torch; from masked_envs.torch import MaskedCategorical\n"
        "assert False, 'asserts are off'\n"
        "try: MaskedCategorical(torch.zeros(2, 3), torch.zeros(3).bool())\n"
        "except ValueError as error: print('refused:', error)\n"
    )
    run = subprocess.run([sys.executable, "-O", "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("refused: MaskedCategorical: the mask allows no action in row 0, row 1")
