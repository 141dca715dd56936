"""The trunk: which weights it takes, what it refuses, the shapes it gives."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from shop_style.exceptions import WeightsError, WeightsMismatch
from shop_style.transfer import trunk as trunk_module
from shop_style.transfer import weights
from shop_style.transfer.trunk import Trunk, Vgg16Layers, load_trunk

CHANNELS = {"relu1_2": 64, "relu2_2": 128, "relu3_3": 256, "relu4_3": 512}


@pytest.fixture(autouse=True)
def forgotten_trunks(monkeypatch, tmp_path):
    """Each test loads afresh and sees no weights of the machine it runs on."""
    monkeypatch.setenv("SHOP_STYLE_WEIGHTS", str(tmp_path / "imported"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    trunk_module._load.cache_clear()
    yield
    trunk_module._load.cache_clear()


@pytest.fixture
def shipped_copy(monkeypatch, tmp_path):
    """A folder that stands in for the shipped weights."""
    shutil.copy(weights.SHIPPED / "trunk.safetensors", tmp_path)
    monkeypatch.setattr(weights, "SHIPPED", tmp_path)
    return tmp_path / "trunk.safetensors"


def _repin(monkeypatch, name, data):
    changed = dataclasses.replace(weights.WEIGHTS[name], sha256=hashlib.sha256(data).hexdigest())
    monkeypatch.setitem(weights.WEIGHTS, name, changed)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (33, 70)])
def test_taps_have_the_teachers_channels_at_halved_sizes(height, width):
    taps = load_trunk("distilled", "cpu").taps(torch.rand(2, 3, height, width))
    assert list(taps) == list(CHANNELS)
    for level, (name, features) in enumerate(taps.items()):
        assert features.shape == (2, CHANNELS[name], height >> level, width >> level)
        assert features.min() >= 0


def test_auto_takes_the_distilled_trunk_where_no_vgg16_is():
    trunk = load_trunk("auto", "cpu")
    assert trunk.name == "distilled"
    assert trunk.weights_sha256 == weights.weight_file("trunk").sha256
    assert load_trunk("distilled", "cpu") is trunk


def test_shipped_weights_are_small_and_finite():
    path = weights.SHIPPED / "trunk.safetensors"
    assert path.stat().st_size < 4_000_000
    for name, value in load_file(path).items():
        assert value.dtype is torch.float16, name
        assert bool(torch.isfinite(value).all()), name


def test_a_changed_byte_is_refused(shipped_copy):
    data = bytearray(shipped_copy.read_bytes())
    data[-1] ^= 1
    shipped_copy.write_bytes(data)
    with pytest.raises(WeightsMismatch, match="SHA-256"):
        load_trunk("distilled", "cpu")


def test_missing_weights_name_the_next_step(shipped_copy):
    shipped_copy.unlink()
    with pytest.raises(WeightsError, match="reinstall"):
        load_trunk("distilled", "cpu")
    with pytest.raises(WeightsError, match="style_weights --import"):
        load_trunk("vgg16", "cpu")


def test_weights_of_another_shape_are_refused_by_name(shipped_copy, monkeypatch):
    tensors = load_file(shipped_copy)
    tensors["adapters.0.weight"] = tensors["adapters.0.weight"][:32].contiguous()
    save_file(tensors, shipped_copy)
    _repin(monkeypatch, "trunk", shipped_copy.read_bytes())
    with pytest.raises(WeightsMismatch, match=r"adapters\.0\.weight"):
        load_trunk("distilled", "cpu")


def test_an_imported_vgg16_is_preferred_and_read_as_torchvision_stores_it(monkeypatch, tmp_path):
    torch.manual_seed(0)
    state = Vgg16Layers(torch.float32).state_dict()
    state |= {"features.24.weight": torch.zeros(2), "classifier.0.bias": torch.zeros(3)}
    path = tmp_path / "imported" / "vgg16-397923af.pth"
    path.parent.mkdir()
    torch.save(state, path)
    with pytest.raises(WeightsMismatch):
        load_trunk("auto", "cpu")
    _repin(monkeypatch, "vgg16", path.read_bytes())
    trunk = load_trunk("auto", "cpu")
    assert trunk.name == "vgg16"
    image = torch.rand(1, 3, 32, 32)
    mean, std = torch.tensor(trunk_module.MEAN), torch.tensor(trunk_module.STD)
    features = (image - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    for number in (0, 2):
        weight, bias = state[f"features.{number}.weight"], state[f"features.{number}.bias"]
        features = torch.nn.functional.conv2d(features, weight, bias, padding=1).relu()
    found = trunk.taps(image)["relu1_2"].float()
    # bfloat16 has 8 bits of mantissa: 2 % of the largest value covers two layers.
    assert (found - features).abs().max() < 0.02 * features.max()


def test_gram_is_the_mean_product_of_channels_and_ignores_the_pictures_size():
    features = torch.rand(1, 4, 6, 5)
    gram = Trunk.gram(features)
    assert gram[0, 1, 2] == pytest.approx((features[0, 1] * features[0, 2]).mean().item())
    assert torch.allclose(gram, Trunk.gram(torch.cat([features, features], dim=3)))


def test_a_weighted_gram_sees_only_the_weighted_places():
    features = torch.rand(1, 4, 6, 6)
    weight = torch.zeros(1, 1, 6, 6)
    weight[..., :3, :] = 1
    assert torch.allclose(Trunk.gram(features, weight), Trunk.gram(features[:, :, :3]), atol=1e-6)
