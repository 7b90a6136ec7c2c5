"""What the texts made from the chapters promise."""

import json
import subprocess

import pytest

from tutorial.author import overview
from tutorial.course.chapters import COURSE
from tutorial.environment import ROOT

from .conftest import BASE_PYTHON


@pytest.mark.parametrize("file", overview.texts(), ids=lambda file: file.name)
def test_it_is_as_the_chapters_say(file):
    assert file.read_text("utf-8") == overview.texts()[file], "run: python3 -m tutorial write"


def test_the_map_the_list_and_the_links_name_the_same_chapters_in_the_same_order():
    titles = [chapter.title for chapter in COURSE]
    listed = subprocess.run(
        [BASE_PYTHON, "-m", "tutorial", "list", "--json"], cwd=ROOT, capture_output=True, check=True
    )
    assert [chapter["title"] for chapter in json.loads(listed.stdout)] == titles
    places = [overview.README.read_text("utf-8").index(f"| {c.number} | ") for c in COURSE]
    assert places == sorted(places)
    for chapter, following in zip(COURSE, COURSE[1:], strict=False):
        if chapter.exists:
            end = chapter.readme.read_text("utf-8")[-400:]
            assert f"{following.number}. {following.title}" in end
