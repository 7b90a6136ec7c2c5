"""Says what a difference between two units amounts to: a slip, or another way? Pure functions."""

import re
from collections import Counter

from tutorial.checking.comparing.pairing import Change
from tutorial.checking.comparing.units import Unit

SMALL, SIGNATURE, STYLE, LARGE, WORDS = "small", "signature", "style", "large", "words"
"""What a difference amounts to: a slip (a line or a word that is not there, or another one); other
parameters; an addition, or another spelling; another way of saying it; other words for people."""

DECIDING = {"not", "await", "async", "return", "!"}
"""Words that decide even where they are added."""

NOISE = set("()[]{},;:")

LONGEST_SLIP = 16
"""Tokens that can be lost in one place by a slip."""

OWNERS = {"'en'", "'UTC'"}
"""Values in the settings that are the owner's affair."""

PLAIN_WORD = re.compile(r"[“(]?[^\W_]+(?:['’-][^\W_]+)*[.,:;!?…”)]*")
SENTENCE = re.compile(r"[A-Z][^<>=/\\_@#%|;*]*[.!?…]")


def nature(
    name: str, stage: Unit, own: Unit, changes: list[Change], bound: tuple[set[str], set[str]]
) -> str:
    """What the changes of a unit in the file `name` amount to.

    `bound` are the names that both sides may call otherwise in what the unit opens.
    """
    words = [change for change in changes if not NOISE.issuperset(change[0] + change[1])]
    if stage.sort == "text" or words and all(is_for_people(*change) for change in words):
        return WORDS
    if name.startswith("tests/") and renames_test(stage, words):
        return WORDS
    if not words:
        return SMALL if name.endswith(".py") else STYLE
    if not any(ours for ours, _ in words):
        added = {token for _, theirs in words for token in theirs}
        return SMALL if added & DECIDING else STYLE
    if stage.sort == "head" and only_parameters(words, *bound):
        return SIGNATURE
    if Counter(stage.tokens) == Counter(own.tokens):
        return SMALL
    return SMALL if len(set(words)) == 1 and is_slip(*words[0]) else LARGE


def is_for_people(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether the one is words for people, and the other a string, too."""
    return len(ours) == len(theirs) == 1 and is_prose(ours[0]) and is_string(theirs[0])


def is_prose(token: str) -> bool:
    """Whether a string is for people: a sentence, or several words."""
    if token.startswith("“") or token in OWNERS:
        return True
    inner = re.sub(r"\$?\{[^{}]*\}", "X", token.lstrip("rbfuRBFU")[1:-1])
    words = inner.split()
    if len(words) < 3:
        return is_string(token) and bool(SENTENCE.fullmatch(inner))
    plain = sum(bool(PLAIN_WORD.fullmatch(word)) for word in words)
    return is_string(token) and plain > 0.7 * len(words)


def is_string(token: str) -> bool:
    """Whether a token is a string."""
    return len(token) > 1 and token.lstrip("rbfuRBFU")[:1] in ("'", '"', "`", "“")


def renames_test(stage: Unit, words: list[Change]) -> bool:
    """Whether a test, or a class of tests, is only called otherwise."""
    if stage.sort != "head" or [len(side) for change in words for side in change] != [1, 1]:
        return False
    (old,), (new,) = words[0]
    both_run = "class" in stage.tokens or old.startswith("test_") and new.startswith("test_")
    return old == stage.name and both_run


def only_parameters(words: list[Change], stage: set[str], own: set[str]) -> bool:
    """Whether only parameters differ; `stage`, `own`: the names that each function binds."""
    more = NOISE | {"None", "=", "*", "**"}
    return all(set(ours) <= stage | more and set(theirs) <= own | more for ours, theirs in words)


def is_slip(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether a slip makes the one of the other: tokens are lost, or one has become another."""
    if not theirs:
        return len(ours) <= LONGEST_SLIP and ours[-1] != "="
    return len(ours) == len(theirs) == 1 and sort_of(ours[0]) == sort_of(theirs[0])


def sort_of(token: str) -> str:
    """What a token is: a string, a number, a name or a sign."""
    if is_string(token):
        return "string"
    if token[0].isdigit():
        return "number"
    return "name" if token[0].isalpha() or token[0] in "_$·" else "sign"
