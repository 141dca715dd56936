"""A `.cube` file as the look of a style, in its form."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from shop_style.generation.recipe import recipe_for
from shop_style.models import Style
from shop_style.models.storage import variant_storage
from shop_style.transfer.cube import Cube, grid, write_cube
from tests.admin.test_style import EDIT, LIST, errors, form, reference_errors

pytestmark = pytest.mark.django_db

LOOK = write_cube(Cube(values=grid(5) ** 0.9))
BARE = {"references-TOTAL_FORMS": "0", "references-INITIAL_FORMS": "0"}


def upload(data: bytes = LOOK, name: str = "film.cube") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def graded(**values: Any) -> Style:
    style = Style(slug="warm", name="Warm", engine="grade", **values)
    style.artefact = ContentFile(LOOK, name="film.cube")
    style.save()
    return style


def test_a_file_is_look_enough_and_is_taken_whole(staff: Any) -> None:
    response = staff(*EDIT).post(f"{LIST}add/", form(**BARE, parameters="", cube=upload()))
    assert response.status_code == 302
    style = Style.objects.get()
    assert style.parameters == {"lightness": 1.0, "chroma": 1.0, "keep_neutrals": 0.0}
    name = style.artefact.name
    assert name.startswith("shop_style/artefacts/") and name.endswith(".cube")
    assert style.digest == style.compute_digest()
    assert recipe_for(style).spec.artefact == LOOK


def test_what_the_parameters_say_holds(staff: Any) -> None:
    staff(*EDIT).post(f"{LIST}add/", form(**BARE, cube=upload(), parameters='{"chroma": 0.5}'))
    parameters = Style.objects.get().parameters
    assert parameters == {"lightness": 1.0, "chroma": 0.5, "keep_neutrals": 0.0}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (upload(LOOK[:-54]), "film.cube, line 126: its table ends after 123 of 125"),
        (upload(LOOK.replace(b"LUT_3D_SIZE 5", b"LUT_3D_SIZE 500")), "from 2 to 129"),
        (upload(bytes(64)), "film.cube: it is not a text file"),
    ],
)
def test_a_broken_file_is_refused_at_its_field(
    file: SimpleUploadedFile, said: str, staff: Any
) -> None:
    response = staff(*EDIT).post(f"{LIST}add/", form(**BARE, cube=file))
    assert said in " ".join(errors(response)["cube"])
    assert errors(response).as_data()["cube"][0].code == "bad_cube"
    assert not Style.objects.exists() and not variant_storage().exists("shop_style/artefacts")


def test_a_file_larger_than_uploads_may_be_is_not_read(staff: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "MAX_BYTES": len(LOOK) - 1}
    response = staff(*EDIT).post(f"{LIST}add/", form(**BARE, cube=upload()))
    assert "import_cube" in " ".join(errors(response)["cube"])


def test_another_engine_takes_no_file(staff: Any, reference: bytes) -> None:
    image = SimpleUploadedFile("strokes.png", reference, "image/png")
    values = form(engine="optimise", parameters="{}", cube=upload())
    response = staff(*EDIT).post(f"{LIST}add/", {**values, "references-0-image": image})
    assert "choose that engine" in " ".join(errors(response)["cube"])


def test_the_page_offers_the_file_and_keeps_it_when_nothing_is_chosen(staff: Any) -> None:
    style = graded()
    client = staff(*EDIT)
    page = client.get(f"{LIST}{style.pk}/change/").content.decode()
    assert style.artefact.url in page
    values = form(**BARE, parameters=json.dumps({"chroma": 0.5}))
    name = style.artefact.name
    assert client.post(f"{LIST}{style.pk}/change/", values).status_code == 302
    style.refresh_from_db()
    assert style.artefact.name == name and style.parameters == {"chroma": 0.5}
    # The same file again is no new recipe; another one is.
    client.post(f"{LIST}{style.pk}/change/", {**values, "cube": upload()})
    style.refresh_from_db()
    assert style.artefact.name == name
    other = write_cube(Cube(values=np.sqrt(grid(4))))
    client.post(f"{LIST}{style.pk}/change/", {**values, "cube": upload(other)})
    style.refresh_from_db()
    assert style.artefact.name != name and style.digest == style.compute_digest()
    # Those who may only look can fetch it.
    page = staff(username="omar").get(f"{LIST}{style.pk}/change/").content.decode()
    assert style.artefact.url in page and 'name="cube"' not in page


def test_the_file_is_not_taken_away_where_it_is_all_the_look_there_is(
    staff: Any, reference: bytes
) -> None:
    style = graded()
    client = staff(*EDIT)
    values = form(**BARE, **{"cube-clear": "on"})
    response = client.post(f"{LIST}{style.pk}/change/", values)
    assert "give it a .cube file" in " ".join(reference_errors(response).non_form_errors())
    values = form(**{"cube-clear": "on"})
    values["references-0-image"] = SimpleUploadedFile("strokes.png", reference, "image/png")
    assert client.post(f"{LIST}{style.pk}/change/", values).status_code == 302
    style.refresh_from_db()
    assert not style.artefact and recipe_for(style).spec.references


def test_a_grade_takes_five_references(staff: Any, reference: bytes) -> None:
    values: dict[str, Any] = {"references-TOTAL_FORMS": "6"}
    for number in range(6):
        values[f"references-{number}-image"] = SimpleUploadedFile(f"{number}.png", reference)
        values |= {
            f"references-{number}-licence": "MIT",
            f"references-{number}-source": "studio",
            f"references-{number}-position": "0",
        }
    response = staff(*EDIT).post(f"{LIST}add/", form(**values))
    assert "at most 5" in " ".join(reference_errors(response).non_form_errors())


def test_a_file_of_another_engine_lies_unused(make_style: Any) -> None:
    """A style that was fitted, and is a grade now, takes its references; and the other way."""
    style = make_style()
    style.artefact = ContentFile(b"fitted", name="fit.safetensors")
    style.save()
    recipe = recipe_for(style)
    assert recipe.spec.artefact is None and len(recipe.spec.references) == 1
    style.engine = "network"
    style.save()
    assert recipe_for(style).spec.artefact == b"fitted"
    style.artefact = ContentFile(LOOK, name="film.cube")
    style.save()
    assert not style.has_own_artefact and recipe_for(style).spec.artefact is None
