"""What a shopper narrows the list down by: kind, colour, price, and in which order it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy

from shop_style.demo.models import Product

_BANDS: Final = (("under-25", 0, 25), ("25-75", 25, 75), ("over-75", 75, None))
_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("collection", "pk"),
    "price": ("price", "pk"),
    "-price": ("-price", "pk"),
    "name": ("name", "pk"),
}
ORDER_NAMES: Final = (
    ("", gettext_lazy("Our choice")),
    ("price", gettext_lazy("Price, low to high")),
    ("-price", gettext_lazy("Price, high to low")),
    ("name", gettext_lazy("Name")),
)


@dataclass(frozen=True, kw_only=True)
class Option:
    """One value of a filter. number: products that have it, the other filters aside."""

    value: str
    name: str
    number: int
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Facet:
    """One filter. name: the field's name in the address."""

    name: str
    label: str
    options: Sequence[Option]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What an address asks for. Values that mean nothing ask for nothing."""

    category: str = ""
    colour: str = ""
    price: str = ""
    sort: str = ""

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Filters:
        """From a request's query."""
        return cls(
            category=_known(query.get("category", ""), Product.Category.values),
            colour=_known(query.get("colour", ""), Product.Colour.values),
            price=_known(query.get("price", ""), [slug for slug, *_ in _BANDS]),
            sort=_known(query.get("sort", ""), list(_ORDERS)),
        )

    @property
    def is_narrowing(self) -> bool:
        """Does it leave anything out?"""
        return bool(self.category or self.colour or self.price)

    def apply(self, products: QuerySet[Product]) -> QuerySet[Product]:
        """The products asked for, in the order asked for."""
        if self.category:
            products = products.filter(category=self.category)
        if self.colour:
            products = products.filter(colour=self.colour)
        low, high = _limits(self.price)
        if low:
            products = products.filter(price__gte=low)
        if high is not None:
            products = products.filter(price__lt=high)
        return products.order_by(*_ORDERS[self.sort])

    def facets(self) -> list[Facet]:
        """Each filter with what it may be, and how many products that is. One query."""
        rows = list(Product.objects.values_list("category", "colour", "price"))
        found = [
            _facet("category", gettext("Category"), Product.Category.choices, self.category, rows),
            _facet("colour", gettext("Colour"), Product.Colour.choices, self.colour, rows),
            Facet(name="price", label=gettext("Price"), options=_bands(self.price, rows)),
        ]
        return [facet for facet in found if len(facet.options) > 1]

    def orders(self) -> list[Option]:
        """In which orders the list may come."""
        return [
            Option(value=value, name=str(name), number=0, chosen=value == self.sort)
            for value, name in ORDER_NAMES
        ]


def kept_query(query: Any, *names: str) -> str:
    """Those parameters of an address that go with a shopper from page to page, as a query."""
    kept = {name: query[name] for name in names if query.get(name)}
    return f"?{urlencode(kept)}" if kept else ""


def _known(value: str, values: Sequence[str]) -> str:
    return value if value in values else ""


def _limits(price: str) -> tuple[int, int | None]:
    return next(((low, high) for slug, low, high in _BANDS if slug == price), (0, None))


def _facet(
    name: str, label: str, choices: Any, chosen: str, rows: Sequence[tuple[str, str, Decimal]]
) -> Facet:
    place = 0 if name == "category" else 1
    counts = Counter(row[place] for row in rows)
    return Facet(
        name=name,
        label=label,
        options=[
            Option(value=value, name=str(text), number=counts[value], chosen=value == chosen)
            for value, text in choices
            if counts[value]
        ],
    )


def _bands(chosen: str, rows: Sequence[tuple[str, str, Decimal]]) -> list[Option]:
    names = {
        "under-25": gettext("Under £25"),
        "25-75": gettext("£25 to £75"),
        "over-75": gettext("From £75"),
    }
    found = []
    for slug, low, high in _BANDS:
        number = sum(row[2] >= low and (high is None or row[2] < high) for row in rows)
        if number:
            found.append(Option(value=slug, name=names[slug], number=number, chosen=slug == chosen))
    return found
