"""A host with its own product models: UUID, int and bigint keys, own and child pictures."""

import uuid

from django.db import models


class Chair(models.Model):
    """The picture is on the product itself, and the key is a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50, default="chair")
    price = models.IntegerField(default=10)
    photo = models.ImageField(upload_to="chairs")

    def __str__(self) -> str:
        return self.name


class Poster(models.Model):
    """A small int key, and a picture that may be missing."""

    id = models.AutoField(primary_key=True)
    artwork = models.FileField(upload_to="posters", blank=True, null=True)


class Lamp(models.Model):
    """A product whose pictures are child rows."""

    name = models.CharField(max_length=50, default="lamp")

    def __str__(self) -> str:
        return self.name


class Shot(models.Model):
    """A child row with a bigint key."""

    lamp = models.ForeignKey(Lamp, models.CASCADE, related_name="shots")
    picture = models.ImageField(upload_to="lamps")


class FoldingChair(Chair):
    """The same rows under another class."""

    class Meta:
        proxy = True


class Vase(models.Model):
    """The shop keeps a product mask of its own beside each picture."""

    photo = models.ImageField(upload_to="vases")
    cutout = models.FileField(upload_to="cutouts", blank=True)
    note = models.CharField(max_length=50, blank=True, default="")
