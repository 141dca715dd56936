"""`.cube` files: what is written is read back, what is broken is refused by line."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from safetensors.torch import save
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.data import astronaut, coffee

from shop_style.exceptions import CubeError, ShopStyleError, StyleReferenceError
from shop_style.transfer import RenderContext, StyleSpec, stylise
from shop_style.transfer.cube import MOST_BYTES, Cube, grid, read_cube, write_cube
from shop_style.transfer.grade import GradeEngine
from shop_style.transfer.lookup import exact
from shop_style.transfer.palette import monge_kantorovich, palette_of
from shop_style.transfer.parameters import AS_AUTHORED, GradeParameters
from tests.transfer.test_grade import CUP, SUNSET, mean_lab, tensor

HEAD = "LUT_3D_SIZE 2\n"
ROWS = [f"{r} {g} {b}" for b, g, r in itertools.product((0, 1), repeat=3)]


def text(*lines: str, head: str = HEAD) -> bytes:
    return (head + "\n".join(lines or ROWS) + "\n").encode()


def faded(side: int = 17) -> Cube:
    """Lifted blacks, warm lights, cool shadows: a look as photographers sell it."""
    rgb = grid(side)
    warmth = (rgb.mean(-1, keepdims=True) - 0.5) * np.array([0.12, 0.02, -0.14])
    return Cube(values=0.06 + 0.9 * rgb**1.1 + warmth, title="Faded")


def by_cube(
    image: torch.Tensor, cube: Cube, strength: float | torch.Tensor = 1.0, **changed: float
) -> torch.Tensor:
    parameters = {**AS_AUTHORED, **changed}
    return stylise(image, artefact=write_cube(cube), strength=strength, **parameters)


def delta_e(one: torch.Tensor, other: torch.Tensor) -> np.ndarray:
    first, second = (rgb2lab(image.permute(1, 2, 0).numpy()) for image in (one, other))
    return np.asarray(deltaE_ciede2000(first, second))


class TestFile:
    @pytest.mark.parametrize("side", [2, 5, 33])
    def test_what_is_written_is_read_back_to_the_last_digit(self, side: int) -> None:
        random = np.random.default_rng(side)
        values = random.uniform(-0.2, 1.3, (side, side, side, 3))
        data = write_cube(Cube(values=values, title='A "warm"\nlook'))
        back = read_cube(data)
        assert np.array_equal(back.values, np.round(values, 6))
        assert write_cube(back) == data
        assert back.title == "A warm look" and back.has_unit_domain

    def test_curves_and_a_domain_are_kept_too(self) -> None:
        domain = np.array([[-0.1, 0, 0], [1.0, 1.1, 2]])
        curves = np.linspace(0, 1, 12).reshape(4, 3)
        back = read_cube(write_cube(Cube(values=curves, domain=domain)))
        assert back.is_curves
        np.testing.assert_allclose(back.domain, domain)
        np.testing.assert_allclose(back.values, curves, atol=5e-7)

    def test_red_runs_fastest(self) -> None:
        values = read_cube(text()).values
        assert values[0, 0, 1].tolist() == [1, 0, 0]
        assert values[1, 0, 0].tolist() == [0, 0, 1]

    def test_reads_what_other_tools_write(self) -> None:
        """A byte-order mark, CRLF, comments, tabs, exponents, blank lines, an input range."""
        rows = ["\t0.0e0  .0 -0 \t", "", "# half way", "1. 0 0", *ROWS[2:]]
        head = '\ufeff#Created by: X\r\n\r\ntitle "Été"\r\nLUT_3D_INPUT_RANGE 0.0 1.0\r\n'
        data = (head + "LUT_3D_SIZE 2 # small\r\n" + "\r\n".join(rows)).encode()
        cube = read_cube(data)
        assert np.array_equal(cube.values, grid(2)) and cube.title == "Été"
        old = text(*ROWS, head='TITLE "Été"\n' + HEAD).decode().encode("latin-1")
        assert read_cube(old).title == "Été"

    @pytest.mark.parametrize(
        ("data", "line", "said"),
        [
            (b"", None, "LUT_3D_SIZE"),
            (text(head=""), None, "no line gives LUT_3D_SIZE"),
            (text(head="LUT_3D_SIZE 1\n"), 1, "from 2 to 129"),
            (text(head="LUT_3D_SIZE 130\n"), 1, "from 2 to 129"),
            (text(head="LUT_3D_SIZE 999999999999999999999\n"), 1, "from 2 to 129"),
            (text(head="LUT_3D_SIZE two\n"), 1, "from 2 to 129"),
            (text(head="LUT_3D_SIZE ²\n"), 1, "from 2 to 129"),
            (text(head="LUT_1D_SIZE 65537\n"), 1, "from 2 to 65536"),
            (text(head="LUT_1D_SIZE 4\n" + HEAD), 2, "second size"),
            (text(head=HEAD + "LUT_IN_VIDEO_RANGE\n"), 2, "video levels"),
            (text(head=HEAD + "SHAPER 1\n"), 2, "'SHAPER' is no keyword"),
            (text(head=HEAD + "DOMAIN_MAX 1 1\n"), 2, "3 numbers"),
            (text(head=HEAD + "DOMAIN_MAX 255 255 255\n"), 2, "outside 0 to 1"),
            (text(head=HEAD + "DOMAIN_MIN 1 1 1\n"), None, "domain"),
            (text(head=HEAD + "DOMAIN_MIN 0 0 0.5\n"), None, "domain"),
            (text(*ROWS[:-1]), 8, "7 of 8 lines"),
            (text(*ROWS, "1 1 1"), 10, "more than the 8 lines"),
            (text(*ROWS[:3], "0 nan 0", *ROWS[4:]), 5, "numbers"),
            (text(*ROWS[:3], "0 inf 0", *ROWS[4:]), 5, "numbers"),
            (text(*ROWS[:3], "0 1e999 0", *ROWS[4:]), 5, "outside 0 to 1"),
            (text(*ROWS[:3], "0 1e9 0", *ROWS[4:]), 5, "outside 0 to 1"),
            (text(*ROWS[:3], "0 1_0 0", *ROWS[4:]), 5, "numbers"),
            (text(*ROWS[:3], "0,5 0,5 0,5", *ROWS[4:]), 5, "a dot for decimals"),
            # Six numbers on two lines all the same.
            (text(*ROWS[:3], "0 1", "0 1 0 1", *ROWS[5:]), 5, "3 numbers"),
            (text(*ROWS[:3], "1-2 0 e", *ROWS[4:]), 5, "3 numbers"),
            (text(*ROWS[:3], "DOMAIN_MAX 1 1 1", *ROWS[3:]), 5, "numbers"),
            (text(*ROWS[:3], "9" * 200_000 + "x 0 0", *ROWS[4:]), 5, "numbers"),
            (b"\x89PNG\r\n\x1a\n" + bytes(100), None, "not a text file"),
            ("LUT_3D_SIZE 2".encode("utf-16"), None, "not a text file"),
            (b"#" * (MOST_BYTES + 1), None, "larger than 64,000,000 bytes"),
        ],
        ids=itertools.count(),
    )
    def test_a_broken_file_is_refused_by_name_line_and_way_out(
        self, data: bytes, line: int | None, said: str
    ) -> None:
        with pytest.raises(CubeError) as caught:
            read_cube(data, name="warm.cube")
        message = str(caught.value)
        where = "warm.cube: " if line is None else f"warm.cube, line {line}: "
        assert message.startswith(where) and said in message
        assert len(message) < 300
        assert caught.value.code == "bad_cube" and isinstance(caught.value, ShopStyleError)

    def test_whatever_the_bytes_it_is_a_look_or_a_coded_refusal(self) -> None:
        """A sound file with bytes changed, cut or doubled."""
        random = np.random.default_rng(7)
        sound = text(*ROWS, head='TITLE "a"\n# b\nDOMAIN_MIN 0 0 0\n' + HEAD)
        read = 0
        for _ in range(400):
            data = bytearray(sound)
            for _ in range(random.integers(1, 4)):
                at = int(random.integers(len(data)))
                stray = bytes(random.choice(list(b'0123 .-+eE_,#"\n\r\t\x00\xffaN'), 2).tolist())
                data[at : at + int(random.integers(0, 8))] = stray
            try:
                cube = read_cube(bytes(data))
            except CubeError:
                continue
            read += 1
            assert cube.values.shape == (2, 2, 2, 3) and np.abs(cube.values).max() <= 100
        assert 5 < read < 395

    def test_a_mistake_behind_thousands_of_lines_is_named_too(self) -> None:
        lines = write_cube(Cube(values=grid(33))).decode().splitlines()
        lines[20_000] = "0.5 0.5"
        with pytest.raises(CubeError, match="line 20001"):
            read_cube("\n".join(lines).encode())


class TestLook:
    def test_an_identity_changes_nothing(self) -> None:
        for side in (2, 17, 65):
            same = by_cube(CUP, Cube(values=grid(side)))
            # Six digits a node.
            assert float((same - CUP).abs().max()) < 2e-6

    def test_agrees_with_pillow(self) -> None:
        """Trilinear both; Pillow rounds table and result to bytes: a step of 255 at most."""
        photo = Image.fromarray(coffee())
        for cube in (faded(), faded(33)):
            flat = cube.values.reshape(-1).tolist()
            theirs = np.asarray(photo.filter(ImageFilter.Color3DLUT(len(cube.values), flat)))
            ours = by_cube(CUP, cube).permute(1, 2, 0).numpy() * 255
            assert np.abs(ours - theirs).max() < 1
            assert np.abs(ours - theirs).mean() < 0.3

    def test_is_trilinear_to_the_float(self) -> None:
        """On colours between nodes, the ends included, beside plain arithmetic."""
        random = np.random.default_rng(0)
        cube = Cube(values=random.uniform(0, 1, (9, 9, 9, 3)))
        colours = random.uniform(0, 1, (64, 64, 3))
        colours[:2] = colours[:2].round()
        image = torch.from_numpy(np.float32(colours)).permute(2, 0, 1).contiguous()
        ours = by_cube(image, read_cube(write_cube(cube))).permute(1, 2, 0).numpy()
        np.testing.assert_allclose(ours, cube.at(colours), atol=2e-5)

    def test_is_one_look_for_every_picture(self) -> None:
        """A colour comes out alike whatever surrounds it; a grade by references adapts."""
        patch = torch.tensor([0.6, 0.4, 0.3]).view(3, 1, 1).expand(3, 40, 40)
        pictures = []
        for other in (CUP, tensor(astronaut())):
            picture = other[:, :200, :200].clone()
            picture[:, :40, :40] = patch
            pictures.append(picture)
        one, two = (by_cube(picture, faded())[:, :40, :40] for picture in pictures)
        assert torch.equal(one, two)
        one, two = (stylise(picture, references=[SUNSET])[:, :40, :40] for picture in pictures)
        assert float((one - two).abs().max()) > 0.01

    def test_strength_is_linear_zero_is_nothing_and_maps_work(self) -> None:
        full = by_cube(CUP, faded())
        assert torch.equal(by_cube(CUP, faded(), 0.0), CUP)
        for strength in (0.25, 0.5, 0.75):
            expected = CUP + strength * (full - CUP)
            torch.testing.assert_close(by_cube(CUP, faded(), strength), expected, atol=1e-6, rtol=0)
        share = torch.zeros(1, *CUP.shape[1:])
        share[:, 120:] = 1
        mixed = by_cube(CUP, faded(), share)
        assert torch.equal(mixed[:, :120], CUP[:, :120])
        torch.testing.assert_close(mixed[:, 120:], full[:, 120:])

    def test_what_lies_outside_is_clipped_and_stays_linear_in_strength(self) -> None:
        harsh = Cube(values=1.6 * grid(9) - 0.3)
        full = by_cube(CUP, harsh)
        torch.testing.assert_close(full, (1.6 * CUP - 0.3).clamp(0, 1), atol=1e-5, rtol=0)
        half = by_cube(CUP, harsh, 0.5)
        torch.testing.assert_close(half, (CUP + full) / 2, atol=1e-6, rtol=0)

    def test_the_parameters_mean_what_they_mean_with_references(self) -> None:
        full, dim = mean_lab(by_cube(CUP, faded())), mean_lab(by_cube(CUP, faded(), lightness=0.0))
        before = mean_lab(CUP)
        assert abs(dim[0] - before[0]) < 0.3 < abs(full[0] - before[0])
        plain = mean_lab(by_cube(CUP, faded(), chroma=0.0)) - before
        assert np.linalg.norm(plain[1:]) < 0.5 < np.linalg.norm((full - before)[1:])
        greys = torch.linspace(0.1, 0.9, 64).expand(3, 8, 64).contiguous()
        tints = []
        for keep in (0.0, 0.5, 1.0):
            graded = by_cube(greys, faded(33), keep_neutrals=keep)
            tints.append(float((graded.amax(0) - graded.amin(0)).max()))
        assert tints[0] > tints[1] > tints[2] and tints[2] < 3 / 255

    def test_a_domain_is_honoured(self) -> None:
        """Over −0.25…1.25 a table of its own inputs changes nothing."""
        domain = np.array([[-0.25] * 3, [1.25] * 3])
        same = Cube(values=grid(7) * 1.5 - 0.25, domain=domain)
        torch.testing.assert_close(by_cube(CUP, same), CUP, atol=2e-6, rtol=0)

    def test_curves_are_followed(self) -> None:
        curve = np.linspace(0, 1, 1024)[:, None] ** np.array([0.9, 1.0, 1.2])
        ours = by_cube(CUP, Cube(values=curve))
        exact = CUP ** torch.tensor([0.9, 1.0, 1.2]).view(3, 1, 1)
        # On a grid of 65 the steepest curve is half a step of 255 off near black.
        assert float((ours - exact).abs().max()) < 1 / 255
        assert float((ours - exact).abs().mean()) < 0.1 / 255

    def test_a_cube_counts_before_references(self) -> None:
        both = stylise(CUP, references=[SUNSET], artefact=write_cube(faded()), **AS_AUTHORED)
        assert torch.equal(both, by_cube(CUP, faded()))

    def test_fitted_parameters_of_the_network_are_no_look_of_the_grade(self) -> None:
        with pytest.raises(CubeError, match="style “warm”.*not a text file"):
            GradeEngine().prepare(
                StyleSpec(
                    slug="warm",
                    engine="grade",
                    parameters=GradeParameters(),
                    artefact=save({"gamma": torch.ones(3)}),
                )
            )

    @pytest.mark.parametrize("number", [0, 6])
    def test_takes_one_to_five_references(self, number: int) -> None:
        with pytest.raises(StyleReferenceError, match=f"1 to 5.*has {number} pictures"):
            stylise(CUP, references=[SUNSET] * number)
        assert stylise(CUP[:, :40, :40], references=[SUNSET] * 5).shape == (3, 40, 40)


class TestExport:
    def test_a_look_from_references_comes_back_from_its_file(self) -> None:
        engine = GradeEngine()
        spec = StyleSpec(
            slug="s", engine="grade", parameters=GradeParameters(), references=(SUNSET,)
        )
        style = engine.prepare(spec)
        direct = engine.stylise(CUP, style, 1.0, RenderContext())
        data = write_cube(style.cube(palette_of(CUP.permute(1, 2, 0).numpy())))
        # The file's six digits are all that is lost.
        torch.testing.assert_close(by_cube(CUP, read_cube(data)), direct, atol=3e-6, rtol=0)

    def test_a_file_comes_back_as_it_was(self) -> None:
        cube = read_cube(write_cube(faded(33)))
        spec = StyleSpec(
            slug="s",
            engine="grade",
            parameters=GradeParameters(**AS_AUTHORED),
            artefact=write_cube(cube),
        )
        style = GradeEngine().prepare(spec)
        # Kept as float32 changes.
        np.testing.assert_allclose(style.cube(side=33).values, cube.values, atol=1e-7)
        small = style.cube(side=17).values
        np.testing.assert_allclose(small, cube.values[::2, ::2, ::2], atol=1e-7)

    def test_the_table_is_near_the_exact_map(self) -> None:
        """33 points a side against every pixel mapped exactly."""
        parameters = GradeParameters()
        mapping = monge_kantorovich(
            palette_of(CUP.permute(1, 2, 0).numpy()), palette_of(SUNSET.permute(1, 2, 0).numpy())
        )
        wanted = exact(CUP.permute(1, 2, 0).double().numpy(), mapping, parameters)
        found = stylise(CUP, references=[SUNSET])
        apart = delta_e(found, torch.from_numpy(wanted).permute(2, 0, 1))
        # A step of 255 is about 0.5; the last per cent are near black, where sRGB is steep.
        assert apart.mean() < 0.1 and np.percentile(apart, 99) < 1.5
