"""The ASGI application: pages for Django, WebSockets for Channels.

Run by ``manage.py runserver`` and by ``daphne config.asgi:application``.
"""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

# What follows needs the settings and the models: it stands below the line that loads them.
from chat.routing import websocket_urlpatterns  # noqa: E402
from config import server  # noqa: E402
from config.origin import SameOriginValidator  # noqa: E402
from config.pages import close_connections  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": close_connections(django_application),
        "websocket": SameOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)

server.finish_handlers_before_shutdown()
server.allow_all_close_codes()
server.ignore_sends_to_who_is_leaving()
