"""The layers of our distilled trunk: a narrow VGG whose taps are mapped into VGG16's space."""

from __future__ import annotations

from torch import Tensor, nn

TAPS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
TEACHER_CHANNELS = (64, 128, 256, 512)
DEPTHS = (2, 2, 3, 3)
WIDTHS = (48, 80, 128, 208)
# ImageNet's, on sRGB in [0, 1]; any fixed values would do for the student.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class StudentTrunk(nn.Module):
    """Four blocks of 3×3 convolutions and one linear 1×1 adapter a tap.

    The adapters are part of the trunk: Gram matrices of the narrow features themselves give
    embossed noise, those of relu(adapter(features)) give strokes.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = WIDTHS,
        teacher_channels: tuple[int, ...] = TEACHER_CHANNELS,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        self.adapters = nn.ModuleList()
        channels = 3
        for width, depth, target in zip(widths, DEPTHS, teacher_channels, strict=True):
            convolutions = nn.ModuleList()
            for _ in range(depth):
                convolutions.append(nn.Conv2d(channels, width, 3, padding=1))
                channels = width
            self.blocks.append(convolutions)
            self.adapters.append(nn.Conv2d(width, target, 1))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, normalised: Tensor, count: int = len(TAPS)) -> list[Tensor]:
        """Adapter outputs before their ReLU: `count` maps (N, C, H/2^k, W/2^k), k = 0…3.

        normalised: (N, 3, H, W), (sRGB − MEAN) / STD.
        """
        outputs = []
        features = normalised
        for index, (block, adapter) in enumerate(zip(self.blocks, self.adapters, strict=True)):
            if index == count:
                break
            if index:
                features = nn.functional.max_pool2d(features, 2)
            assert isinstance(block, nn.ModuleList)
            for convolution in block:
                features = nn.functional.relu(convolution(features))
            outputs.append(adapter(features))
        return outputs
