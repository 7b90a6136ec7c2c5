"""What people may hand in."""

from django import forms
from django.contrib.auth.forms import UserCreationForm

from .models import User


class SignUpForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User


class RoomForm(forms.Form):
    """The name of a room to enter: ASCII letters, digits, hyphens and underscores."""

    name = forms.SlugField(max_length=50)
