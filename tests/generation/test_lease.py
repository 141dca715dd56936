"""The heartbeat that keeps a row while torch computes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import InterfaceError
from django.utils import timezone

from shop_style.exceptions import LeaseLost
from shop_style.generation.lease import Lease
from shop_style.generation.request import request_variant
from shop_style.models import StyleVariant
from shop_style.models.leased import LeasedQuerySet

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 1.0


@pytest.fixture
def claimed(make_chair: Any, make_style: Any) -> tuple[int, str]:
    variant = request_variant(make_chair(), make_style())
    token = StyleVariant.objects.all().claim(variant.pk, lease_seconds=SECONDS)
    assert token
    return variant.pk, token


def wait_for_beats(pk: int, beats: int) -> None:
    """Until the lease's end has moved so often; fails when it does not."""
    row = StyleVariant.objects.get(pk=pk)
    seen = {row.lease_expires_at}
    for _ in range(400):
        time.sleep(0.02)
        seen.add(StyleVariant.objects.get(pk=pk).lease_expires_at)
        if len(seen) > beats:
            return
    raise AssertionError(f"the lease moved {len(seen) - 1} times in 8 seconds")


def test_a_long_stage_keeps_its_lease(claimed: tuple[int, str]) -> None:
    rows = StyleVariant.objects.all()
    with Lease(rows, *claimed, lease_seconds=SECONDS) as lease:
        wait_for_beats(claimed[0], beats=4)
        assert not lease.lost


def test_progress_reaches_the_row(claimed: tuple[int, str]) -> None:
    with Lease(StyleVariant.objects.all(), *claimed, lease_seconds=SECONDS) as lease:
        lease.report(1, 4)
        wait_for_beats(claimed[0], beats=1)
    assert StyleVariant.objects.get().progress == 0.25


def test_a_dropped_connection_does_not_end_the_heartbeat(
    claimed: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = LeasedQuerySet.renew
    drops = [InterfaceError("connection already closed")]

    def renew(self: Any, *arguments: Any, **values: Any) -> bool:
        if drops:
            raise drops.pop()
        return original(self, *arguments, **values)

    monkeypatch.setattr(LeasedQuerySet, "renew", renew)
    with Lease(StyleVariant.objects.all(), *claimed, lease_seconds=SECONDS) as lease:
        wait_for_beats(claimed[0], beats=2)
        assert not drops and not lease.lost


def test_a_taken_row_is_noticed(claimed: tuple[int, str]) -> None:
    pk, _token = claimed
    with Lease(StyleVariant.objects.all(), *claimed, lease_seconds=SECONDS) as lease:
        StyleVariant.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        assert StyleVariant.objects.all().claim(pk, lease_seconds=60)
        with pytest.raises(LeaseLost):
            lease.enter_stage("score")
        assert lease.lost
