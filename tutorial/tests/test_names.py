"""What nobody sees, held against Unicode itself."""

import sys
import unicodedata

import regex

from chat.names import is_unseen, normalise

UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u2800]")


def test_what_is_drawn_as_nothing_is_what_unicode_ignores_by_default():
    # A character that is younger than this Python is none for it, and drawn as something.
    differ = [
        f"U+{number:04X}"
        for number in range(sys.maxunicode + 1)
        if is_unseen(chr(number)) != bool(UNSEEN.fullmatch(chr(number)))
        and not is_young(chr(number))
    ]
    assert differ == []


def is_young(character):
    """Whether a format character came into Unicode after this Python."""
    return unicodedata.category(character) == "Cn" and not regex.fullmatch(
        r"\p{Default_Ignorable_Code_Point}", character
    )


def test_what_phones_add_to_an_emoji_makes_no_other_room():
    assert normalise("❤\ufe0f") == normalise("❤") == "❤"
    assert normalise(" lobby\ufe0f ") == "lobby"
