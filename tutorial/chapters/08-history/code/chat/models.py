"""What the chat remembers: users, rooms and messages."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.urls import reverse

from .names import normalise, validate_room_name, validate_seen


class User(AbstractUser):
    """Somebody who writes: Django's own user, in a table that can grow columns later."""

    def clean(self):
        super().clean()
        validate_seen(self.username)


class Room(models.Model):
    """A place to talk."""

    name = models.CharField(max_length=50, unique=True, validators=[validate_room_name])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("chat:room", kwargs={"name": self.name})

    def clean(self):
        self.name = normalise(self.name)


class Message(models.Model):
    """What one user said in one room. A room's messages stand in the order of their ids."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="messages")
    text = models.TextField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["room", "id"], name="messages_of_a_room")]

    def __str__(self):
        return f"{self.user}: {self.text[:50]}"

    def as_frame(self):
        """Return the message as a dict for the socket."""
        return {
            "id": self.pk,
            "username": self.user.username,
            "message": self.text,
            "created_at": self.created_at.isoformat(),
        }
