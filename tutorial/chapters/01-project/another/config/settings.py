import os
from pathlib import Path

from environ import Env

ROOT = Path(__file__).parents[1]

env = Env(DEBUG=(bool, False), ALLOWED_HOSTS=(list, []))
if os.path.exists(os.path.join(ROOT, ".env")):
    Env.read_env(os.path.join(ROOT, ".env"))

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env("DEBUG")
ALLOWED_HOSTS = env("ALLOWED_HOSTS")

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_HSTS_SECONDS = 0 if DEBUG else 60

INSTALLED_APPS = (
    "django.contrib.staticfiles",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.admin",
)

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"

TEMPLATES = [
    dict(
        BACKEND="django.template.backends.django.DjangoTemplates",
        DIRS=[os.path.join(ROOT, "templates")],
        APP_DIRS=True,
        OPTIONS=dict(
            context_processors=[
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        ),
    )
]

DATABASES = {"default": env.db()}
TIME_ZONE = env("TIME_ZONE", default="Europe/Berlin")
STATIC_URL = "/static/"
