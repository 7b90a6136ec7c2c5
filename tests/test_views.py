"""What the pages promise."""

from django.test import TestCase
from django.urls import reverse

from chat.models import Room, User

PASSWORD = "corridor-kettle-9"


class AccountTests(TestCase):
    def test_signing_up_logs_in(self):
        data = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD}
        response = self.client.post("/accounts/signup/", data, follow=True)
        self.assertRedirects(response, "/chat/")
        self.assertEqual(response.context["user"].username, "alice")

    def test_logging_in_leads_back_to_the_page_that_asked_for_it(self):
        User.objects.create_user("alice", password=PASSWORD)
        Room.objects.create(name="雑談")
        room = reverse("chat:room", args=["雑談"])
        response = self.client.get(room, follow=True)
        self.assertTemplateUsed(response, "registration/login.html")
        data = {"username": "alice", "password": PASSWORD, "next": room}
        self.assertRedirects(self.client.post("/accounts/login/", data), room)

    def test_a_wrong_password_is_told_in_the_form(self):
        User.objects.create_user("alice", password=PASSWORD)
        response = self.client.post("/accounts/login/", {"username": "alice", "password": "no"})
        self.assertContains(response, "Please enter a correct username and password")

    def test_logging_out_takes_a_post(self):
        self.client.force_login(User.objects.create_user("alice"))
        self.assertEqual(self.client.get("/accounts/logout/").status_code, 405)
        self.assertRedirects(self.client.post("/accounts/logout/"), "/")
        self.assertRedirects(self.client.get("/chat/"), "/accounts/login/?next=/chat/")

    def test_a_changed_password_ends_the_other_sessions(self):
        alice = User.objects.create_user("alice", password=PASSWORD)
        other = self.client_class()
        for client in (self.client, other):
            client.force_login(alice)
        new = "kettle-corridor-9"
        data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        self.assertRedirects(self.client.post("/accounts/password/", data), "/chat/")
        self.assertEqual(other.get("/chat/").status_code, 302)


class RoomTests(TestCase):
    def setUp(self):
        self.alice = User.objects.create_user("alice")
        self.client.force_login(self.alice)

    def test_a_new_name_makes_a_room(self):
        response = self.client.post("/chat/", {"name": " 雑談 "})
        self.assertRedirects(response, reverse("chat:room", args=["雑談"]))
        self.assertContains(self.client.get("/chat/"), "雑談")

    def test_a_bad_name_gets_an_error_in_the_form(self):
        for name in ("", "n" * 51, "../"):
            response = self.client.post("/chat/", {"name": name})
            self.assertContains(response, "errorlist")
        self.assertFalse(Room.objects.exists())

    def test_an_unknown_room_is_not_found_nor_made(self):
        self.assertEqual(self.client.get("/chat/nowhere/").status_code, 404)
        self.assertFalse(Room.objects.exists())

    def test_a_room_shows_the_last_messages_and_links_to_older_ones(self):
        room = Room.objects.create(name="welcome")
        for number in range(120):
            room.messages.create(user=self.alice, text=f"message {number}")
        address, shown = "/chat/welcome/", []
        for expected in (range(70, 120), range(20, 70), range(20)):
            response = self.client.get(address)
            texts = [message.text for message in response.context["messages"]]
            self.assertEqual(texts, [f"message {number}" for number in expected])
            shown = response.context["messages"]
            address = f"/chat/welcome/?before={shown[0].pk}"
        self.assertNotContains(response, "Older messages")

    def test_what_people_write_is_shown_as_text(self):
        evil = "</script><img src=x onerror=alert(1)>"
        room = Room.objects.create(name="<b>")
        room.messages.create(user=self.alice, text=evil)
        page = self.client.get(room.get_absolute_url()).content.decode()
        self.assertNotIn(evil, page)
        self.assertNotIn("<b></h1>", page)
        self.assertIn("&lt;img src=x", page)

    def test_a_nonsense_address_is_answered_like_any_other(self):
        Room.objects.create(name="welcome")
        for before in ("x", "-1", "9" * 19, "9" * 5000, "٣"):
            self.assertEqual(self.client.get(f"/chat/welcome/?before={before}").status_code, 200)
