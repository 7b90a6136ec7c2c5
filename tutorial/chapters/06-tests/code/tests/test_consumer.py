"""What the consumer promises, without a server and without a browser."""

from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.test import SimpleTestCase

from config.asgi import application

HEADERS = [(b"host", b"testserver"), (b"origin", b"http://testserver")]


class ChatTests(SimpleTestCase):
    async def enter(self, room):
        """Return a connected window in the room."""
        window = WebsocketCommunicator(application, f"/ws/chat/{room}/", headers=HEADERS)
        connected, _ = await window.connect()
        self.assertTrue(connected)
        return window

    async def test_everybody_in_the_room_hears_it(self):
        alice, bob = await self.enter("lobby"), await self.enter("lobby")
        await alice.send_json_to({"message": "hello"})
        for window in (alice, bob):
            self.assertEqual(await window.receive_json_from(), {"message": "hello"})
            await window.disconnect()

    async def test_nobody_else_hears_it(self):
        alice, carol = await self.enter("lobby"), await self.enter("library")
        await alice.send_json_to({"message": "hello"})
        self.assertTrue(await carol.receive_nothing())
        for window in (alice, carol):
            await window.disconnect()

    async def test_who_has_left_hears_nothing(self):
        alice, bob = await self.enter("attic"), await self.enter("attic")
        await bob.disconnect()
        self.assertEqual(len(get_channel_layer().groups["room-attic"]), 1)
        await alice.send_json_to({"message": "hello"})
        self.assertEqual(await alice.receive_json_from(), {"message": "hello"})
        self.assertTrue(await bob.receive_nothing())
        await alice.disconnect()

    async def test_a_page_of_another_site_is_refused(self):
        headers = [(b"host", b"testserver"), (b"origin", b"http://evil.example")]
        window = WebsocketCommunicator(application, "/ws/chat/lobby/", headers=headers)
        connected, _ = await window.connect()
        self.assertFalse(connected)
