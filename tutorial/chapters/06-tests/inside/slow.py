"""Slow, and right: each line takes a moment until it is in another window."""

import asyncio
from contextvars import ContextVar

from channels.layers import InMemoryChannelLayer

from .clock import Clock

MOMENT = 0.3  # seconds of a clock that knows how busy the machine is
own_channel = ContextVar("own_channel")
new_channel = InMemoryChannelLayer.new_channel
under_way = set()
clock = Clock()


async def remembered(self, *arguments, **more):
    """Make a consumer's channel, and remember it for what that consumer does."""
    name = await new_channel(self, *arguments, **more)
    own_channel.set(name)
    return name


async def group_send(self, group, message):
    """Send it to the one who sends it, and to the others a moment later."""
    own = own_channel.get(None)
    channels = list(self.groups.get(group, ()))
    if own in channels:
        channels.remove(own)
        await self.send(own, message)
    task = asyncio.get_running_loop().create_task(to_the_others(self, channels, message))
    under_way.add(task)
    task.add_done_callback(under_way.discard)


async def to_the_others(self, channels, message):
    """Send it to each channel, a moment later."""
    until = clock.now() + MOMENT
    while clock.now() < until:
        await asyncio.sleep(0.02)
    for name in channels:
        await self.send(name, message)


clock.start()
InMemoryChannelLayer.new_channel = remembered
InMemoryChannelLayer.group_send = group_send
