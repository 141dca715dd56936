"""One optimisation of a picture, coarse to fine, with its checkpoints."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from shop_style.exceptions import EngineError, RenderCancelled
from shop_style.transfer._objective import Objective, greyed, reference_grams
from shop_style.transfer._optimiser_state import OptimiserState, read_state
from shop_style.transfer._palette import matched_palette
from shop_style.transfer._pyramid import compose, decompose, resized
from shop_style.transfer.engine import PreparedStyle, RenderContext
from shop_style.transfer.parameters import OptimiseParameters
from shop_style.transfer.trunk import Trunk
from styleeval.sentence import said

SMALLEST_SIDE = 32
PYRAMID_LEVELS = 5
ADAM_RATE = 0.01
LBFGS_MEMORY = 8
FULL_MASK = 0.9


@dataclass(frozen=True, kw_only=True)
class OptimisedStyle(PreparedStyle):
    """References reduced to what is looked at, and their Gram matrices by short side."""

    slug: str
    parameters: OptimiseParameters
    references: tuple[Tensor, ...]
    grams: dict[tuple[int, str], dict[str, Tensor]] = field(default_factory=dict)

    def grams_at(self, side: int, trunk: Trunk) -> dict[str, Tensor]:
        """Gram matrices with every reference at this short side, never enlarged."""
        key = (side, trunk.device)
        if key not in self.grams:
            scaled = [reduced(item.unsqueeze(0), side).to(trunk.device) for item in self.references]
            self.grams[key] = reference_grams(trunk, scaled, self.parameters.keep_colour)
        return self.grams[key]


def optimised(
    trunk: Trunk, style: OptimisedStyle, content: Tensor, context: RenderContext
) -> Tensor:
    """The picture at the working size, (1, 3, h, w), not yet clamped to [0, 1].

    content: (1, 3, h, w) in [0, 1], on the trunk's device.
    """
    return _Render(trunk, style, content, context).run()


class _Render:
    """One run of the optimisation over all scales."""

    def __init__(
        self, trunk: Trunk, style: OptimisedStyle, content: Tensor, context: RenderContext
    ) -> None:
        self.trunk = trunk
        self.style = style
        self.parameters = style.parameters
        self.context = context
        self.content = content
        self.sides = nominal_sides(min(content.shape[-2:]), self.parameters.scales)
        self.steps = _steps(self.parameters.steps, len(self.sides))
        self.fingerprint = self._fingerprint()

    def run(self) -> Tensor:
        """The optimised picture, (1, 3, h, w) at the working size."""
        saved = self._saved()
        painted = self._painted(self.content)
        change: Tensor | None = None
        for scale, side in enumerate(self.sides):
            if saved is not None and scale < saved.scale:
                continue
            content = reduced(painted, side)
            if saved is not None and scale == saved.scale:
                parts = saved.parts
            else:
                parts = decompose(self._start(content, change), PYRAMID_LEVELS)
                saved = None
            picture = self._optimise(scale, content, parts, saved)
            change = picture - content
        assert change is not None
        return painted + change

    def _start(self, content: Tensor, change: Tensor | None) -> Tensor:
        if change is not None:
            return content + resized(change, (content.shape[-2], content.shape[-1]))
        # Equal pixels have equal gradients: without grain a flat area would stay flat.
        generator = torch.Generator().manual_seed(self.parameters.seed)
        grain = torch.randn(content.shape, generator=generator).to(content.device)
        return content + self.parameters.grain * grain

    def _painted(self, content: Tensor) -> Tensor:
        """The content in the reference's palette: where the run starts and what it is held to."""
        share = self.parameters.keep_colour
        references = [
            greyed(item.unsqueeze(0).to(content.device), share) for item in self.style.references
        ]
        matched = matched_palette(greyed(content, share), references)
        return torch.lerp(content, matched, self.parameters.palette)

    def _optimise(
        self, scale: int, content: Tensor, parts: list[Tensor], saved: OptimiserState | None
    ) -> Tensor:
        parameters = self.parameters
        objective = Objective(
            self.trunk,
            self.style.grams_at(self.sides[scale], self.trunk),
            content,
            parameters,
            self._mask(content),
        )
        parts = [
            part.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
            for part in parts
        ]
        optimiser = _optimiser(parameters, parts)
        first = 0
        if saved is not None:
            state = optimiser.state_dict()
            state["state"] = saved.optimiser
            optimiser.load_state_dict(state)
            first = saved.step
        steps = self.steps[scale]
        before = sum(self.steps[:scale])
        for step in range(first, steps):
            if self.context.cancelled():
                raise RenderCancelled(
                    f"style “{self.style.slug}”: stopped at step {before + step} of "
                    f"{parameters.steps}"
                )
            if parameters.optimiser == "adam":
                for group in optimiser.param_groups:
                    group["lr"] = ADAM_RATE * _fade(step / steps)
            optimiser.step(self._closure(objective, parts, optimiser))
            done, total = before + step + 1, sum(self.steps)
            self.context.report(done, total)
            if done % parameters.checkpoint_every == 0 and done < total:
                self._save(scale, step + 1, parts, optimiser)
        return compose(parts).detach()

    def _closure(
        self, objective: Objective, parts: list[Tensor], optimiser: torch.optim.Optimizer
    ) -> Callable[[], float]:
        def loss() -> float:
            optimiser.zero_grad(set_to_none=True)
            total = objective.terms(compose(parts)).total(self.parameters)
            value = total.item()
            if not math.isfinite(value):
                raise EngineError(
                    said(
                        "style “{style}”: the optimisation diverged; lower its style_weight or "
                        "take the optimiser adam",
                        style=self.style.slug,
                    )
                )
            total.backward()  # type: ignore[no-untyped-call]
            return value

        return loss

    def _mask(self, content: Tensor) -> Tensor | None:
        mask = self.context.mask
        share = self.parameters.background_share
        if mask is None or share == 1 or float(mask.mean()) >= FULL_MASK:
            return None
        small = resized(mask.unsqueeze(0).float(), (content.shape[-2], content.shape[-1]))
        return (share + (1 - share) * small.clamp(0, 1)).to(content.device)

    def _fingerprint(self) -> str:
        values = self.parameters.as_dict()
        values.pop("checkpoint_every")
        text = json.dumps([values, self.trunk.weights_sha256, list(self.content.shape)])
        return hashlib.sha256(text.encode()).hexdigest()

    def _save(
        self, scale: int, step: int, parts: list[Tensor], optimiser: torch.optim.Optimizer
    ) -> None:
        state = OptimiserState(
            fingerprint=self.fingerprint,
            scale=scale,
            step=step,
            parts=parts,
            optimiser=optimiser.state_dict()["state"],
        )
        self.context.save_checkpoint(state.to_bytes())

    def _saved(self) -> OptimiserState | None:
        data = self.context.load_checkpoint()
        return read_state(data, self.fingerprint, self.trunk.device) if data else None


