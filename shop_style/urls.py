"""Addresses of the REST API: `path("shop-style/", include("shop_style.urls"))`."""

from django.urls import path

from shop_style.api.views.events import EventsView
from shop_style.api.views.experiments import ExperimentsView, ExperimentView, ReportView
from shop_style.api.views.placement import PlacementView
from shop_style.api.views.variants import VariantsView, VariantView
from shop_style.api.views.visitors import ForgetView, MergeView

app_name = "shop_style"
# Strings all of them: what is no key or slug is our own coded 404, not an HTML page.
urlpatterns = [
    path("placement/", PlacementView.as_view(), name="placement"),
    path("events/", EventsView.as_view(), name="events"),
    path("visitor/merge/", MergeView.as_view(), name="visitor_merge"),
    path("visitor/forget/", ForgetView.as_view(), name="visitor_forget"),
    path("variants/", VariantsView.as_view(), name="variants"),
    path("variants/<str:number>/", VariantView.as_view(), name="variant"),
    path("experiments/", ExperimentsView.as_view(), name="experiments"),
    path("experiments/<str:slug>/", ExperimentView.as_view(), name="experiment"),
    path("experiments/<str:slug>/report/", ReportView.as_view(), name="experiment_report"),
]
