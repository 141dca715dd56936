"""Experiments and their reports, for staff."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from shop_style.api.base import StaffView
from shop_style.api.filters import ExperimentFilter
from shop_style.api.pagination import Pages
from shop_style.api.report_serializers import ReportSerializer
from shop_style.api.serializers import ErrorSerializer, ExperimentSerializer
from shop_style.experiments.lifecycle import find_experiment
from shop_style.models import Experiment

_ERRORS = {401: ErrorSerializer, 403: ErrorSerializer, 429: ErrorSerializer}


class ExperimentsView(StaffView, GenericAPIView[Experiment]):
    """The list."""

    queryset = Experiment.objects.order_by("-pk")
    serializer_class = ExperimentSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ExperimentFilter
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Experiment]:
        """With arms and phases in two queries more."""
        return super().get_queryset().prefetch_related("arms__style", "phases")

    @extend_schema(
        operation_id="experiments",
        responses={
            200: ExperimentSerializer(many=True),
            400: ErrorSerializer,
            404: ErrorSerializer,
            **_ERRORS,
        },
    )
    def get(self, request: Request) -> Response:
        """Experiments, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ExperimentView(StaffView):
    """One of them."""

    @extend_schema(
        operation_id="experiment",
        responses={200: ExperimentSerializer, 404: ErrorSerializer, **_ERRORS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """An experiment with its arms and phases."""
        return Response(ExperimentSerializer(find_experiment(slug)).data)


class ReportView(StaffView):
    """What it found."""

    @extend_schema(
        operation_id="experiment_report",
        responses={200: ReportSerializer, 404: ErrorSerializer, **_ERRORS},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The report as of the last rollup; the command and the admin page show the same."""
        # Loaded here: SciPy has no business in a process that only serves shoppers.
        from shop_style.experiments.reporting.readout import build_report

        return Response(build_report(find_experiment(slug)).as_dict())
