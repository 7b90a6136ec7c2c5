"""What a reader sees half-way: after each section its steps are ticked off, the next is open."""

import pytest

from tutorial.author.headings import wrong_after_sections, wrong_now
from tutorial.checking.run import Report, Step
from tutorial.course.chapters import chapter

SAMPLE = (3, 5, 7)
"""The others are gone through by `proofs headings`."""


@pytest.mark.slow
@pytest.mark.parametrize("number", SAMPLE)
def test_after_each_section_its_steps_are_ticked_off_and_the_next_is_open(number):
    assert list(wrong_after_sections(number)) == []


def test_what_is_wrong_half_way_is_told():
    one, two = Step("test_one", "One"), Step("test_two", "Two")

    def wrong(passed, **more):
        return list(wrong_now(Report(chapter(3), [one, two], **more), passed))

    assert wrong(["One"], kept=["test_one"], open=two, problem="no") == []
    assert wrong(["One"], unseen={"test_one": "why"}, open=two, problem="no") == []
    assert wrong(["One", "Two"], kept=["test_one", "test_two"]) == []
    assert "test_one is open: no" in wrong(["One"], open=one, problem="no")[0]
    assert "nothing is" in wrong(["One"], kept=["test_one", "test_two"])[0]
