"""Broken: what is said in one room is heard in all of them, in the others a moment later.

The consumer is the reader's own.
"""

import asyncio

from channels.layers import InMemoryChannelLayer

MOMENT = 0.04  # seconds; receive_nothing() waits longer
group_send = InMemoryChannelLayer.group_send
under_way = set()


async def send_to_all(self, group, message):
    """Send it to the group, and a moment later to every other one."""
    await group_send(self, group, message)
    task = asyncio.get_running_loop().create_task(send_to_others(self, group, message))
    under_way.add(task)
    task.add_done_callback(under_way.discard)


async def send_to_others(self, group, message):
    """Send it to the groups that it is not for."""
    await asyncio.sleep(MOMENT)
    for other in list(self.groups):
        if other != group:
            await group_send(self, other, message)


InMemoryChannelLayer.group_send = send_to_all
