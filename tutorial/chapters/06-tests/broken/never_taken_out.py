"""Broken: no channel is ever taken out of its group. The consumer is the reader's own."""

from channels.layers import InMemoryChannelLayer


async def group_discard(self, group, channel):
    """Take the place of the layer's method, and do nothing."""


InMemoryChannelLayer.group_discard = group_discard
