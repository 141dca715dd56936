from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0002_foldingchair'),
    ]

    operations = [
        migrations.CreateModel(
            name='Vase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('photo', models.ImageField(upload_to='vases')),
                ('cutout', models.FileField(blank=True, upload_to='cutouts')),
                ('note', models.CharField(blank=True, default='', max_length=50)),
            ],
        ),
    ]
