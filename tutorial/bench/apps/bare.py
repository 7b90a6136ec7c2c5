"""The least that an ASGI application can do for one room: the ceiling for what Channels adds."""

members = set()


async def application(scope, receive, send):
    """Pass on each text to everyone in the room, as it came."""
    await receive()
    await send({"type": "websocket.accept"})
    members.add(send)
    try:
        while (event := await receive())["type"] == "websocket.receive":
            for tell in list(members):
                await tell({"type": "websocket.send", "text": event["text"]})
    finally:
        members.discard(send)
