"""Where our files lie: callables, so that a host's storage settings never enter a migration."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from django.core.files.storage import (
    InvalidStorageError,
    Storage,
    default_storage,
    storages,
)

from shop_style.conf import app_settings
from shop_style.exceptions import SettingsError

if TYPE_CHECKING:
    from django.db import models
    from django.db.models.fields.files import FieldFile


def variant_storage() -> Storage:
    """The storage named by SHOP_STYLE["STORAGE"].

    Fields ask while models are imported. A mistake in the settings must not stop that, or the
    system check that names the mistake (E002, E004) could never run.
    """
    try:
        return storages[app_settings().STORAGE]
    except (SettingsError, InvalidStorageError):
        return default_storage


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
    """Name of a style's fitted parameters, or of its `.cube` file."""
    ending = ".cube" if filename.lower().endswith(".cube") else ".safetensors"
    return prefixed("artefacts", f"{uuid.uuid4().hex}{ending}")


def guide_name(instance: models.Model, filename: str) -> str:
    """Name of an uploaded product mask."""
    return prefixed("guides", f"{uuid.uuid4().hex}{PurePosixPath(filename).suffix.lower()[:6]}")


def job_result_name(instance: models.Model, filename: str) -> str:
    """Name of what a job made."""
    return prefixed("jobs", f"{uuid.uuid4().hex}{PurePosixPath(filename).suffix.lower()[:6]}")
