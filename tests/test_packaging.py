"""What reaches site-packages, and what a web process loads."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LIGHT = """
import sys
import django
from django.test.utils import setup_test_environment
django.setup()
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
user = User.objects.create_superuser("light", "", "light")
client = Client(headers={"host": "localhost"})
client.force_login(user)
for address in ("/", "/admin/shop_style/style/add/", "/admin/shop_style/stylevariant/",
                "/admin/demo/product/", "/admin/demo/productimage/add/",
                "/admin/shop_style/pictureguide/"):
    answer = client.get(address)
    assert answer.status_code in (200, 404), (address, answer.status_code)
    assert address == "/admin/demo/productimage/add/" or answer.status_code == 200, address
form = {"slug": "x", "name": "x", "engine": "grade", "region": "whole",
        "parameters": '{"lightness": 7}', "thresholds": "{}", "strength": "1", "mode": "",
        "references-TOTAL_FORMS": "0", "references-INITIAL_FORMS": "0"}
answer = client.post("/admin/shop_style/style/add/", form)
shopper = Client(headers={"host": "localhost", "user-agent": "Mozilla/5.0 Chrome/130.0"})
body = {"objects": ["demo.productimage:1", "nothing"]}
assert shopper.post("/shop-style/placement/", body, "application/json").status_code == 200
events = {"token": "x", "events": [{"kind": "click", "position": 0}]}
assert shopper.post("/shop-style/events/", events, "application/json").status_code == 400
assert client.get("/admin/shop_style/experiment/").status_code == 200
from django.core.files.base import ContentFile
from shop_style.models import Style, StyleJob, StyleReference
style = Style.objects.create(slug="brand", name="Brand", engine="network")
from django.contrib.contenttypes.models import ContentType
from shop_style.models import StyleVariant
from tests.admin.conftest import CARD_2
kind = ContentType.objects.get(app_label="demo", model="productimage")
reason = {"code": "colour", "text": "Another.", "value": 7.25, "limit": 6.0, "box": None}
variant = StyleVariant.objects.create(
    style=style, content_type=kind, object_id="1", field="image", status="ready",
    scorecard=CARD_2, passed=False, reasons=[reason], image="v.webp", evidence="e.webp")
shown = client.get(f"/admin/shop_style/stylevariant/{variant.pk}/change/").content.decode()
assert "ss-sheet" in shown and "11.5 ΔE" in shown
StyleReference.objects.create(style=style, image=ContentFile(b"x", name="x.png"), licence="MIT")
for job in ("first-look", "fit"):
    client.post(f"/admin/shop_style/style/{style.pk}/{job}/")
assert StyleJob.objects.count() == 2
assert client.get(f"/admin/shop_style/style/{style.pk}/change/").status_code == 200
at = f"/admin/shop_style/style/{style.pk}/"
tried = {"engine": "network", "region": "whole", "thresholds": '{"max_delta_e": 9}'}
assert client.post(f"{at}trial/", tried).status_code == 200
assert client.get(f"{at}jobs/").status_code == 200
dropped = {"dropped": ContentFile(b"x", name="x.png")}
assert client.post("/admin/shop_style/style/references/", dropped).json()["refused"]
assert client.get(f"{at}retire/").status_code == 200
assert client.post(f"{at}retire/", {"published": "serve"}).status_code == 302
import io
from PIL import Image
from shop_style.demo.models import Product, ProductImage
from shop_style.models import PictureGuide
stream = io.BytesIO()
Image.linear_gradient("L").point(lambda level: 255 * (level > 99)).save(stream, "PNG")
product = Product.objects.create(name="Mug", slug="mug")
photo = ProductImage(product=product, image=ContentFile(stream.getvalue(), name="mug.png"))
photo.save()
guide = f"/admin/shop_style/pictureguide/add/?picture=demo.ProductImage.image:{photo.pk}"
mask = ContentFile(stream.getvalue(), name="mask.png")
client.post(guide, {"mask": mask, "boxes": "[[0, 0, 1, 1]]"})
assert PictureGuide.objects.get().mask and client.get(guide, follow=True).status_code == 200
from tests.admin.test_acceptance import make_model
page = client.get(f"/admin/shop_style/acceptancemodel/{make_model().pk}/change/")
assert page.status_code == 200 and b"ss-point" in page.content
assert b"is not between" in answer.content, answer.content[:2000]
heavy = {"torch", "torchvision", "lpips", "skimage", "cv2", "scipy", "sklearn"} & set(sys.modules)
print("heavy:", sorted(heavy))
"""


def test_a_web_process_loads_nothing_heavy(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", LIGHT],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "DJANGO_SETTINGS_MODULE": "settings.test",
            "SHOP_STYLE_TEST_FOLDER": str(tmp_path),
            "SHOP_STYLE_TEST_MEDIA": str(tmp_path / "media"),
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.strip().splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize(
    "module",
    [
        "styleeval",
        "styleeval.preservation",
        "styleeval.inference",
        "styleeval.acceptance",
        "shop_style.transfer",
        "shop_style.imaging",
    ],
)
def test_libraries_load_without_django(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('django', 'torch') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_notebook_face_needs_no_django() -> None:
    code = """
import sys, torch
from shop_style.transfer import stylise
from styleeval.preservation import judge, scorecard
photo = torch.rand(3, 40, 52, generator=torch.Generator().manual_seed(1))
mood = torch.rand(3, 30, 30, generator=torch.Generator().manual_seed(2)) * 0.5
styled = stylise(photo, engine="grade", references=[mood])
assert styled.shape == photo.shape and not torch.equal(styled, photo)
assert torch.equal(stylise(photo, engine="grade", references=[mood], strength=0.0), photo)
card = scorecard(photo, styled)
assert card.ssim.product < 1 and judge(card, "grade") is not None
assert "django" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_wheel_holds_both_packages_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"shop_style", "styleeval"}
    for wanted in (
        "shop_style/py.typed",
        "styleeval/py.typed",
        "shop_style/transfer/weights/trunk.safetensors",
        "shop_style/transfer/weights/network.safetensors",
        "shop_style/transfer/weights/network_styles.json",
        "shop_style/transfer/training/network/styles.json",
        "shop_style/transfer/photos/tea.webp",
        "shop_style/static/shop_style/styles/vangogh-starry-night.webp",
        "shop_style/migrations/0001_initial.py",
        "shop_style/demo/migrations/0001_initial.py",
        "shop_style/static/shop_style/admin.css",
        "shop_style/static/shop_style/track.js",
        "shop_style/static/shop_style/guide.js",
        "shop_style/templates/admin/shop_style/pictureguide/change_form.html",
        "shop_style/templates/shop_style/picture.html",
        "shop_style/templates/shop_style/report.html",
        "shop_style/templatetags/shop_style.py",
        "shop_style/migrations/0002_experiments.py",
        "shop_style/templates/admin/shop_style/generate_variants.html",
    ):
        assert wanted in names
    assert not [name for name in names if name.endswith((".pyc", ".jpg", ".h5"))]
    (points,) = (name for name in names if name.endswith("entry_points.txt"))
    assert b"[shop_style.segmenters]\nrembg = " in zipfile.ZipFile(wheel).read(points)
