"""The chat in Django's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from .models import Message, Room, User

admin.site.register(User, UserAdmin)


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["name", "created_at"]
    search_fields = ["name"]


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["text", "user", "room", "created_at"]
    list_filter = ["room"]
    list_select_related = ["user", "room"]
    raw_id_fields = ["user", "room"]
    search_fields = ["text", "user__username"]
