"""Where our files lie: callables, so that a host's storage settings never enter a migration."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from django.core.files.storage import Storage, storages

from shop_style.conf import app_settings

if TYPE_CHECKING:
    from django.db import models
    from django.db.models.fields.files import FieldFile


def variant_storage() -> Storage:
    """The storage named by SHOP_STYLE["STORAGE"]."""
    return storages[app_settings().STORAGE]


def prefixed(*parts: str) -> str:
    """A name inside our folder of that storage."""
    return str(PurePosixPath(app_settings().PREFIX, *parts))


def is_new_upload(file: FieldFile) -> bool:
    """Does the field hold bytes that are not in storage yet?"""
    # Django keeps this on every FieldFile and documents no other way to ask.
    return bool(file) and not getattr(file, "_committed", True)


def reference_name(instance: models.Model, filename: str) -> str:
    """Name of an uploaded style reference: its own random name, its suffix kept."""
    suffix = PurePosixPath(filename).suffix.lower()[:6]
    return prefixed("references", f"{uuid.uuid4().hex}{suffix}")


def artefact_name(instance: models.Model, filename: str) -> str:
    """Name of a fitted style's parameters."""
    return prefixed("artefacts", f"{uuid.uuid4().hex}.safetensors")


def job_result_name(instance: models.Model, filename: str) -> str:
    """Name of what a job made."""
    return prefixed("jobs", f"{uuid.uuid4().hex}{PurePosixPath(filename).suffix.lower()[:6]}")
