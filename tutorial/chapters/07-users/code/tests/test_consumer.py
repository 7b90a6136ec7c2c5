"""What the socket promises, over a real WebSocket to a real server."""

import json

from websockets.exceptions import ConnectionClosed

from .server import ServerTestCase, say


class ChatTests(ServerTestCase):
    def open(self, session=None, room="lobby"):
        """Return a WebSocket that is closed when the test ends; see Server.window."""
        return self.enterContext(self.server.window(session, room))

    def test_the_server_says_who_speaks(self):
        alice, bob = (self.open(session) for session in self.server.sign_in("alice", "bob"))
        say(alice, message="hello", username="bob")
        for window in (alice, bob):
            heard = json.loads(window.recv(timeout=10))
            self.assertEqual(heard, {"username": "alice", "message": "hello"})

    def test_who_is_not_logged_in_is_told_so(self):
        with self.assertRaises(ConnectionClosed) as raised:
            self.open().recv(timeout=10)
        self.assertEqual(raised.exception.rcvd.code, 4401)
