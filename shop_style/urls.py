"""Addresses of the REST API: `path("shop-style/", include("shop_style.urls"))`."""

from django.urls import path

from shop_style.api.views.events import EventsView
from shop_style.api.views.experiments import ExperimentsView, ExperimentView, ReportView
from shop_style.api.views.placement import PlacementView
from shop_style.api.views.variants import VariantsView, VariantView

app_name = "shop_style"
urlpatterns = [
    path("placement/", PlacementView.as_view(), name="placement"),
    path("events/", EventsView.as_view(), name="events"),
    path("variants/", VariantsView.as_view(), name="variants"),
    path("variants/<int:pk>/", VariantView.as_view(), name="variant"),
    path("experiments/", ExperimentsView.as_view(), name="experiments"),
    path("experiments/<slug:slug>/", ExperimentView.as_view(), name="experiment"),
    path("experiments/<slug:slug>/report/", ReportView.as_view(), name="experiment_report"),
]
