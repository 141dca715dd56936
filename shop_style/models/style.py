"""A style: which engine, with which parameters and references, held to which thresholds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.exceptions import EngineParameterError, UnknownEngine
from shop_style.models.storage import (
    artefact_name,
    is_new_upload,
    reference_name,
    variant_storage,
)
from shop_style.transfer.parameters import EngineParameters
from shop_style.transfer.registry import engine_entry
from shop_style.transfer.weights import weight_file
from shop_style.words import in_words
from styleeval.sentence import said


class Region(models.TextChoices):
    WHOLE = "whole", _("whole picture")
    PRODUCT = "product", _("product only")
    BACKGROUND = "background", _("background only")


class StyleQuerySet(models.QuerySet["Style"]):
    def home(self) -> StyleQuerySet:
        """Styles where they are edited; other databases hold mirrors of them."""
        return self.using(router.db_for_write(Style))

    def offered(self) -> StyleQuerySet:
        """Styles that variants may be asked for in: those that are not retired."""
        return self.filter(retired_at=None)


GATES: Final = {
    "artistic": _("painted"),
    "background": _("another background"),
    "fabric": _("another fabric"),
    "grade": _("graded colours"),
    "restore": _("restored photo"),
}
"""What a gate's mode is called; rows keep the key. One that is not here is shown as it is."""


def gate_in_words(mode: str) -> str:
    """A gate's mode, in the reader's language."""
    return str(GATES.get(mode, mode))


