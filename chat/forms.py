"""What people may hand in."""

from django import forms
from django.contrib.auth.forms import UserCreationForm

from .models import Message, Room, User
from .names import normalise, validate_room_name, validate_text


class SignUpForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User


class RoomNameField(forms.CharField):
    def to_python(self, value):
        return normalise(super().to_python(value))  # before its characters are counted


class RoomForm(forms.Form):
    """The name of a room to enter, old or new."""

    name = RoomNameField(max_length=50, validators=[validate_room_name])

    def save(self):
        """Return the room of that name, made if there was none."""
        return Room.objects.get_or_create(name=self.cleaned_data["name"])[0]


class MessageForm(forms.ModelForm):
    """A message's text; ``instance`` says who says it and where."""

    class Meta:
        model = Message
        fields = ["text"]

    def clean_text(self):
        validate_text(self.cleaned_data["text"])
        return self.cleaned_data["text"]

    def refusal(self):
        """Return why the text is not valid, as a key of ``REFUSALS`` in chat/frames.py."""
        code = self.errors.as_data()["text"][0].code
        return {"required": "blank", "max_length": "too_long"}.get(code, "bad_text")
