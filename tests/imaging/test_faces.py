"""People in pictures: found where they look out of them, not in products."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from skimage import data

from shop_style.exceptions import FacesRefused
from shop_style.imaging.faces import find_faces, refuse_faces
from shop_style.imaging.intake import Photo
from tests.styleeval.test_text import product


def photo(rgb: np.ndarray) -> Photo:
    return Photo(rgb=rgb.astype(np.float32), alpha=None, format="JPEG")


def astronaut() -> np.ndarray:
    """Eileen Collins, her face about (180, 65) to (270, 185); 512 × 512."""
    return data.astronaut().astype(np.float32) / 255


def test_a_face_is_found_where_it_is() -> None:
    (face,) = find_faces(photo(astronaut()))
    left, top, right, bottom = face
    assert left < 224 < right and top < 115 < bottom
    assert 60 < right - left < 150


def test_boxes_are_in_the_pictures_own_pixels() -> None:
    (small,) = find_faces(photo(astronaut()))
    large = cv2.resize(astronaut(), (1280, 1280), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    (found,) = find_faces(photo(large))
    assert np.allclose(found, np.array(small) * 2.5, atol=40)


def test_a_face_on_its_head_or_none_is_no_face() -> None:
    assert find_faces(photo(astronaut()[::-1].copy())) == ()
    assert find_faces(photo(astronaut()[260:, :260].copy())) == ()


@pytest.mark.parametrize("name", ["headphones.jpg", "cushion.jpg", "tote.png"])
def test_products_have_no_faces(name: str) -> None:
    assert find_faces(photo(product(name))) == ()


def test_a_picture_smaller_than_the_cascades_window_has_none() -> None:
    assert find_faces(photo(np.full((20, 40, 3), 0.5))) == ()


def test_refusing_names_the_file_the_place_and_the_way_out() -> None:
    with pytest.raises(FacesRefused, match=r"model\.jpg: a face .*crop .*'allow'") as caught:
        refuse_faces(photo(astronaut()), name="model.jpg")
    assert caught.value.code == "faces_refused" and caught.value.permanent
    refuse_faces(photo(product("stool.jpg")), name="stool.jpg")


def test_finding_needs_no_network() -> None:
    """The cascade's file is in scikit-image's wheel; pooch would be what fetches others."""
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "sys.modules['pooch'] = None\n"
        "from shop_style.imaging.faces import _cascade; _cascade(); print('loaded')"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "loaded"
