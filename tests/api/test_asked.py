"""A request that is read without the serializer means what the serializer says it means."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from shop_style.api.asked import asked
from shop_style.api.serializers import PlacementRequestSerializer

NAMES = [
    "shop.chair:1",
    " shop.chair:1 ",
    "",
    " ",
    "a" * 300,
    "a" * 301,
    'quote"\\',
    "nul\x00",
    "half \ud800",
    "☃",
    "line\u2028",
    "tab\t",
    "end\n",
    7,
    7.5,
    True,
    None,
    {},
    ["x"],
]
OPTIONS: list[Any] = ["", "listing", "no spaces please", "ends\n", "a" * 60, "a" * 61, " x ", "é"]
OPTIONS += [None, 7, True, {}, "v" * 300, "v" * 301, "v" * 4096, "v" * 4097, "nul\x00", "\ud800"]


def by_serializer(body: Any) -> Any:
    serializer = PlacementRequestSerializer(data=body)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        return error.detail
    return dict(serializer.validated_data)


def by_us(body: Any) -> Any:
    try:
        return dict(asked(body))
    except ValidationError as error:
        return error.detail


@pytest.mark.parametrize(
    "body",
    [
        *({"objects": [name]} for name in NAMES),
        *({"objects": ["shop.chair:1", name]} for name in NAMES),
        *(
            {"objects": ["x"], key: value}
            for key in ("placement", "visitor", "preview", "unknown")
            for value in OPTIONS
        ),
        {"objects": []},
        {"objects": ["x"] * 100},
        {"objects": ["x"] * 101},
        {"objects": "x"},
        {"objects": {"0": "x"}},
        {},
        [],
        None,
        "x",
    ],
)
def test_it_is_what_the_serializer_says(body: Any) -> None:
    assert by_us(body) == by_serializer(body)


def test_what_storefronts_send_is_read_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise AssertionError("a serializer for what needs none")

    monkeypatch.setattr(PlacementRequestSerializer, "__init__", fail)
    uuid = "shop.chair:6f1c0c9e-3f0e-4b43-9a5e-2b8f1d6f0a11"
    body = {"objects": [uuid] * 48, "placement": "listing", "visitor": "eyJ:1a-B_c"}
    assert asked(body) == {**body, "preview": ""}
