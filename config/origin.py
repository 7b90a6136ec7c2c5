"""Which web pages may open a WebSocket to this server."""

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest


class SameOriginValidator:
    """Refuse (HTTP 403) a handshake from a page of another site.

    A browser sends this site's cookies with any page's handshake, and says in ``Origin`` whose
    page it is. ``application`` is the ASGI application to protect.
    """

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        application = self.application if is_same_origin(scope) else WebsocketDenier()
        return await application(scope, receive, send)


def is_same_origin(scope):
    """Say whether the handshake's Origin is the address that it was sent to.

    Scheme and port count, as they do for a browser; ``CSRF_TRUSTED_ORIGINS`` names further ones.
    A missing or malformed Origin equals none of them.
    """
    request = ASGIRequest({**scope, "method": "GET"}, None)
    try:
        host = request.get_host()
    except DisallowedHost:
        return False
    allowed = {f"http://{host}", f"https://{host}", *settings.CSRF_TRUSTED_ORIGINS}
    return request.headers.get("Origin") in allowed
