"""The pictures of the catalogue: whole, inside their frame, no two actions in one place, and with words for ansi."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from surfaces import ALL_CHOICES

from masked_envs.api.picture import Picture
from masked_envs.core.engine import Engine
from masked_envs.registration import declaration
from masked_envs.render.shapes import Text

NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?")


def is_sound(picture, scene):
    """A document whose sizes are numbers above 0, and that holds the words of the scene."""
    root = ElementTree.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and len(root) > 3
    for element in root.iter():
        for name in ("x", "y", "width", "height", "cx", "cy", "r", "stroke-width", "textLength"):
            number = element.get(name)
            assert number is None or NUMBER.fullmatch(number), (name, number)
            assert number is None or name in "xycxcy" or float(number) >= 0
    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    return all(any(shape.string.startswith((word or "").rstrip(".")) for word in words) for shape in scene.shapes
               if isinstance(shape, Text) and shape.string)  # fmt: skip


@pytest.mark.parametrize(("env_id", "values"), ALL_CHOICES)
def test_no_scene_has_a_problem(env_id, values):
    declared = declaration(env_id)
    engine = Engine(declared, declared.resolve(values))
    picture, spec, seen, every = Picture(engine, "ansi", 1), engine.mask_spec, 0, np.ones(1, bool)
    for seed in range(3):
        engine.seed([seed])
        engine.reset()
        while not engine.terminated[0] and engine.records["elapsed_steps"][0] < 15:
            scene = picture.scene(0)
            assert scene.problems() == [] and scene.kind == ("flat" if spec.kind == "candidates" else spec.kind)
            assert picture.render(0).splitlines()[1:]
            if not seen:
                assert is_sound(picture.canvas(0).finish(), scene)
            for view in range(engine.views):
                engine.pick(every, view)
            assert engine.find_invalid() == -1
            engine.step()
            engine.stored_records()
            seen += 1
    assert seen > 3 and picture.scene(0).problems() == []
