"""What the socket promises, over a real WebSocket to a real server."""

import json

from websockets.exceptions import ConnectionClosed

from .server import ServerTestCase, say


class ChatTests(ServerTestCase):
    def open(self, session=None, room="welcome"):
        """Return a WebSocket that is closed when the test ends; see Server.window."""
        return self.enterContext(self.server.window(session, room))

    def test_what_is_said_is_stored_and_heard(self):
        alice, bob = (self.open(session) for session in self.server.sign_in("alice", "bob"))
        say(alice, message="hello", username="bob")
        for window in (alice, bob):
            heard = json.loads(window.recv(timeout=10))
            self.assertEqual((heard["username"], heard["message"]), ("alice", "hello"))
        stored = self.server.shell("print(Message.objects.get().pk)")
        self.assertEqual(stored, str(heard["id"]))

    def test_who_may_not_stay_is_told_why(self):
        (session,) = self.server.sign_in("alice")
        for window, code in ((self.open(), 4401), (self.open(session, "nowhere"), 4404)):
            with self.assertRaises(ConnectionClosed) as raised:
                window.recv(timeout=10)
            self.assertEqual(raised.exception.rcvd.code, code)
