import os
from pathlib import Path

from environ import Env

ROOT = Path(__file__).parents[1]

env = Env(DEBUG=(bool, False), ALLOWED_HOSTS=(list, []), CSRF_TRUSTED_ORIGINS=(list, []))
if os.path.exists(os.path.join(ROOT, ".env")):
    Env.read_env(os.path.join(ROOT, ".env"))

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env("DEBUG")
ALLOWED_HOSTS = env("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env("CSRF_TRUSTED_ORIGINS")

LOCAL = {"localhost", "127.0.0.1", "[::1]", "::1"}
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", not DEBUG and bool({*ALLOWED_HOSTS} - LOCAL))
if "SECURE_PROXY_SSL_HEADER" in env:
    SECURE_PROXY_SSL_HEADER = tuple(env.list("SECURE_PROXY_SSL_HEADER"))
CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", True)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", True)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 0 if DEBUG else 60)

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
DATABASES["default"]["NAME"] = os.path.join(ROOT, DATABASES["default"]["NAME"])
TIME_ZONE = env("TIME_ZONE", default="Europe/Berlin")
LANGUAGE_CODE = os.environ.get("LANGUAGE_CODE", "en-gb")
STATIC_URL = "/static/"
