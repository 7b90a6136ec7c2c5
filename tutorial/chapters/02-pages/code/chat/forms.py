"""What people may hand in."""

from django import forms


class RoomForm(forms.Form):
    """The name of a room to enter: ASCII letters, digits, hyphens and underscores."""

    name = forms.SlugField(max_length=50)
