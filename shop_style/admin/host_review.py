"""Bulk review from a host's own list or form: approve, publish, withdraw the rows' variants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shop_style.admin.confirm import (
    Confirmation,
    Table,
    confirmation_page,
    is_confirmed,
    selection_fields,
)
from shop_style.admin.links import change_link, list_link
from shop_style.admin.review import STEPS, Step, may_take, tell_refusals
from shop_style.admin.review_confirm import question, skipped_lines
from shop_style.exceptions import ShopStyleError
from shop_style.generation.review_plan import StepPlan, plan_step, replaced_by, why_not
from shop_style.models import StyleVariant
from shop_style.models.variant import Review
from shop_style.sources import SourceImage, pictures_of
from shop_style.words import in_words

AT_ONCE: Final = "publish_at_once"
COUNTED: Final = "counted"
"""Keys of the variants that the page counted, in one field: what is rendered meanwhile was looked
at by nobody."""
_ROWS_A_QUERY: Final = 400

# Django hides an action by asking the ModelAdmin that carries it, which may be any of the host's.
admin.ModelAdmin.has_approve_stylevariant_permission = (  # type: ignore[attr-defined]
    lambda self, request: may_take(STEPS["approve"], request)
)
admin.ModelAdmin.has_publish_stylevariant_permission = (  # type: ignore[attr-defined]
    lambda self, request: may_take(STEPS["publish"], request)
)


def chosen_pictures(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, rows: list[Any]
) -> list[SourceImage]:
    """The pictures of these rows and of their child rows; where there is none, it is said."""
    try:
        pictures = pictures_of(rows)
    except ShopStyleError as error:
        modeladmin.message_user(request, in_words(error), messages.ERROR)
        return []
    if not pictures:
        modeladmin.message_user(
            request,
            _now(
                "No picture to style in this selection: the rows have no file, or their "
                "image field is not in SHOP_STYLE['SOURCES']."
            ),
            messages.WARNING,
        )
    return pictures


def live_variants(pictures: Sequence[SourceImage]) -> list[StyleVariant]:
    """Every live variant of these pictures, with its style."""
    groups: dict[tuple[str, type[Any]], list[SourceImage]] = defaultdict(list)
    for picture in pictures:
        groups[picture.database, type(picture.instance)].append(picture)
    found: list[StyleVariant] = []
    for group in groups.values():
        wanted = {(str(item.instance.pk), item.source.field) for item in group}
        for start in range(0, len(group), _ROWS_A_QUERY):
            objects = [item.instance for item in group[start : start + _ROWS_A_QUERY]]
            rows = StyleVariant.objects.for_objects(objects).live().select_related("style")
            found += [row for row in rows if (row.object_id, row.field) in wanted]
    return list({(row._state.db, row.pk): row for row in found}.values())


@admin.action(
    permissions=["approve_stylevariant"], description=_("Approve waiting style variants…")
)
def approve_style_variants(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Approve what waits for review of the selected rows, after asking in numbers."""
    return _step(modeladmin, request, queryset, STEPS["approve"])


@admin.action(
    permissions=["publish_stylevariant"], description=_("Publish approved style variants…")
)
def publish_style_variants(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Publish what is approved of the selected rows, after asking in numbers."""
    return _step(modeladmin, request, queryset, STEPS["publish"])


@admin.action(
    permissions=["publish_stylevariant"], description=_("Withdraw published style variants…")
)
def withdraw_style_variants(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Take what is published of the selected rows out of the shop, after asking in numbers."""
    return _step(modeladmin, request, queryset, STEPS["withdraw"])


HOST_STEPS: Final = {
    "approve": approve_style_variants,
    "publish": publish_style_variants,
    "withdraw": withdraw_style_variants,
}


def _step(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any], step: Step
) -> HttpResponse | None:
    rows = list(queryset)
    pictures = chosen_pictures(modeladmin, request, rows)
    if not pictures:
        return None
    variants = live_variants(pictures)
    # Somebody said no to these one by one: a bulk step does not overrule that.
    rejected = [row for row in variants if row.review == Review.REJECTED]
    open_ones = [row for row in variants if row.review != Review.REJECTED]
    if is_confirmed(request):
        counted = request.POST.get(COUNTED, "").split(",")
        _take(modeladmin, request, step, [row for row in open_ones if str(row.pk) in counted])
        return None
    return _ask(modeladmin, request, step, rows, open_ones, len(rejected))


