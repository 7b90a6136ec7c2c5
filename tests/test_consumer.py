"""What the socket promises, over a real WebSocket to a real server."""

from uuid import uuid4

from websockets.exceptions import ConnectionClosed, InvalidStatus

from .server import ServerTestCase, hear, say


class WindowTestCase(ServerTestCase):
    def enter(self, name, room="welcome"):
        """Return a WebSocket of a user in a room; both are made where they are missing."""
        (session,) = self.server.sign_in(name, room=room)
        return self.open(session, room)

    def open(self, *arguments, **options):
        """Return a WebSocket that is closed when the test ends; see Server.window."""
        return self.enterContext(self.server.window(*arguments, **options))

    def assertClosed(self, window, code):
        """Assert that the server closes the window with this code."""
        with self.assertRaises(ConnectionClosed) as raised:
            while True:
                window.recv(timeout=10)
        self.assertEqual(raised.exception.rcvd.code, code)


class ChatTests(WindowTestCase):
    def test_everybody_in_the_room_hears_it_and_nobody_else(self):
        alice, bob = self.enter("alice"), self.enter("bob")
        carol = self.enter("carol", room="library")
        say(alice, message="hello")
        heard = hear(alice)
        self.assertEqual((heard["username"], heard["message"]), ("alice", "hello"))
        self.assertEqual(hear(bob), heard)
        say(bob, message="hi")
        self.assertEqual(hear(alice)["previous"], heard["id"])
        say(carol, message="quiet here")
        self.assertEqual(hear(carol)["message"], "quiet here")

    def test_what_is_sent_twice_is_stored_once_and_confirmed_twice(self):
        alice = self.enter("alice", room="twice")
        client_id = str(uuid4())
        frames = []
        for _ in range(2):
            say(alice, message="once", client_id=client_id)
            frames.append(hear(alice))
        self.assertEqual(frames[0], frames[1])
        self.assertEqual(frames[0]["client_id"], client_id)

    def test_a_window_catches_up_a_part_at_a_time(self):
        alice = self.enter("alice", room="archive")
        self.server.shell(
            "alice, room = User.objects.get(username='alice'), Room.objects.get(name='archive')\n"
            "for n in range(150): room.messages.create(user=alice, text=str(n))"
        )
        say(alice, after=0)
        texts = [hear(alice)["message"] for _ in range(100)]
        end = hear(alice, "caught_up")
        self.assertTrue(end["more"])
        say(alice, after=end["last"])
        texts += [hear(alice)["message"] for _ in range(50)]
        self.assertFalse(hear(alice, "caught_up")["more"])
        self.assertEqual(texts, [str(n) for n in range(150)])

    def test_a_refused_frame_harms_nobody(self):
        alice, bob = self.enter("alice"), self.enter("bob")
        refused = {
            "not JSON": "bad_json",
            "[1]": "bad_frame",
            b"binary": "bad_frame",
            '{"message": 1}': "bad_frame",
            '{"message": "x", "client_id": "y"}': "bad_frame",
            '{"message": "  "}': "blank",
            '{"message": "%s"}' % ("x" * 501): "too_long",
            '{"message": "%s"}' % ("x" * 70_000): "too_long",
            '{"message": "\\u0000"}': "bad_text",
            '{"after": -1}': "bad_after",
            '{"after": true}': "bad_after",
        }
        for frame, code in refused.items():
            with self.subTest(frame[:30]):
                alice.send(frame)
                self.assertEqual(hear(alice, "error")["code"], code)
        say(alice, message="still here")
        self.assertEqual(hear(bob)["message"], "still here")
        self.assertNotIn("Traceback", self.server.log())

    def test_who_goes_on_and_on_is_closed(self):
        alice = self.enter("alice")
        for _ in range(20):
            alice.send("nonsense")
        self.assertClosed(alice, 1008)

    def test_a_page_of_another_site_is_refused(self):
        (session,) = self.server.sign_in("alice")
        over_https = self.server.url.replace("http", "https")
        for origin in ("http://evil.example", "http://127.0.0.1:1", over_https, "null"):
            with self.subTest(origin), self.assertRaises(InvalidStatus) as raised:
                self.open(session, origin=origin)
            self.assertEqual(raised.exception.response.status_code, 403)

    def test_who_may_not_stay_is_told_why(self):
        self.assertClosed(self.open(), 4401)
        (session,) = self.server.sign_in("alice")
        self.assertClosed(self.open(session, room="nowhere"), 4404)
        self.assertClosed(self.open(session, room="a/b"), 4404)

    def test_who_is_deactivated_can_not_go_on(self):
        dave = self.enter("dave")
        self.server.shell("User.objects.filter(username='dave').update(is_active=False)")
        say(dave, message="am I still here?")
        self.assertClosed(dave, 4401)
        stored = self.server.shell("print(Message.objects.filter(user__username='dave').count())")
        self.assertEqual(stored, "0")


class LimitTests(WindowTestCase):
    variables = {"CHAT_MESSAGES_PER_MINUTE": "60"}

    def test_a_burst_is_fine_and_then_a_pause_is_asked_for(self):
        alice = self.enter("alice")
        for number in range(15):
            say(alice, message=f"message {number}")
            hear(alice)
        for _ in range(16):  # if a stretch of 15 s ends just now, the next one takes fifteen, too
            say(alice, message="too much")
        error = hear(alice, "error")
        self.assertEqual(error["code"], "too_fast")
        self.assertIn(error["retry_after"], range(1, 16))
