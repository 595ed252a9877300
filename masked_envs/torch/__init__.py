"""Masked action distributions for PyTorch, in the interface of `torch.distributions`.

    distribution = MaskedCategorical(logits=policy(observation), mask=action_mask)
    action = distribution.sample()
    log_prob, entropy = distribution.log_prob(action), distribution.entropy()

Store the mask in the rollout buffer and use the stored mask in the update. A recomputed mask can differ, and then the
probability ratio and the KL divergence compare the wrong policies.
"""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"masked_envs.torch needs PyTorch ({error}): pip install 'masked-envs[torch]'", name=error.name
    ) from error

from masked_envs.torch.binary import MaskedBinary
from masked_envs.torch.candidates import CandidateScores, score_candidates
from masked_envs.torch.categorical import MaskedCategorical
from masked_envs.torch.conditional import MaskedConditional
from masked_envs.torch.dispatch import distribution_for, num_logits
from masked_envs.torch.distribution import LegalActions, MaskedDistribution
from masked_envs.torch.features import Features
from masked_envs.torch.interval import MaskedInterval
from masked_envs.torch.joint import MaskedJoint
from masked_envs.torch.per_head import MaskedPerHead
from masked_envs.torch.product import MaskedDict
from masked_envs.torch.squashed_normal import MaskedSquashedNormal
from masked_envs.torch.truncated_normal import MaskedTruncatedNormal

__all__ = [
    "CandidateScores",
    "Features",
    "LegalActions",
    "MaskedBinary",
    "MaskedCategorical",
    "MaskedConditional",
    "MaskedDict",
    "MaskedDistribution",
    "MaskedInterval",
    "MaskedJoint",
    "MaskedPerHead",
    "MaskedSquashedNormal",
    "MaskedTruncatedNormal",
    "distribution_for",
    "num_logits",
    "score_candidates",
]
