"""What a room and a user may be called, and what a message must hold."""

from unicodedata import category, normalize

from django.core.exceptions import ValidationError

# Where nothing is drawn: Unicode's Default_Ignorable_Code_Point (first and last of each range), and
# the Braille cell without a dot.
BLANKS = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
    (0x2800, 0x2800),
)


def is_unseen(character):
    """Say whether nobody sees this character, and it is no space between words either."""
    return category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or any(
        first <= ord(character) <= last for first, last in BLANKS
    )


def normalise(name):
    """Return a room's name as it is stored: composed (NFC), trimmed, without what phones add.

    Phones put U+FE0F behind a character to have it drawn as an emoji.
    """
    return normalize("NFC", name.replace("\ufe0f", "")).strip()


def validate_seen(name):
    """Raise ValidationError for a name in which there is a character that nobody sees.

    None, which a form hands on that has refused a name, passes.
    """
    if any(map(is_unseen, name or "")):
        raise ValidationError("A name can't contain characters that nobody sees.")


def validate_room_name(name):
    """Raise ValidationError for a name that an address or a reader would trip over."""
    if name in {".", ".."} or "/" in name:
        raise ValidationError("A room's name can't be one or two dots, or contain a slash.")
    validate_seen(name)


def validate_text(text):
    """Raise ValidationError for a message of which nobody sees anything, or with half a character.

    JSON can spell half a character (``"\\ud83d"``), and no database can store it.
    """
    if any(category(character) == "Cs" for character in text):
        raise ValidationError("Half a character.", code="surrogate")
    if all(character.isspace() or is_unseen(character) for character in text):
        raise ValidationError("Nothing that anybody sees.", code="required")
