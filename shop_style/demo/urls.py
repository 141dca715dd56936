"""Addresses of the storefront."""

from django.urls import path

from shop_style.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("product/<slug:slug>/", views.product, name="product"),
    path("language/", views.language, name="language"),
    path("new-visitor/", views.new_visitor, name="new_visitor"),
]
