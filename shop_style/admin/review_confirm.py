"""When a review step asks first, and what it says then."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop_style.admin.confirm import Confirmation
from shop_style.generation.review_plan import StepPlan


def asks_first(plan: StepPlan) -> bool:
    """Would it take something from shoppers, or for good? One new picture is simply published."""
    if plan.step == "publish":
        return plan.replaced > 0 or plan.ready > 1
    return plan.leave_shop > 0 or plan.step == "withdraw"


def question(
    plan: StepPlan,
    *,
    back: str,
    fields: Sequence[tuple[str, str]],
    reason: str = "",
    action: str = "",
) -> Confirmation:
    """What the page that asks says of a step."""
    possible = plan.ready > 0
    return Confirmation(
        title=_TITLES[plan.step](plan.ready) if possible else _("Nothing to do"),
        lines=will_happen(plan),
        skipped=skipped_lines(plan),
        undo=_undo(plan) if possible else "",
        button=_BUTTONS[plan.step](plan.ready),
        fields=fields,
        reason=_("Reason") if possible else "",
        reason_help=_("optional; kept in the audit trail"),
        reason_value=reason,
        back=back,
        action=action,
        is_possible=possible,
        takes_away=plan.leave_shop > 0 or plan.replaced > 0,
    )


_TITLES = {
    "approve": lambda n: ngettext("Approve %d variant?", "Approve %d variants?", n) % n,
    "reject": lambda n: ngettext("Reject %d variant?", "Reject %d variants?", n) % n,
    "publish": lambda n: ngettext("Publish %d variant?", "Publish %d variants?", n) % n,
    "withdraw": lambda n: ngettext("Withdraw %d variant?", "Withdraw %d variants?", n) % n,
}
_BUTTONS = {
    "approve": lambda n: ngettext("Yes, approve %d", "Yes, approve %d", n) % n,
    "reject": lambda n: ngettext("Yes, reject %d", "Yes, reject %d", n) % n,
    "publish": lambda n: ngettext("Yes, publish %d", "Yes, publish %d", n) % n,
    "withdraw": lambda n: ngettext("Yes, withdraw %d", "Yes, withdraw %d", n) % n,
}


def will_happen(plan: StepPlan) -> list[str]:
    """What the step does, a sentence a number."""
    n = plan.ready
    if not n:
        return [_("None of the chosen variants can take this step.")]
    lines = [_first_line(plan, n)]
    if plan.failed_gate:
        text = ngettext(
            "%d of them failed its gate and is approved by your reason.",
            "%d of them failed their gate and are approved by your reason.",
            plan.failed_gate,
        )
        lines.append(text % plan.failed_gate)
    if plan.leave_shop:
        text = ngettext(
            "%d picture leaves the shop at once: shoppers see the original again.",
            "%d pictures leave the shop at once: shoppers see the originals again.",
            plan.leave_shop,
        )
        lines.append(text % plan.leave_shop)
    if plan.replaced:
        text = ngettext(
            "%d older variant of the same picture and style is retired.",
            "%d older variants of the same pictures and styles are retired.",
            plan.replaced,
        )
        lines.append(text % plan.replaced)
    return lines


def _first_line(plan: StepPlan, n: int) -> str:
    if plan.step == "publish":
        text = ngettext(
            "%(n)d variant of %(p)d product is published: shoppers see it at once, where the shop "
            "shows its style.",
            "%(n)d variants of products (%(p)d) are published: shoppers see them at once, where "
            "the shop shows their styles.",
            n,
        )
    elif plan.step == "withdraw":
        text = ngettext(
            "%(n)d variant of %(p)d product is withdrawn.",
            "%(n)d variants of products (%(p)d) are withdrawn.",
            n,
        )
    elif plan.step == "reject":
        text = ngettext(
            "%(n)d variant of %(p)d product is rejected.",
            "%(n)d variants of products (%(p)d) are rejected.",
            n,
        )
    else:
        text = ngettext(
            "%(n)d variant of %(p)d product is approved.",
            "%(n)d variants of products (%(p)d) are approved.",
            n,
        )
    return text % {"n": n, "p": plan.products}


def skipped_lines(plan: StepPlan) -> list[str]:
    """What does not take the step, a sentence a reason."""
    return [
        _("%(number)d: %(why)s") % {"number": number, "why": why} for why, number in plan.skipped
    ]


def _undo(plan: StepPlan) -> str:
    if plan.step == "withdraw":
        return _("They stay approved; “Publish” brings them back.")
    if plan.step == "reject":
        return _("“Approve” and “Publish” bring them back; their files stay.")
    if plan.step == "publish" and plan.replaced:
        return _(
            "“Withdraw” takes them out again. Retired ones do not come back: what they showed has "
            "to be asked for again."
        )
    if plan.step == "publish":
        return _("“Withdraw” takes them out again.")
    return _("“Reject” takes it back; nothing is shown before it is published.")


def requeue_question(
    failed: int, chosen: int, back: str, fields: Sequence[tuple[str, str]]
) -> Confirmation:
    """What the page that asks says of trying failed ones again."""
    text = ngettext(
        "%d variant that failed is put into the queue again, with its tries given back.",
        "%d variants that failed are put into the queue again, with their tries given back.",
        failed,
    )
    others = chosen - failed
    skipped = ngettext("%d: not failed, or retired", "%d: not failed, or retired", others)
    return Confirmation(
        title=ngettext("Try %d again?", "Try %d again?", failed) % failed,
        lines=[text % failed],
        skipped=[skipped % others] if others else (),
        undo=_("Nothing that shoppers see changes; what is rendered waits for review."),
        button=ngettext("Yes, try %d again", "Yes, try %d again", failed) % failed,
        fields=fields,
        back=back,
    )
