import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core import asgi

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

application = ProtocolTypeRouter(
    application_mapping=dict(http=asgi.get_asgi_application(), websocket=URLRouter([]))
)
