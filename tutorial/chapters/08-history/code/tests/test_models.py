"""What rooms and messages promise."""

from django.core.exceptions import ValidationError
from django.test import TestCase

from chat.models import Room


class RoomTests(TestCase):
    def test_a_name_is_trimmed_and_composed(self):
        room = Room(name="  cafe\N{COMBINING ACUTE ACCENT} ")
        room.full_clean()
        self.assertEqual(room.name, "caf\N{LATIN SMALL LETTER E WITH ACUTE}")

    def test_there_is_one_room_of_a_name(self):
        Room.objects.create(name="雑談")
        with self.assertRaises(ValidationError):
            Room(name="雑談").full_clean()
