"""What the forms let through."""

from django.test import TestCase

from chat.forms import RoomForm, SignUpForm
from chat.models import Room


class RoomFormTests(TestCase):
    def test_names_in_any_script_are_fine(self):
        for name in ("welcome", "雑談", "हिन्दी", "ไทยดี", "a b?#%&", "n" * 50, "が" * 50):
            with self.subTest(name):
                form = RoomForm({"name": name})
                self.assertTrue(form.is_valid(), form.errors)
                self.assertEqual(form.save().name, name)

    def test_names_that_no_address_or_reader_can_bear_are_not(self):
        names = (
            "",
            "  ",
            "n" * 51,
            ".",
            "..",
            "../",
            "a/b",
            "a\0b",
            "a\nb",
            "\u202eevil",
            "a\u200bb",
            "lobby\u3164",
            "\u2800",
        )
        for name in names:
            with self.subTest(name):
                self.assertFalse(RoomForm({"name": name}).is_valid())

    def test_a_decomposed_name_is_counted_and_stored_composed(self):
        form = RoomForm({"name": "か\N{COMBINING KATAKANA-HIRAGANA VOICED SOUND MARK}" * 50})
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual(form.save().name, "が" * 50)

    def test_a_known_name_leads_to_its_room(self):
        room = Room.objects.create(name="welcome")
        for name in (" welcome ", "welcome\ufe0f"):  # phones add the latter to emoji
            form = RoomForm({"name": name})
            self.assertTrue(form.is_valid())
            self.assertEqual(form.save(), room)


class SignUpFormTests(TestCase):
    passwords = {"password1": "corridor-kettle-9", "password2": "corridor-kettle-9"}

    def test_the_name_is_taken_whatever_its_case(self):
        form = SignUpForm({"username": "alice", **self.passwords})
        self.assertTrue(form.is_valid(), form.errors)
        form.save()
        self.assertIn("username", SignUpForm({"username": "Alice", **self.passwords}).errors)

    def test_a_name_with_something_that_nobody_sees_is_nobodys(self):
        for name in ("bob\u1160", "\u3164", "bob\u115f"):
            with self.subTest(name):
                self.assertFalse(SignUpForm({"username": name, **self.passwords}).is_valid())
