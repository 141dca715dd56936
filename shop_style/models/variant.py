"""A product picture in a style: what was asked, what came out, what a person said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Self

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models, router
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop_style.models.leased import Leased, LeasedQuerySet, Status
from shop_style.models.storage import variant_storage
from shop_style.models.style import Style


class Review(models.TextChoices):
    UNREVIEWED = "unreviewed", _("unreviewed")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


DISPLAYED = (
    "content_type",
    "object_id",
    "field",
    "status",
    "review",
    "published_at",
    "retired_at",
    "image",
    "width",
    "height",
    "renditions",
    "original_renditions",
    "digital_source_type",
    "style__slug",
    "style__name",
)
"""Columns that a page reads of a variant and its style."""


class StyleVariantQuerySet(LeasedQuerySet):
    def claimable(self) -> Self:
        """As for any work, but nothing that was retired while it waited."""
        return super().claimable().filter(retired_at=None)

    def holding(self, pk: int, token: str) -> Self:
        """As for any work; a row retired under a worker is not that worker's any more."""
        return super().holding(pk, token).filter(retired_at=None)

    def live(self) -> Self:
        """Not retired."""
        return self.filter(retired_at=None)

    def published(self) -> Self:
        """What a shopper may see: ready, approved, published, not retired."""
        return self.filter(
            status=Status.READY,
            review=Review.APPROVED,
            published_at__isnull=False,
            retired_at=None,
        )

    def for_display(self) -> Self:
        """With what a page needs of variant and style, and nothing else: scorecards are long."""
        return self.select_related("style").only(*DISPLAYED)

    def for_objects(self, objects: Iterable[models.Model]) -> Self:
        """Variants of these host rows, which share a database. One query per model."""
        wanted = Q(pk__in=[])
        by_model: dict[type[models.Model], list[str]] = defaultdict(list)
        alias = home = self.db
        for item in objects:
            by_model[type(item)].append(str(item.pk))
            alias = item._state.db or alias
            home = router.db_for_write(type(item), instance=item)
        queryset = self.using(alias)
        types = ContentType.objects.db_manager(queryset.db).get_for_models(*by_model)
        for model, ids in by_model.items():
            wanted |= Q(content_type=types[model], object_id__in=ids)
        # A row read from a replica is styled, like it is written, at home.
        return queryset.filter(wanted, database=home)


