"""The OpenAPI schema: complete, current in the docs, and kept to by every endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.reference import PAGE, SCHEMA, markdown
from tests.conftest import BROWSER

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
application = get_wsgi_application()
schema = schemathesis.openapi.from_wsgi("/shop-style/schema/?format=json", app=application)
fuzzed = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)


def test_it_is_valid_and_warns_of_nothing(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "s.yaml"))


def test_the_docs_hold_the_current_one(tmp_path: Path) -> None:
    call_command("spectacular", file=str(tmp_path / "openapi.yaml"))
    current = (tmp_path / "openapi.yaml").read_text(encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == current, "run `make docs`"
    page = markdown(yaml.safe_load(current))
    assert PAGE.read_text(encoding="utf-8") == page, "run `make docs`"
    for name in ("placement", "events", "variants", "experiments"):
        assert f"/shop-style/{name}/" in page


@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@fuzzed
def test_no_input_breaks_an_endpoint(case: Any, shop: Any) -> None:
    response = case.call(headers={"User-Agent": BROWSER})
    case.validate_response(response, checks=CHECKS)


@pytest.mark.django_db(transaction=True)
@schema.include(path_regex="/experiments/").parametrize()
@fuzzed
def test_no_input_of_staff_breaks_an_endpoint(case: Any, shop: Any) -> None:
    client = Client()
    client.force_login(
        User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)[0]
    )
    cookie = client.cookies["sessionid"].value
    response = case.call(headers={"User-Agent": BROWSER, "Cookie": f"sessionid={cookie}"})
    case.validate_response(response, checks=CHECKS)


@pytest.mark.django_db(transaction=True)
def test_a_client_made_from_the_schema_goes_all_the_way_round(shop: Any) -> None:
    """Place a page, report its click, read its variants and the experiment's report."""
    calls = {
        operation.definition.raw["operationId"]: operation
        for result in schema.get_all_operations()
        if (operation := result.ok()) is not None
    }

    def call(name: str, **values: Any) -> Any:
        headers = {"User-Agent": BROWSER, **values.pop("headers", {})}
        case = calls[name].Case(headers=headers, **values)
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        return response.status_code, json.loads(response.content)

    kind = {"media_type": "application/json"}
    body = {"objects": shop.names(), "placement": "listing"}
    status, page = call("placement", body=body, **kind)
    assert status == 200 and len(page["pictures"]) == 4 and page["token"]
    events = [{"kind": "click", "position": item["position"]} for item in page["pictures"]]
    status, report = call("events", body={"token": page["token"], "events": events}, **kind)
    assert (status, report["accepted"]) == (202, 4)
    status, variants = call("variants", query={"object": shop.names()})
    assert status == 200 and variants["count"] == 4
    number = variants["results"][0]["id"]
    status, variant = call("variant", path_parameters={"number": number})
    assert status == 200 and [item["channel"] for item in variant.pop("channels")][0]
    assert variant == variants["results"][0]
    assert call("experiment_report", path_parameters={"slug": "warm-listing"})[0] in (401, 403)
