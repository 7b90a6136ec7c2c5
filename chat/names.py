"""What a room may be called."""

from unicodedata import category, normalize

from django.core.exceptions import ValidationError


def normalise(name):
    """Return a room's name as it is stored: composed (NFC) and trimmed."""
    return normalize("NFC", name).strip()


def validate_room_name(name):
    """Raise ValidationError for a name that an address or a reader would trip over."""
    if name in {".", ".."} or "/" in name:
        raise ValidationError("A room's name can't be one or two dots, or contain a slash.")
    if any(category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name):
        raise ValidationError("A room's name can't contain characters that nobody sees.")
