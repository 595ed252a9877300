"""What other rooms know about a kind of mask stands in one table for each of them, and each table has every kind."""

import pytest

from masked_envs.mask_spec import KINDS
from masked_envs.render.entries import ENTRIES
from masked_envs.wrappers.numbering import NUMBERINGS


def test_every_kind_has_a_numbering():
    assert set(NUMBERINGS) == set(KINDS)


def test_every_kind_but_bounds_and_dicts_has_entries():
    assert set(ENTRIES) == set(KINDS) - {"interval", "dict"}


def test_every_kind_has_a_distribution():
    pytest.importorskip("torch", reason="the distributions need torch")
    from masked_envs.torch.dispatch import FORMS

    assert set(FORMS) == set(KINDS)
