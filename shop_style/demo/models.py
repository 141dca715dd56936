"""Products and their pictures, as any shop has them: nothing here knows of styles."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Product(models.Model):
    """Something on sale."""

    class Collection(models.TextChoices):
        CATALOGUE = "catalogue", _("Catalogue")
        PHOTOS = "photos", _("Your photos")

    class Category(models.TextChoices):
        TABLE = "table", _("Table")
        HOME = "home", _("Home")
        CARRY = "carry", _("Wear & carry")

    class Colour(models.TextChoices):
        CREAM = "cream", _("Cream")
        NATURAL = "natural", _("Natural")
        AMBER = "amber", _("Amber & brown")
        RED = "red", _("Red")
        GREEN = "green", _("Green")
        BLUE = "blue", _("Blue")

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True, default="")
    price = models.DecimalField(
        _("price"), max_digits=8, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    collection = models.CharField(
        _("collection"),
        max_length=10,
        choices=Collection,
        default=Collection.CATALOGUE,
        db_index=True,
    )

    category = models.CharField(
        _("category"), max_length=10, choices=Category, blank=True, default="", db_index=True
    )
    colour = models.CharField(
        _("colour"), max_length=10, choices=Colour, blank=True, default="", db_index=True
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page in the storefront."""
        return reverse("demo:product", args=[self.slug])


class ProductImage(models.Model):
    """One picture of a product."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="images", verbose_name=_("product")
    )
    # The sizes are columns, so that a page never opens a file to lay itself out.
    image = models.ImageField(
        _("picture"),
        upload_to="products/",
        max_length=200,
        width_field="width",
        height_field="height",
    )
    width = models.PositiveIntegerField(null=True, blank=True, editable=False)
    height = models.PositiveIntegerField(null=True, blank=True, editable=False)
    alt = models.CharField(_("alternative text"), max_length=200, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    fills_frame = models.BooleanField(
        _("fills its frame"),
        default=False,
        help_text=_("A scene is cropped to its tile; a product on white is shown whole."),
    )

    class Meta:
        verbose_name = _("product picture")
        verbose_name_plural = _("product pictures")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.alt or self.image.name or ""


def on_show(
    queryset: models.QuerySet[models.Model], request: object
) -> models.QuerySet[models.Model]:
    """Rows that shoppers may see: SHOP_STYLE["VISIBLE_ROWS"]. This shop hides nothing."""
    return queryset