class StyleVariant(Leased):
    """One styled rendition set of one image field of one host row."""

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    # Hosts use int, bigint and UUID keys; never joined, always looked up by text.
    object_id = models.CharField(_("object"), max_length=64)
    database = models.CharField(
        max_length=40,
        default="default",
        editable=False,
        help_text=_("Alias of the database that the host row, and this row, live in."),
    )
    field = models.CharField(_("field"), max_length=100)
    style = models.ForeignKey(
        Style, models.PROTECT, related_name="variants", verbose_name=_("style")
    )
    source_name = models.CharField(_("original file"), max_length=300)
    source_digest = models.CharField(max_length=64, editable=False)
    overrides = models.JSONField(_("overrides"), default=dict, blank=True)
    recipe_digest = models.CharField(max_length=64, editable=False)
    revision = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text=_("Raised when the same recipe was asked for again.")
    )

    review = models.CharField(
        _("review"), max_length=10, choices=Review, default=Review.UNREVIEWED, db_index=True
    )
    reviewed_by = models.CharField(_("reviewed by"), max_length=150, blank=True, default="")
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    shipped_at = models.DateTimeField(
        _("shipped"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When an experiment made it the default picture, whatever SHOWN says."),
    )
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    image = models.FileField(
        _("image"), storage=variant_storage, max_length=300, blank=True, default=""
    )
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    renditions = models.JSONField(_("renditions"), default=list, blank=True)
    original_renditions = models.JSONField(
        _("renditions of the original"),
        default=list,
        blank=True,
        help_text=_("What an experiment's control shows: the same widths and formats."),
    )
    digital_source_type = models.CharField(max_length=120, blank=True, default="")

    scorecard = models.JSONField(_("scorecard"), null=True, blank=True)
    ssim = models.FloatField(_("SSIM"), null=True, blank=True)
    perceptual = models.FloatField(_("perceptual"), null=True, blank=True)
    perceptual_name = models.CharField(max_length=40, blank=True, default="")
    delta_e = models.FloatField(_("ΔE00"), null=True, blank=True)
    passed = models.BooleanField(_("passed"), null=True, blank=True)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)

    evidence = models.FileField(
        _("evidence"),
        storage=variant_storage,
        max_length=300,
        blank=True,
        default="",
        help_text=_("The product's outline and heat maps of the measures, as one picture."),
    )
    acceptance = models.FloatField(
        _("chance of approval"),
        null=True,
        blank=True,
        help_text=_("What this shop's approvals say, 0–1; it decides nothing."),
    )

    engine = models.CharField(_("engine"), max_length=40, blank=True, default="")
    engine_detail = models.CharField(
        _("worked with"),
        max_length=80,
        blank=True,
        default="",
        help_text=_("Such as the trunk that was there; not part of the recipe."),
    )
    device = models.CharField(_("device"), max_length=40, blank=True, default="")
    seconds = models.FloatField(_("seconds"), null=True, blank=True)
    bound_by = models.CharField(
        _("bound by"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("The limit that kept a searched strength from going further."),
    )
    strength_used = models.FloatField(_("strength used"), null=True, blank=True)

    objects = StyleVariantQuerySet.as_manager()

    class Meta:
        verbose_name = _("style variant")
        verbose_name_plural = _("style variants")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "content_type",
                    "object_id",
                    "database",
                    "field",
                    "style",
                    "source_digest",
                    "recipe_digest",
                    "revision",
                ],
                name="shop_style_one_variant_a_recipe",
            ),
        ]
        indexes = [
            models.Index(fields=["content_type", "object_id"], name="shop_style_variant_object"),
            models.Index(fields=["status", "next_attempt_at"], name="shop_style_variant_queue"),
            models.Index(fields=["status", "finished_at"], name="shop_style_variant_finished"),
            # All that the overview counts, so that no row with its long scorecard is read for it.
            models.Index(
                fields=["retired_at", "style", "status", "review", "passed", "published_at"],
                name="shop_style_variant_counts",
            ),
        ]
        permissions = [
            ("generate_stylevariant", "Can request style variants"),
            ("approve_stylevariant", "Can approve or reject style variants"),
            ("publish_stylevariant", "Can publish style variants"),
        ]

    def __str__(self) -> str:
        return f"{self.source_name} × {self.style.slug}"

    @property
    def is_published(self) -> bool:
        """May a shopper see it?"""
        return (
            self.status == Status.READY
            and self.review == Review.APPROVED
            and self.published_at is not None
            and self.retired_at is None
        )

    def host_object(self) -> models.Model | None:
        """The host row, or None when it is gone."""
        model = self.content_type.model_class()
        if model is None:
            return None
        try:
            return model._base_manager.using(self.database).get(pk=self.object_id)
        except (ObjectDoesNotExist, ValueError, ValidationError):
            return None

    def file_names(self) -> list[str]:
        """Every stored file of this variant."""
        names = {str(item["name"]) for item in (*self.renditions, *self.original_renditions)}
        names |= {str(file.name) for file in (self.image, self.evidence) if file}
        return sorted(names)

    def own_file_names(self) -> list[str]:
        """The files that shoppers are shown of it: neither its original's nor its evidence."""
        names = {str(item["name"]) for item in self.renditions}
        if self.image:
            names.add(str(self.image.name))
        return sorted(names)

    def srcset(self, format: str) -> list[dict[str, Any]]:  # noqa: A002  # the field's own word
        """Renditions of one format, narrowest first: dicts of name, width, height."""
        return narrowest_first(self.renditions, format)


def narrowest_first(renditions: list[dict[str, Any]], format: str) -> list[dict[str, Any]]:  # noqa: A002
    """Renditions of one format by width."""
    chosen = [item for item in renditions if item["format"] == format]
    return sorted(chosen, key=lambda item: int(item["width"]))


def attach_variants(objects: Sequence[models.Model], *, attribute: str = "style_variants") -> None:
    """Put the published variants of each host row on it as a list. One query for all."""
    found: dict[tuple[int, str], list[StyleVariant]] = defaultdict(list)
    if objects:
        shown = StyleVariant.objects.for_objects(objects).published()
        for variant in shown.select_related("style"):
            found[variant.content_type_id, variant.object_id].append(variant)
    for item in objects:
        kind = ContentType.objects.db_manager(item._state.db).get_for_model(type(item))
        setattr(item, attribute, found[kind.pk, str(item.pk)])


class ReviewBoard(StyleVariant):
    """The variants as a board to be reviewed: an entry of its own in the admin's menu."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("variant to review")
        verbose_name_plural = _("review")
