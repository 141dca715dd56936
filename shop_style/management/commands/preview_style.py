"""One file through the same pipeline, no row written: `manage.py preview_style IMAGE …`."""

from __future__ import annotations

import json as json_module
from argparse import SUPPRESS, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from shop_style.generation.databases import variant_databases
from shop_style.generation.limits import faces_allowed, intake_limits
from shop_style.generation.pipeline import Rendering, render
from shop_style.generation.preview import ENDINGS, encoded
from shop_style.generation.recipe import configured_device, configured_segmenter, recipe_for
from shop_style.generation.request import checked_overrides
from shop_style.management.coded import CodedCommand
from shop_style.models import Style
from shop_style.models.style import Region
from shop_style.transfer.engine import RenderContext


def strength(text: str) -> float | None:
    """A strength from the command line: 0 to 1, or auto."""
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is neither a number nor auto") from None


class Command(CodedCommand):
    help = "Style one picture file and print its scorecard. Writes no row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("image", type=Path, metavar="IMAGE")
        parser.add_argument("--style", required=True, metavar="SLUG")
        parser.add_argument("--strength", type=strength, metavar="0…1|auto", default=SUPPRESS)
        parser.add_argument("--region", choices=Region.values)
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help=" or ".join(ENDINGS)
        )
        parser.add_argument("--json", action="store_true", help="the scorecard as JSON")

    def handle(self, **options: Any) -> None:
        variant_databases()  # says so when nothing is migrated
        image: Path = options["image"]
        out: Path = options["out"]
        if out.suffix.lower() not in ENDINGS:
            raise CommandError(f"--out {out.name}: end it in {', '.join(ENDINGS)}")
        if not out.absolute().parent.is_dir():
            raise CommandError(f"--out {out}: the folder {out.absolute().parent} is not there")
        style = Style.objects.home().filter(slug=options["style"]).first()
        if style is None:
            known = ", ".join(Style.objects.home().values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"no style is called {options['style']!r}; known: {known}")
        try:
            data = image.read_bytes()
        except OSError as error:
            raise CommandError(f"cannot read {image}: {error.strerror}") from error
        rendering = self._render(data, style, options)
        out.write_bytes(encoded(rendering, out.suffix.lower()))
        self._print(rendering, out, as_json=options["json"])

    def _render(self, data: bytes, style: Style, options: dict[str, Any]) -> Rendering:
        overrides = {}
        if "strength" in options:
            overrides["strength"] = options["strength"]
        if options["region"]:
            overrides["region"] = options["region"]
        recipe = recipe_for(style, checked_overrides(overrides))
        with tqdm(total=100, unit="%", desc=style.slug, file=self.stderr, disable=None) as bar:

            def report(done: int, total: int) -> None:
                bar.update(round(100 * done / total) - bar.n)

            return render(
                data,
                recipe,
                name=options["image"].name,
                limits=intake_limits(),
                allow_faces=faces_allowed(),
                segmenter=configured_segmenter(),
                context=RenderContext(device=configured_device(), report=report),
            )

    def _print(self, rendering: Rendering, out: Path, *, as_json: bool) -> None:
        reasons = [{"code": item.code, "text": item.text} for item in rendering.verdict.reasons]
        if as_json:
            document = {
                "file": str(out),
                "passed": rendering.verdict.passed,
                "reasons": reasons,
                "strength": rendering.strength,
                "digital_source_type": rendering.digital_source_type,
                "seconds": round(rendering.seconds, 3),
                "device": rendering.device,
                "scorecard": rendering.card.as_dict(),
            }
            self.stdout.write(json_module.dumps(document, indent=2))
            return
        card = rendering.card
        write = self.stdout.write
        write(f"{out}: {rendering.seconds:.1f} s on {rendering.device}")
        bound = f", bound by {rendering.bound_by}" if rendering.bound_by else ""
        write(f"strength {rendering.strength:g}{bound}, product mask from {rendering.mask.origin}")
        write(f"{'':24}{'product':>9}{'whole':>9}{'worst tile':>12}")
        for label, measure in (
            ("SSIM (1 is the same)", card.ssim),
            (f"{card.perceptual_name} (0)", card.perceptual),
            ("ΔE00 (0)", card.delta_e),
            ("hue, ° (0)", card.hue),
            ("fine detail (1)", card.detail),
            ("moved, px (0)", card.displacement),
        ):
            write(
                f"{label:24}{measure.product:9.3f}{measure.whole:9.3f}"
                f"{measure.worst_tile.value:12.3f}"
            )
        for label, value in (
            ("print kept", card.text.share),
            ("outline kept", card.silhouette),
            ("halo, ΔE", card.halo),
            ("white kept", card.white_kept),
        ):
            write(f"{label:24}{'–' if value is None else f'{value:.3f}':>9}")
        write("passed the gate" if rendering.verdict.passed else "failed the gate:")
        for reason in reasons:
            write(f"  {reason['text']}")
