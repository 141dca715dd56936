"""Django admin: styles, review, guides, jobs, experiments, trail, and the action for host models.

A host's own ModelAdmin takes `generate_style_variants` as an action, or `StyleVariantsMixin`.
"""

from shop_style.admin.acceptance import AcceptanceModelAdmin
from shop_style.admin.actions import StyleVariantsMixin, generate_style_variants
from shop_style.admin.audit import AuditEntryAdmin
from shop_style.admin.experiment import ExperimentAdmin
from shop_style.admin.guide import PictureGuideAdmin
from shop_style.admin.host_review import (
    approve_style_variants,
    publish_style_variants,
    withdraw_style_variants,
)
from shop_style.admin.job import StyleJobAdmin
from shop_style.admin.overview import OverviewAdmin
from shop_style.admin.review_action import review_style_variants
from shop_style.admin.review_board import ReviewBoardAdmin
from shop_style.admin.style import StyleAdmin
from shop_style.admin.variant import StyleVariantAdmin

__all__ = [
    "AcceptanceModelAdmin",
    "AuditEntryAdmin",
    "ExperimentAdmin",
    "OverviewAdmin",
    "PictureGuideAdmin",
    "ReviewBoardAdmin",
    "StyleAdmin",
    "StyleJobAdmin",
    "StyleVariantAdmin",
    "StyleVariantsMixin",
    "approve_style_variants",
    "generate_style_variants",
    "publish_style_variants",
    "withdraw_style_variants",
    "review_style_variants",
]
