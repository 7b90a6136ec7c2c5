"""How fast one user may write, in all windows together."""

from time import time

from django.conf import settings
from django.core.cache import cache


def seconds_to_wait(user):
    """Count one more message of the user and return 0, or return how many seconds are too few.

    The generic cell rate algorithm (ITU-T I.371): all that is kept is the time at which the
    user would have ended at an even pace. Being ahead of it by a short burst is allowed.
    """
    per_minute = settings.CHAT_MESSAGES_PER_MINUTE
    if not per_minute:
        return 0
    burst = 60 * max(5, per_minute // 4) / per_minute  # in seconds, like all that follows
    key, now = f"chat-pace-{user.pk}", time()
    end = max(now, cache.get(key, now)) + 60 / per_minute
    if end > now + burst:
        return end - now - burst
    cache.set(key, end, timeout=burst)
    return 0
