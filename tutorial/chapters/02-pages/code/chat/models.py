"""What the chat remembers: users."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Somebody who writes: Django's own user, in a table that can grow columns later."""
