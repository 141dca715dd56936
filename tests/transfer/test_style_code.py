"""Conditional parameters of a style as a file and as a mixture."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from safetensors.torch import save

from shop_style.exceptions import StyleArtefactError
from shop_style.transfer._fit_start import palette_folded
from shop_style.transfer._strength import level_shares, strength_levels
from shop_style.transfer._style_model import Gains, load_style_model
from shop_style.transfer.style_code import StyleCode, mixed


def _code() -> StyleCode:
    return load_style_model("cpu").codes["hokusai-great-wave"]


def test_a_code_survives_its_file_and_weighs_a_few_kilobytes():
    code = _code()
    data = code.to_bytes("a" * 64, {"slug": "brand"})
    again = StyleCode.from_bytes(data, "a" * 64)
    assert len(data) < 12_000
    for name, value in code.tensors().items():
        # The file holds float16: eleven bits.
        assert torch.allclose(again.tensors()[name], value, rtol=1e-3, atol=1e-6), name


@pytest.mark.parametrize(
    "data", [b"", b"torn", save({"scale": torch.zeros(2, 3)})], ids=["empty", "torn", "other"]
)
def test_a_file_that_is_none_is_refused(data):
    with pytest.raises(StyleArtefactError, match="fit the style again"):
        StyleCode.from_bytes(data, "a" * 64)


def test_a_style_fitted_on_other_weights_is_refused():
    data = _code().to_bytes("a" * 64)
    with pytest.raises(StyleArtefactError, match="aaaaaaaa, these are bbbbbbbb"):
        StyleCode.from_bytes(data, "b" * 64)


def test_a_code_with_a_value_that_is_no_number_is_refused():
    head = _code().head.clone()
    head[0, 0, 0, 0] = float("nan")
    with pytest.raises(StyleArtefactError, match="head"):
        dataclasses.replace(_code(), head=head)


def test_strength_moves_scale_and_shift_along_a_line():
    code = _code()
    scale, shift = code.at(1.0)
    assert torch.equal(scale, code.scale[0]) and torch.equal(shift, code.shift[0])
    assert torch.allclose(code.at(0.25)[0], code.scale[0] + 0.75 * code.scale[1])


def test_mixing_is_linear():
    first, second = _code(), load_style_model("cpu").codes["munch-scream"]
    assert torch.allclose(
        mixed([first, second], [0.25, 0.75]).head, 0.25 * first.head + 0.75 * second.head
    )


def test_a_palette_gives_the_same_change_inside_the_last_convolution():
    model = load_style_model("cpu", torch.float32)
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    palette = torch.tensor([[0.8, 0.1, 0.0, 0.05], [0.0, 0.9, 0.2, -0.02], [0.1, 0.0, 1.2, 0.1]])
    code = dataclasses.replace(_code(), palette=palette)
    apart, inside = (
        model.own_change(item, 1.0, Gains())(picture) for item in (code, palette_folded(code))
    )
    plain = model.own_change(_code(), 1.0, Gains())(picture)
    expected = torch.einsum("ab,nbhw->nahw", palette[:, :3], picture + plain)
    expected = expected + palette[:, 3].view(1, 3, 1, 1) - picture
    assert torch.allclose(apart, expected, atol=1e-4)
    assert torch.allclose(inside, expected, atol=1e-4)


class TestStrengthMaps:
    def test_one_or_two_values_are_run_as_they_are(self):
        assert strength_levels(0.4) == [0.4]
        assert strength_levels(0.0) == []
        two = torch.tensor([[[0.0, 0.3], [0.3, 0.0]]])
        assert strength_levels(two) == [pytest.approx(0.3)]

    def test_a_gradient_is_run_at_its_ends_and_the_quarters_between(self):
        gradient = torch.linspace(0.1, 0.9, 50).view(1, 1, 50)
        assert strength_levels(gradient) == pytest.approx([0.1, 0.25, 0.5, 0.75, 0.9])

    def test_shares_give_back_the_strength(self):
        gradient = torch.linspace(0.0, 1.0, 101).view(1, 1, 101)
        levels = strength_levels(gradient)
        shares = level_shares(gradient, levels)
        back = sum(share * level for share, level in zip(shares, levels, strict=True))
        assert torch.allclose(torch.as_tensor(back), gradient, atol=1e-6)
