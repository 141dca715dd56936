"""Set-up: orders of Oscar's checkout count as conversions."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopStyleOscarConfig(AppConfig):
    name = "shop_style.oscar"
    label = "shop_style_oscar"
    verbose_name = _("Shop style in Oscar")

    def ready(self) -> None:
        from shop_style.oscar import orders

        orders.connect()
