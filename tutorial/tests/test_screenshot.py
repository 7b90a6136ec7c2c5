"""What the pictures promise: each shows what a stage does, and none is left over."""

import re

import pytest

from tutorial.author.screenshot import IMAGES, SCENES, take_screenshot
from tutorial.course.chapters import COURSE

from .conftest import ROOT

PNG = b"\x89PNG\r\n\x1a\n"


def test_each_picture_is_shown_once_and_each_that_is_shown_is_there():
    texts = [ROOT / "README.md", *(current.readme for current in COURSE if current.exists)]
    shown = [
        (text.parent / link).resolve()
        for text in texts
        for link in re.findall(r"!\[[^]]+\]\(([^)]+)\)", text.read_text("utf-8"))
    ]
    assert sorted(shown) == sorted(IMAGES.iterdir())
    assert {path.stem for path in shown if path.suffix == ".png"} == set(SCENES)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
def test_a_scene_can_be_played_on_its_stage(tmp_path, name):
    picture = take_screenshot(name, tmp_path)
    assert picture.read_bytes().startswith(PNG)
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.png"]
