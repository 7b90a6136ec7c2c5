"""The chat in Django's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from .models import Message, Room, User

admin.site.register(User, UserAdmin)
admin.site.register(Room)


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["text", "user", "room", "created_at"]
    raw_id_fields = ["user", "room"]
    search_fields = ["text", "user__username"]
