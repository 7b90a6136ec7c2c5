from django.contrib import admin
from django.shortcuts import render
from django.urls import re_path


def welcome(request):
    return render(request, "welcome.html")


urlpatterns = [re_path(r"^admin/", admin.site.urls), re_path(r"^$", welcome, name="home")]
