"""Which web pages may open a WebSocket to this server."""

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.utils.http import is_same_domain


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

    The rule is the one of Django's CsrfViewMiddleware for forms: scheme, host and port count, with
    ``ws`` as ``http`` and ``wss`` as ``https``, and ``CSRF_TRUSTED_ORIGINS`` names further ones. A
    missing or malformed Origin equals none of them.
    """
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    request = ASGIRequest({**scope, "scheme": scheme, "method": "GET"}, None)
    try:
        own = f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return False
    origin = request.headers.get("Origin", "")
    return any(is_origin(origin, allowed) for allowed in (own, *settings.CSRF_TRUSTED_ORIGINS))


def is_origin(origin, allowed):
    """Say whether the Origin is the allowed one; ``https://*.example.com`` allows all below it."""
    scheme, _, host = origin.partition("://")
    allowed_scheme, _, pattern = allowed.partition("://")
    same_host = "/" not in host and is_same_domain(host, pattern.removeprefix("*"))
    return scheme == allowed_scheme and same_host
