"""The conformance kit: what the laws of the mask are, and a checker that holds them against any environment.

>>> import masked_envs
>>> masked_envs.check_masked_env("MaskedConnectFour-v0", steps=5).passed
True
"""

from .check import check_masked_env
from .laws import LAWS
from .report import ConformanceError, Finding, NotJudgedWarning, Profile, Report, Reproduction
from .time_step import AgentStep

__all__ = [
    "LAWS",
    "AgentStep",
    "ConformanceError",
    "Finding",
    "NotJudgedWarning",
    "Profile",
    "Report",
    "Reproduction",
    "check_masked_env",
]