def _ask(
    modeladmin: admin.ModelAdmin[Any],
    request: HttpRequest,
    step: Step,
    rows: Sequence[Any],
    variants: list[StyleVariant],
    rejected: int,
) -> HttpResponse:
    plan = plan_step(step.name, variants)
    from_list = ACTION_CHECKBOX_NAME in request.POST
    back = request.get_full_path()
    if not from_list:
        back = change_link(modeladmin.admin_site, modeladmin.model, rows[0].pk)
    counted = (COUNTED, ",".join(str(row.pk) for row in variants))
    chosen = selection_fields(request) if from_list else ()
    asked = question(plan, back=back, fields=(*chosen, counted))
    skipped = [*skipped_lines(plan)]
    if rejected:
        skipped.append(
            _now("%(number)d: rejected before; decide on its own page") % {"number": rejected}
        )
    asked = replace(asked, skipped=skipped, table=_by_style(step, variants))
    if step.name == "approve":
        asked = _with_reason(asked, request, variants, plan)
    return confirmation_page(modeladmin, request, asked, subject=None if from_list else rows[0])


def _with_reason(
    asked: Confirmation, request: HttpRequest, variants: list[StyleVariant], plan: StepPlan
) -> Confirmation:
    """Failed ones are approved by a reason, and what is approved may be published at once."""
    failed = plan_step("approve", variants, reason="any").failed_gate
    help_text = asked.reason_help
    if failed:
        help_text = (
            ngettext(
                "With a reason, %d that failed its gate is approved as well; without one it is "
                "skipped.",
                "With a reason, %d that failed their gate are approved as well; without one they "
                "are skipped.",
                failed,
            )
            % failed
        )
    is_possible = bool(plan.ready or failed)
    checks = ((AT_ONCE, _at_once(variants)),)
    return replace(
        asked,
        title=asked.title if plan.ready else _now("Approve what failed its gate?"),
        lines=asked.lines if plan.ready else [_now("None passed its gate and waits for review.")],
        button=asked.button if plan.ready or not failed else _now("Yes, approve by this reason"),
        reason=_now("Reason") if is_possible else "",
        reason_help=help_text,
        checks=checks if is_possible and may_take(STEPS["publish"], request) else (),
        is_possible=is_possible,
    )


def _at_once(variants: Sequence[StyleVariant]) -> str:
    """What the tick says: older ones would leave for good, where any would."""
    replaced = replaced_by([row for row in variants if not why_not("approve", row, reason="any")])
    if not replaced:
        return _now("Publish them at once, too")
    text = ngettext(
        "Publish them at once, too; %d older variant is replaced, for good",
        "Publish them at once, too; %d older variants are replaced, for good",
        replaced,
    )
    return text % replaced


def _by_style(step: Step, variants: Sequence[StyleVariant]) -> Table | None:
    """The numbers of each style; none where there is only one."""
    by_style: dict[str, list[StyleVariant]] = defaultdict(list)
    for variant in variants:
        by_style[variant.style.name].append(variant)
    if len(by_style) < 2:
        return None
    plans = [(name, plan_step(step.name, rows)) for name, rows in sorted(by_style.items())]
    return Table(
        caption=_now("By style"),
        heads=(_now("Style"), step.label, _now("Skipped")),
        rows=[(name, plan.ready, plan.total - plan.ready) for name, plan in plans],
    )


def _take(
    modeladmin: admin.ModelAdmin[Any],
    request: HttpRequest,
    step: Step,
    variants: list[StyleVariant],
) -> None:
    reason = request.POST.get("reason", "").strip()
    taken = _able(step, variants, reason)
    _do(modeladmin, request, step, taken, reason)
    publish = STEPS["publish"]
    if step.name == "approve" and AT_ONCE in request.POST and may_take(publish, request):
        # Not those approved before: somebody may have withdrawn them.
        approved = [row for row in taken if row.review == Review.APPROVED]
        _do(modeladmin, request, publish, _able(publish, approved, reason), reason)


def _able(step: Step, variants: list[StyleVariant], reason: str) -> list[StyleVariant]:
    """Those that the page counted as ready: the others were named there as skipped."""
    return [row for row in variants if not why_not(step.name, row, reason=reason)]


def _do(
    modeladmin: admin.ModelAdmin[Any],
    request: HttpRequest,
    step: Step,
    variants: list[StyleVariant],
    reason: str,
) -> None:
    report = step.take(variants, actor=request.user.get_username(), reason=reason)
    text = step.done % report.done
    address = list_link(modeladmin.admin_site, StyleVariant)
    if report.done and address:
        keys = ",".join(str(pk) for pk in sorted({row.style_id for row in variants}))
        text = format_html(
            '{} <a href="{}?style__id__in={}">{}</a>', text, address, keys, _now("See them")
        )
    modeladmin.message_user(request, text, messages.SUCCESS if report.done else messages.WARNING)
    tell_refusals(modeladmin, request, report)
