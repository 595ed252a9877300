"""Public attributes that are chosen when an environment is made, and cannot be assigned afterwards."""

from __future__ import annotations

from typing import Any


class Fixed:
    """A data descriptor: the first assignment, in `__init__`, holds; every later one is an AttributeError.

    The engine and the gate have read the value by then, so that an assignment would change what is shown and nothing
    that happens.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        try:
            return vars(instance)[self.name]
        except KeyError:
            raise AttributeError(f"{owner.__name__} has no {self.name} yet") from None

    def __set__(self, instance: Any, value: Any) -> None:
        name, held = self.name, vars(instance)
        if name in held:
            raise AttributeError(
                f"{name} is chosen when the {type(instance).__name__} is made (here {held[name]!r}) and cannot be "
                f"changed afterwards: make another one with {name}={value!r}"
            )
        held[name] = value

    def __delete__(self, instance: Any) -> None:
        raise AttributeError(f"{self.name} of {type(instance).__name__} cannot be deleted")
