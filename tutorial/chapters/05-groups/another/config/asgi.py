import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from config.server import finish_handlers_before_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
finish_handlers_before_shutdown()

from chat import routing  # noqa: E402
from config.origin import SameOriginValidator  # noqa: E402

application = ProtocolTypeRouter(
    {
        "websocket": SameOriginValidator(URLRouter(routing.websocket_urlpatterns)),
        "http": get_asgi_application(),
    }
)
