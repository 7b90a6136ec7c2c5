"""Broken: while somebody is in one room, no other room lets anybody in.

The consumer is the reader's own.
"""

from channels.routing import ProtocolTypeRouter

answer = ProtocolTypeRouter.__call__
inside = []


async def only_one(self, scope, receive, send):
    """Refuse a handshake for a room while there is a window in another one."""
    if scope["type"] != "websocket":
        return await answer(self, scope, receive, send)
    if any(path != scope["path"] for path in inside):
        await receive()
        return await send({"type": "websocket.close"})
    inside.append(scope["path"])
    try:
        return await answer(self, scope, receive, send)
    finally:
        inside.remove(scope["path"])


ProtocolTypeRouter.__call__ = only_one
