"""Conditional parameters of a style as a file and as a mixture."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from safetensors.torch import save

from shop_style.exceptions import StyleArtefactError
from shop_style.transfer._fit_start import in_colours
from shop_style.transfer._strength import level_shares, strength_levels
from shop_style.transfer._style_model import load_style_model
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


def test_a_style_in_other_colours_tones_to_them_and_its_strokes_go_along():
    model = load_style_model("cpu", torch.float32)
    code, own = model.codes["hokusai-great-wave"], model.descriptors["hokusai-great-wave"]
    same = in_colours(code, own, own)
    for name, value in code.tensors().items():
        assert torch.allclose(same.tensors()[name], value, atol=1e-4), name
    # Twice the spread of colours, about another mean: strokes are twice as strong.
    wide = dataclasses.replace(
        own, colour_mean=own.colour_mean / 2, colour_covariance=4 * own.colour_covariance
    )
    other = in_colours(code, own, wide)
    assert torch.equal(other.colours, wide.colours) and torch.equal(other.scale, code.scale)
    assert torch.allclose(other.head, 2 * code.head, atol=1e-4)
    assert torch.allclose(other.head_bias, 2 * code.head_bias, atol=1e-4)


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
