"""How fast one user may write, in all windows together."""

from time import time

from django.conf import settings
from django.core.cache import cache


def seconds_to_wait(user):
    """Count one more message of the user and return 0, or return how many seconds are too few.

    Time is cut into stretches, of 15 s as a rule, and the cache counts the user's messages in the
    stretch that runs. ``add`` and ``incr`` are each one step in every cache that Django knows, so
    processes that share a cache count right, too.
    """
    per_minute = settings.CHAT_MESSAGES_PER_MINUTE
    if not per_minute:
        return 0
    most = max(5, per_minute // 4)
    stretch = 60 * most / per_minute  # seconds
    number, gone = divmod(time(), stretch)
    key = f"chat-pace-{user.pk}-{number:.0f}"
    cache.add(key, 0, timeout=stretch)
    return 0 if cache.incr(key) <= most else stretch - gone
