"""Broken: who has left is still sent what is said, though the group is right.

It takes a moment until anybody hears it. The consumer is the reader's own.
"""

import asyncio
import contextlib
import json
from contextvars import ContextVar

from channels.consumer import AsyncConsumer
from channels.layers import InMemoryChannelLayer

MOMENT = 0.3  # seconds; longer than receive_nothing() waits
own_window = ContextVar("own_window")
left = []

call = AsyncConsumer.__call__
group_discard = InMemoryChannelLayer.group_discard
group_send = InMemoryChannelLayer.group_send


async def remembered(self, scope, receive, send):
    """Run a consumer, and remember its window for what it does."""
    own_window.set(send)
    return await call(self, scope, receive, send)


async def discard(self, group, channel):
    """Take the channel out, and keep the window."""
    await group_discard(self, group, channel)
    left.append((group, own_window.get(None)))


async def send_to_all(self, group, message):
    """Send it to the windows that were once in the group, and then to the group."""
    await asyncio.sleep(MOMENT)
    for once_in, window in left:
        if once_in == group and window:
            with contextlib.suppress(Exception):  # its test may have ended
                await window({"type": "websocket.send", "text": json.dumps(message)})
    await group_send(self, group, message)


AsyncConsumer.__call__ = remembered
InMemoryChannelLayer.group_discard = discard
InMemoryChannelLayer.group_send = send_to_all
