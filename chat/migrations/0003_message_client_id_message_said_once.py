from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_room_message'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='client_id',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('user', 'room', 'client_id'), name='said_once'),
        ),
    ]
