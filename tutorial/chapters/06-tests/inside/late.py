"""Late, and right: an event takes a moment until it is in the channels of its group."""

import asyncio

from channels.layers import InMemoryChannelLayer

MOMENT = 0.03  # seconds; receive_nothing() waits longer
group_send = InMemoryChannelLayer.group_send
under_way = set()


async def send_later(self, group, message):
    """Send it to the group, a moment later."""
    task = asyncio.get_running_loop().create_task(after_a_moment(self, group, message))
    under_way.add(task)
    task.add_done_callback(under_way.discard)


async def after_a_moment(self, group, message):
    """Send it to who is in the group by then."""
    await asyncio.sleep(MOMENT)
    await group_send(self, group, message)


InMemoryChannelLayer.group_send = send_later