class Style(models.Model):
    """A look that product pictures can take."""

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    engine = models.CharField(_("engine"), max_length=40)
    region = models.CharField(_("region"), max_length=12, choices=Region, default=Region.WHOLE)
    keep_white = models.BooleanField(
        _("keep white"), default=True, help_text=_("A white background stays exactly white.")
    )
    colour_lock = models.FloatField(
        _("colour lock"),
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=_("How far the product keeps its own colours; at 1 it takes strokes alone."),
    )
    product_strength = models.FloatField(
        _("strength on the product"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=_(
            "Share of the strength that the product takes where its outline is known; empty is "
            "all of it."
        ),
    )
    text_lock = models.BooleanField(
        _("text lock"),
        default=False,
        help_text=_("Print, and places marked on a picture, stay as they are."),
    )
    restore_first = models.BooleanField(
        _("clean up first"),
        default=False,
        help_text=_("Noise, blur and a colour cast of the photo are mended before it is styled."),
    )
    parameters = models.JSONField(_("engine parameters"), default=dict, blank=True)
    strength = models.FloatField(
        _("strength"),
        null=True,
        blank=True,
        default=1.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=_("From 0 to 1; empty searches the largest that passes the gate."),
    )
    mode = models.CharField(
        _("gate"),
        max_length=12,
        blank=True,
        default="",
        help_text=_("Which thresholds hold; empty takes those of the engine and region."),
    )
    thresholds = models.JSONField(
        _("thresholds"), default=dict, blank=True, help_text=_("Overrides of the gate's own.")
    )
    automatic = models.BooleanField(
        _("automatic"), default=False, help_text=_("Request variants when a picture changes.")
    )
    artefact = models.FileField(
        _("fitted parameters"), upload_to=artefact_name, storage=variant_storage, blank=True
    )
    digest = models.CharField(max_length=64, editable=False, default="", db_index=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = StyleQuerySet.as_manager()

    class Meta:
        verbose_name = _("style")
        verbose_name_plural = _("styles")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check engine, parameters, gate and thresholds. Raises ValidationError by field."""
        problems: dict[str, Any] = {
            name: gettext("Write an object of names and values in braces.")
            for name in ("parameters", "thresholds")
            if not isinstance(getattr(self, name) or {}, dict)
        }
        if problems:
            raise ValidationError(problems)
        try:
            entry = engine_entry(self.engine)
        except UnknownEngine as error:
            raise ValidationError({"engine": in_words(error)}) from error
        try:
            entry.parameters.from_mapping(self.parameters or {})
        except EngineParameterError as error:
            problems["parameters"] = [
                in_words(line) for line in (error, *entry.parameters.describe())
            ]
        from styleeval.preservation.gate import THRESHOLDS, Thresholds

        if self.mode and self.mode not in THRESHOLDS:
            problems["mode"] = in_words(
                said("{mode!r} is not one of {modes}", mode=self.mode, modes=", ".join(THRESHOLDS))
            )
        known = [item.name for item in dataclasses.fields(Thresholds)]
        for name, value in (self.thresholds or {}).items():
            if name not in known:
                problems["thresholds"] = in_words(
                    said("{name!r} is not one of {known}", name=name, known=", ".join(known))
                )
            elif not (value is None or type(value) in (int, float)):
                problems["thresholds"] = in_words(
                    said("{name}: {value!r} is not a number or null", name=name, value=value)
                )
        if problems:
            raise ValidationError(problems)

    def checked_parameters(self) -> EngineParameters:
        """The parameters as the engine takes them. Raises EngineParameterError."""
        return engine_entry(self.engine).parameters.from_mapping(
            self.parameters or {}, style=self.slug
        )

    @property
    def gate_mode(self) -> str:
        """The mode whose thresholds hold."""
        if self.mode:
            return self.mode
        return "background" if self.region == Region.BACKGROUND else engine_entry(self.engine).mode

    @property
    def has_own_artefact(self) -> bool:
        """Has it a file of the kind its engine takes? One of another engine's lies unused."""
        ending = engine_entry(self.engine).artefact_ending
        return bool(ending) and (self.artefact.name or "").lower().endswith(ending)

    def compute_digest(self) -> str:
        """SHA-256 over everything that changes pixels: what it is called changes none."""
        entry = engine_entry(self.engine)
        recipe = {
            "engine": entry.name,
            "version": entry.version,
            "weights": [weight_file(name).sha256 for name in entry.weights],
            "parameters": self.checked_parameters().as_dict(),
            "region": self.region,
            "keep_white": self.keep_white,
            "strength": self.strength,
            # Thresholds steer the search only where strength is searched for.
            "gate": None if self.strength is not None else [self.gate_mode, self.thresholds],
            "references": [item.sha256 for item in self.ordered_references()],
            "artefact": self.artefact.name if self.artefact else "",
        }
        # Left out while they are off, so that styles made before these options keep their digest.
        options = ("colour_lock", "product_strength", "text_lock", "restore_first")
        recipe |= {name: getattr(self, name) for name in options if getattr(self, name)}
        if self.product_strength == 0:
            recipe["product_strength"] = 0.0
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def ordered_references(self) -> list[StyleReference]:
        """References in the order that counts."""
        if self.pk is None:
            return []
        return list(self.references.order_by("position", "pk"))

    def refresh_digest(self) -> None:
        """Recompute and store the digest, after a reference came or went."""
        self.digest = self.compute_digest()
        type(self).objects.using(self._state.db).filter(pk=self.pk).update(digest=self.digest)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with a fresh digest. Raises UnknownEngine or EngineParameterError."""
        if is_new_upload(self.artefact):
            # Stored first, since the digest counts the name it is stored under.
            self.artefact.save(self.artefact.name or "", self.artefact.file, save=False)
        self.digest = self.compute_digest()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "digest"}
        super().save(*args, **kwargs)


class StyleReference(models.Model):
    """A picture whose look a style takes, with the right to use it."""

    style = models.ForeignKey(Style, models.CASCADE, related_name="references")
    image = models.FileField(_("picture"), upload_to=reference_name, storage=variant_storage)
    licence = models.CharField(_("licence"), max_length=200)
    source = models.CharField(_("source"), max_length=300, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    sha256 = models.CharField(max_length=64, editable=False, default="")

    class Meta:
        verbose_name = _("style reference")
        verbose_name_plural = _("style references")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.image.name or ""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, hashing a new picture, and bring the style's digest up to date."""
        if not self.sha256 or is_new_upload(self.image):
            with self.image.open("rb") as stream:
                self.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
                stream.seek(0)
                super().save(*args, **kwargs)
        else:
            super().save(*args, **kwargs)
        self.style.refresh_digest()


@receiver(post_delete, sender=StyleReference)
def _refresh_digest(instance: StyleReference, using: str, **_: Any) -> None:
    # A signal, so that a queryset's delete counts too; the style itself may be going.
    style = Style.objects.using(using).filter(pk=instance.style_id).first()
    if style is not None:
        style.refresh_digest()
