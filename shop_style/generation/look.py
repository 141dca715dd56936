"""A colour grade as a `.cube` file: given to a style, and written from one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.core.files.base import ContentFile
from django.db import IntegrityError, router, transaction

from shop_style.exceptions import CubeError, RequestOutdated
from shop_style.generation import files
from shop_style.generation.fit_plan import serving_variants
from shop_style.models import AuditEntry, Style
from shop_style.transfer.cube import ENDING, Cube, grid, read_cube
from shop_style.transfer.parameters import AS_AUTHORED
from shop_style.transfer.registry import engine_entry
from styleeval.sentence import said

if TYPE_CHECKING:
    from shop_style.transfer.palette import Palette

GRADE_ENGINE: Final = "grade"


def check_takes_cube(style: Style) -> None:
    """Raises CubeError for a style whose look is no table of colours."""
    if engine_entry(style.engine).artefact_ending != ENDING:
        raise CubeError(
            said(
                "style “{style}” uses the engine {engine!r}, whose look is no table of "
                "colours; choose a style of the engine {grade_engine!r}, or another slug",
                style=style.slug,
                engine=style.engine,
                grade_engine=GRADE_ENGINE,
            )
        )


def has_this_cube(style: Style, data: bytes) -> bool:
    """Are these the bytes of the file that the style has?"""
    if style.pk is None or not style.has_own_artefact:
        return False
    return files.read_if_there(style.artefact.storage, style.artefact.name or "") == data


@dataclass(frozen=True, kw_only=True, eq=False)
class CubePlan:
    """What an import would do to a style, which need not exist yet.

    before: when it was last saved.
    """

    style: Style
    cube: Cube
    data: bytes
    before: datetime | None

    @property
    def is_new(self) -> bool:
        """Is there no such style yet?"""
        return self.style.pk is None

    def summary(self) -> list[str]:
        """What changes, a sentence each."""
        style, cube = self.style, self.cube
        state = "new" if self.is_new else "changed"
        title = f"“{cube.title}”, " if cube.title else ""
        kind = "curves of" if cube.is_curves else "table of"
        size = f"{len(cube.values)} points" + ("" if cube.is_curves else " a side")
        lines = [
            f"style {style.slug} ({style.name}): {state}, engine {style.engine}",
            f"look: {title}{kind} {size}",
            "parameters: " + ", ".join(f"{k} {v:g}" for k, v in _shares(style).items()),
        ]
        if not self.is_new and style.references.exists():
            lines.append("its reference pictures are kept, and count no more")
        serving = serving_variants(style)
        if serving:
            lines.append(
                f"{serving} published variants keep serving until their replacements are approved"
            )
        return lines

    def save(self, *, actor: str) -> Style:
        """Save the style with its file, or nothing.

        Raises RequestOutdated when somebody else changed the style meanwhile.
        """
        using = router.db_for_write(Style)
        try:
            with transaction.atomic(using=using):
                return self._saved(using, actor)
        except IntegrityError:
            # Somebody else added a style of this slug since it was looked for.
            raise self._outdated() from None

    def _saved(self, using: str, actor: str) -> Style:
        style = self.style
        rows = Style.objects.using(using).select_for_update().filter(slug=style.slug)
        if rows.values_list("updated_at", flat=True).first() != self.before:
            raise self._outdated()
        verb = "added" if self.is_new else "changed"
        if not has_this_cube(style, self.data):
            style.artefact = ContentFile(self.data, name=f"look{ENDING}")
        style.save(using=using)
        AuditEntry.objects.record(
            verb,
            style,
            actor=actor,
            detail={"recipe": style.digest, "artefact": style.artefact.name},
        )
        return style

    def _outdated(self) -> RequestOutdated:
        return RequestOutdated(
            said(
                "somebody else changed style “{style}” meanwhile; nothing was saved, run it again",
                style=self.style.slug,
            )
        )


def plan_import(slug: str, data: bytes, *, file_name: str, name: str = "") -> CubePlan:
    """Check everything an import needs, and write nothing.

    A style without shares of its own takes the whole of the look. Raises CubeError, django's
    ValidationError.
    """
    cube = read_cube(data, name=file_name)
    style = Style.objects.home().filter(slug=slug).first()
    before = style.updated_at if style else None
    if style is None:
        style = Style(slug=slug, name=slug.replace("-", " ").capitalize(), engine=GRADE_ENGINE)
    check_takes_cube(style)
    style.name = name or style.name
    style.parameters = {**AS_AUTHORED, **(style.parameters or {})}
    style.full_clean()
    return CubePlan(style=style, cube=cube, data=data, before=before)


def _shares(style: Style) -> dict[str, float]:
    return {name: style.parameters[name] for name in AS_AUTHORED}


def cube_of(
    style: Style,
    picture: bytes | None = None,
    *,
    name: str = "",
    side: int,
    strength: float | None = None,
) -> Cube:
    """A colour grade as a table of so many points a side, at a strength, else the style's own.

    picture: a file whose product's palette the table is for; without one, and where the style
    has no references, it is an ordinary photograph's.
    Raises CubeError, IntakeError and what `recipe_for` does.
    """
    from shop_style.generation.recipe import recipe_for
    from shop_style.transfer.grade import GradeEngine

    check_takes_cube(style)
    recipe = recipe_for(style)
    palette = None if picture is None else _palette(picture, name)
    cube = GradeEngine().prepare(recipe.spec).cube(palette, side=side)
    share = recipe.strength if strength is None else strength
    values = cube.values
    if share is not None and share != 1:
        nodes = grid(side)
        values = nodes + share * (values.clip(0, 1) - nodes)
    return Cube(values=values, title=style.name)


def _palette(data: bytes, name: str) -> Palette:
    from shop_style.generation.limits import intake_limits
    from shop_style.imaging.intake import decode
    from shop_style.imaging.mask import find_mask
    from shop_style.transfer.palette import palette_of, product_weights

    photo = decode(data, name=name, limits=intake_limits())
    mask = find_mask(photo)
    weights = None if mask.origin == "none" else mask.weights
    return palette_of(photo.rgb, product_weights(weights))
