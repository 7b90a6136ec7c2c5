import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from chat.routing import sockets  # noqa: E402

application = ProtocolTypeRouter(
    dict(
        http=get_asgi_application(),
        websocket=AllowedHostsOriginValidator(URLRouter(sockets)),
    )
)
