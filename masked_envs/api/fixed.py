"""Public attributes that are chosen when an environment is made, and cannot be assigned afterwards."""

from __future__ import annotations

from typing import Any

from ..mask_spec.checks import shown


class Fixed:
    """A data descriptor: the first assignment, in `__init__`, holds; every later one is an AttributeError.

    The engine and the gate have read the value by then, so that an assignment would change what is shown and nothing
    that happens.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        # Kept as an ordinary attribute: `vars(instance)` would make every access to the instance slower (CPython then
        # gives it a dict of its own).
        self.name, self.kept = name, f"_fixed_{name}"

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        try:
            return object.__getattribute__(instance, self.kept)
        except AttributeError:
            raise AttributeError(f"{owner.__name__} has no {self.name} yet") from None

    def __set__(self, instance: Any, value: Any) -> None:
        try:
            held = object.__getattribute__(instance, self.kept)
        except AttributeError:
            object.__setattr__(instance, self.kept, value)
            return
        name = self.name
        raise AttributeError(
            f"{name} is chosen when the {type(instance).__name__} is made (here {shown(held)}) and cannot be "
            f"changed afterwards: make another one with {name}={shown(value)}"
        )

    def __delete__(self, instance: Any) -> None:
        raise AttributeError(f"{self.name} of {type(instance).__name__} cannot be deleted")
