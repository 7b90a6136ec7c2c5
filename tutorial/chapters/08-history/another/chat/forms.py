from django import forms
from django.contrib.auth.forms import UserCreationForm

from chat.models import Message, Room, User
from chat.names import normalise, validate_room_name


class SignUpForm(UserCreationForm):
    class Meta:
        model = User
        fields = ["username"]


class EnterForm(forms.Form):
    name = forms.CharField()

    def clean_name(self):
        name = normalise(self.cleaned_data["name"])
        validate_room_name(name)
        if len(name) > 50:
            raise forms.ValidationError("Shorter, please.")
        return name

    def room(self):
        room, _ = Room.objects.get_or_create(name=self.cleaned_data["name"])
        return room


class WriteForm(forms.ModelForm):
    class Meta:
        model = Message
        fields = ("text",)
