"""What environment files import: the declaration, parameters, state records, random numbers and array verbs."""

from .declaration import Declaration
from .instances import Instance, number_in, numbers, stated_optimum, whole
from .law import RuleError
from .parameters import Parameter
from .random import (
    random_below,
    random_subset,
    random_uniform,
    random_word,
    restore_stream,
    seed_stream,
    shuffle,
    stream_words,
)
from .rules import copy_to, count_nonzero, equal_to, fill, nth_nonzero, round_down, round_up, rule, state_record

__all__ = [
    "Declaration",
    "Instance",
    "Parameter",
    "RuleError",
    "copy_to",
    "count_nonzero",
    "equal_to",
    "fill",
    "nth_nonzero",
    "number_in",
    "numbers",
    "random_below",
    "random_subset",
    "random_uniform",
    "random_word",
    "restore_stream",
    "round_down",
    "round_up",
    "rule",
    "seed_stream",
    "shuffle",
    "state_record",
    "stated_optimum",
    "stream_words",
    "whole",
]
