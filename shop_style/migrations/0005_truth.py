
import django.core.validators
import django.db.models.deletion
import shop_style.models.storage
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('shop_style', '0004_colour_lock'),
    ]

    operations = [
        migrations.CreateModel(
            name='AcceptanceModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('parameters', models.JSONField(verbose_name='parameters')),
                ('report', models.JSONField(verbose_name='report')),
                ('approved', models.PositiveIntegerField(verbose_name='approved variants')),
                ('rejected', models.PositiveIntegerField(verbose_name='rejected variants')),
                ('fitted_by', models.CharField(blank=True, default='', max_length=150, verbose_name='fitted by')),
                ('fitted_at', models.DateTimeField(auto_now_add=True, verbose_name='fitted')),
            ],
            options={
                'verbose_name': 'acceptance model',
                'verbose_name_plural': 'acceptance models',
                'ordering': ['-pk'],
            },
        ),
        migrations.AddField(
            model_name='style',
            name='product_strength',
            field=models.FloatField(blank=True, help_text='Share of the strength that the product takes where its outline is known; empty is all of it.', null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)], verbose_name='strength on the product'),
        ),
        migrations.AddField(
            model_name='style',
            name='restore_first',
            field=models.BooleanField(default=False, help_text='Noise, blur and a colour cast of the photo are mended before it is styled.', verbose_name='clean up first'),
        ),
        migrations.AddField(
            model_name='style',
            name='text_lock',
            field=models.BooleanField(default=False, help_text='Print, and places marked on a picture, stay as they are.', verbose_name='text lock'),
        ),
        migrations.AddField(
            model_name='stylevariant',
            name='acceptance',
            field=models.FloatField(blank=True, help_text="What this shop's approvals say, 0–1; it decides nothing.", null=True, verbose_name='chance of approval'),
        ),
        migrations.AddField(
            model_name='stylevariant',
            name='bound_by',
            field=models.CharField(blank=True, default='', help_text='The limit that kept a searched strength from going further.', max_length=40, verbose_name='bound by'),
        ),
        migrations.AddField(
            model_name='stylevariant',
            name='evidence',
            field=models.FileField(blank=True, default='', help_text="The product's outline and heat maps of the measures, as one picture.", max_length=300, storage=shop_style.models.storage.variant_storage, upload_to='', verbose_name='evidence'),
        ),
        migrations.CreateModel(
            name='PictureGuide',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_id', models.CharField(max_length=64, verbose_name='object')),
                ('field', models.CharField(max_length=100, verbose_name='field')),
                ('mask', models.FileField(blank=True, help_text='A picture of the same shape: white is product, black is background.', max_length=300, storage=shop_style.models.storage.variant_storage, upload_to=shop_style.models.storage.guide_name, verbose_name='product mask')),
                ('boxes', models.JSONField(blank=True, default=list, help_text='Print and logos to keep: lists of left, top, right, bottom from 0 to 1.', verbose_name='marked places')),
                ('updated_by', models.CharField(blank=True, default='', max_length=150, verbose_name='changed by')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('content_type', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contenttypes.contenttype')),
            ],
            options={
                'verbose_name': 'picture guide',
                'verbose_name_plural': 'picture guides',
                'constraints': [models.UniqueConstraint(fields=('content_type', 'object_id', 'field'), name='shop_style_one_guide')],
            },
        ),
    ]
