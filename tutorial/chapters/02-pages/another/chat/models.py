from django.contrib.auth import models as auth


class User(auth.AbstractUser):
    pass