def _optimiser(parameters: OptimiseParameters, parts: list[Tensor]) -> torch.optim.Optimizer:
    if parameters.optimiser == "lbfgs":
        return torch.optim.LBFGS(parts, lr=1.0, max_iter=1, history_size=LBFGS_MEMORY)
    return torch.optim.Adam(parts, lr=ADAM_RATE, betas=(0.9, 0.99))


def _fade(done: float) -> float:
    """Rate over one scale: full, then falling to a tenth."""
    return 0.1 + 0.9 * (1 + math.cos(math.pi * done)) / 2


def nominal_sides(side: int, scales: int) -> list[int]:
    """Short sides from coarse to fine, the last one `side`; coarse ones below 32 are dropped."""
    ratio = 2.0 if scales <= 2 else math.sqrt(2.0)
    sides = [round(side / ratio ** (scales - 1 - index)) for index in range(scales)]
    return [value for value in sides[:-1] if value >= SMALLEST_SIDE] + [side]


def _steps(total: int, scales: int) -> list[int]:
    """Steps a scale, adding up to `total`: the coarse scales, which are cheap, get the rest."""
    last = max(1, round(total * 0.4)) if scales > 1 else total
    left = total - last
    shares = [left // (scales - 1)] * (scales - 1) if scales > 1 else []
    if shares:
        shares[0] += left - sum(shares)
    return [*shares, last]


def reduced(picture: Tensor, side: int) -> Tensor:
    """(N, C, H, W) with short side `side`; never enlarged."""
    height, width = picture.shape[-2:]
    scale = side / min(height, width)
    if scale >= 1:
        return picture
    return resized(picture, (max(1, round(height * scale)), max(1, round(width * scale)))).clamp(
        0, 1
    )
