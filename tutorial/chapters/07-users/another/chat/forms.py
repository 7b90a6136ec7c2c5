from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import UserCreationForm


class NewPersonForm(UserCreationForm):
    class Meta:
        model = get_user_model()
        fields = ["username", "email"]


class RoomForm(forms.Form):
    name = forms.SlugField(max_length=50)
