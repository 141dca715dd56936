"""Normalisation statistics: how they are measured and pooled, and on which pictures."""

from __future__ import annotations

import pytest
import torch

from shop_style.transfer.statistics import (
    EPSILON,
    Clip,
    Gallery,
    ProductOnly,
    Recorder,
    Sample,
    ThisImage,
    Thumbnail,
    moments,
)


def test_moments_are_mean_and_deviation_over_places():
    torch.manual_seed(0)
    features = 3 + 2 * torch.randn(2, 4, 16, 12)
    mean, deviation = moments(features)
    torch.testing.assert_close(mean, features.mean((2, 3), keepdim=True))
    expected = (features.var((2, 3), correction=0, keepdim=True) + EPSILON).sqrt()
    torch.testing.assert_close(deviation, expected, atol=1e-4, rtol=1e-4)


def test_a_weight_leaves_the_other_places_out():
    features = torch.zeros(1, 1, 4, 8)
    features[..., 4:] = 5.0
    weight = torch.zeros(1, 1, 4, 8)
    weight[..., 4:] = 1.0
    mean, deviation = moments(features, weight)
    assert mean.item() == pytest.approx(5.0)
    assert deviation.item() == pytest.approx(EPSILON**0.5, rel=0.1)


def test_pooling_counts_pictures_of_different_sizes_alike():
    recorder = Recorder([None, None])
    maps = [torch.zeros(1, 1, 4, 4), torch.full((1, 1, 40, 40), 2.0)]
    mean, deviation = recorder.pooled("layer", maps)
    assert mean.item() == pytest.approx(1.0)
    # Two values a unit either side of the mean.
    assert deviation.item() == pytest.approx((1.0 + EPSILON) ** 0.5, rel=1e-3)
    assert recorder.found["layer"][0] is mean


def test_a_thumbnail_is_reduced_only_where_that_pays():
    provider = Thumbnail(side=100)
    small, large = torch.rand(3, 140, 200), torch.rand(3, 400, 300)
    assert provider.samples(small, None)[0].image is small
    assert tuple(provider.samples(large, None)[0].image.shape) == (3, 133, 100)
    assert ThisImage().samples(large, None)[0].image is large


def test_product_only_weighs_by_the_mask_unless_there_is_hardly_any():
    image, mask = torch.rand(3, 64, 64), torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:48] = 1.0
    weight = ProductOnly().samples(image, mask)[0].weight
    assert weight is not None and weight.mean().item() == pytest.approx(0.25)
    assert ProductOnly().samples(image, torch.zeros(1, 64, 64))[0].weight is None
    assert ProductOnly().samples(image, None)[0].weight is None


def test_a_gallery_and_a_clip_answer_the_same_for_every_picture():
    gallery = Gallery([Sample(image=torch.rand(3, 500, 800)), Sample(image=torch.rand(3, 90, 70))])
    first = gallery.samples(torch.rand(3, 8, 8), None)
    assert first is gallery.samples(torch.rand(3, 9, 9), None)
    assert [min(item.image.shape[1:]) for item in first] == [384, 70]
    assert not gallery.belongs_to_picture
    clip = Clip([torch.full((3, 16, 16), float(number)) for number in range(40)], count=8)
    numbers = [int(item.image[0, 0, 0]) for item in clip.samples(torch.rand(3, 8, 8), None)]
    assert numbers == [0, 5, 10, 15, 20, 25, 30, 35]


def test_a_gallery_is_measured_once_a_key_and_a_picture_every_time():
    asked: list[str] = []

    def measure():
        asked.append("measured")
        return {}

    gallery, picture = Gallery([Sample(image=torch.rand(3, 32, 32))]), ThisImage()
    for provider in (gallery, picture):
        for key in ("a", "a", "b"):
            provider.kept(key, measure)
    assert len(asked) == 2 + 3
