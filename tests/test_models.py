"""What rooms and messages promise."""

from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import TestCase

from chat.models import Message, Room, User


class RoomTests(TestCase):
    def test_a_name_is_trimmed_and_composed(self):
        room = Room(name="  cafe\N{COMBINING ACUTE ACCENT} ")
        room.full_clean()
        self.assertEqual(room.name, "caf\N{LATIN SMALL LETTER E WITH ACUTE}")

    def test_there_is_one_room_of_a_name(self):
        Room.objects.create(name="雑談")
        with self.assertRaises(ValidationError):
            Room(name="雑談").full_clean()

    def test_a_message_knows_the_one_before_it_in_its_room(self):
        alice = User.objects.create_user("alice")
        here, elsewhere = Room.objects.create(name="here"), Room.objects.create(name="elsewhere")
        first, _, second = (
            room.messages.create(user=alice, text="hi") for room in (here, elsewhere, here)
        )
        self.assertIsNone(here.id_before(first.pk))
        self.assertEqual(here.id_before(second.pk), first.pk)


class MessageTests(TestCase):
    def test_a_client_id_is_stored_once_for_a_user_and_room(self):
        said = {
            "user": User.objects.create_user("alice"),
            "room": Room.objects.create(name="welcome"),
            "client_id": uuid4(),
        }
        Message.objects.create(text="hi", **said)
        with self.assertRaises(IntegrityError):
            Message.objects.create(text="hi", **said)
