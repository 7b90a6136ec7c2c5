"""What a page holds on to when it has been sent: nothing."""

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections


def close_connections(application):
    """Return an ASGI application that does the same, and closes its database connections.

    Each request runs in a thread of its own, in which ``CONN_MAX_AGE`` would keep a connection
    open that nobody uses any more. The consumers' thread keeps its own.
    """

    async def serve(scope, receive, send):
        async with ThreadSensitiveContext():  # Django joins it: all of the request is one thread
            try:
                await application(scope, receive, send)
            finally:
                await sync_to_async(connections.close_all)()

    return serve
