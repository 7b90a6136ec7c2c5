"""The ASGI application. Run by ``manage.py runserver`` and ``daphne config.asgi:application``."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

application = ProtocolTypeRouter({"http": django_application})
