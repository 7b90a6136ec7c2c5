import json
import unittest
from contextlib import asynccontextmanager

from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator

from config.asgi import application


@asynccontextmanager
async def window(path, origin="http://testserver"):
    headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
    socket = WebsocketCommunicator(application, path, headers=headers)
    socket.accepted = (await socket.connect())[0]
    yield socket
    await socket.disconnect()


class RoomsKeepToThemselves(unittest.IsolatedAsyncioTestCase):
    async def test_all(self):
        async with window("/ws/chat/one/") as first, window("/ws/chat/two/") as other:
            async with window("/ws/chat/one/") as second:
                await first.send_to(text_data=json.dumps({"message": "1"}))
                assert json.loads(await second.receive_from())["message"] == "1"
            assert sum(map(len, get_channel_layer().groups.values())) == 2
            await first.send_to(text_data=json.dumps({"message": "2"}))
            self.assertEqual((await first.receive_json_from())["message"], "1")
            self.assertEqual((await first.receive_json_from())["message"], "2")
            self.assertIs(await second.receive_nothing(), True)
            self.assertIs(await other.receive_nothing(), True)

    async def test_stranger(self):
        async with window("/ws/chat/one/", "http://elsewhere.example") as socket:
            self.assertFalse(socket.accepted)
