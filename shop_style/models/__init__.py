"""Rows: styles, their variants and jobs, experiments with their events, the audit trail."""

from shop_style.models.acceptance import AcceptanceModel
from shop_style.models.audit import AuditEntry
from shop_style.models.event import Event, Kind, Suspicion
from shop_style.models.experiment import Arm, Experiment, Phase, PhaseProduct, PhaseVariant
from shop_style.models.guide import PictureGuide
from shop_style.models.job import StyleJob
from shop_style.models.leased import Leased, Status
from shop_style.models.overview import Overview
from shop_style.models.style import Style, StyleReference
from shop_style.models.totals import (
    BaselineTotals,
    DailyTally,
    HourlyTotals,
    PairTotals,
    RollupMark,
    ServingSnapshot,
    SummaryTotals,
    VisitorTotals,
)
from shop_style.models.variant import ReviewBoard, StyleVariant
from shop_style.models.visitor import CarriedProduct, CarriedTotals, MixedVisitor, VisitorIdentity

__all__ = [
    "AcceptanceModel",
    "Arm",
    "AuditEntry",
    "BaselineTotals",
    "CarriedProduct",
    "CarriedTotals",
    "DailyTally",
    "Event",
    "Experiment",
    "HourlyTotals",
    "Kind",
    "Leased",
    "MixedVisitor",
    "Overview",
    "PairTotals",
    "Phase",
    "PhaseProduct",
    "PhaseVariant",
    "PictureGuide",
    "ReviewBoard",
    "RollupMark",
    "ServingSnapshot",
    "Status",
    "Style",
    "StyleJob",
    "StyleReference",
    "StyleVariant",
    "SummaryTotals",
    "Suspicion",
    "VisitorIdentity",
    "VisitorTotals",
]
