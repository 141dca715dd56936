"""Holds the intake against a folder of broken and hostile files.

python -m tests.imaging.corpus FOLDER [MUTANTS]

FOLDER holds an expected.json: {file: "ok" or a refusal code}. Prints every difference, the
slowest file in CPU seconds and the peak memory, then tries MUTANTS randomly damaged files. The exit
status is 1 when a file crashes the intake.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from shop_style.exceptions import IntakeError
from shop_style.imaging.intake import decode


def answer(data: bytes, name: str) -> str:
    """ "ok", a refusal code, or "CRASH …"."""
    try:
        photo = decode(data, name=name)
    except IntakeError as error:
        return error.code
    except Exception as error:
        return f"CRASH {type(error).__name__}: {error}"
    width, height = photo.size
    sound = photo.rgb.shape == (height, width, 3) and 0 <= photo.rgb.min() <= photo.rgb.max() <= 1
    return "ok" if sound else "CRASH bad photo"


def differences(folder: Path) -> tuple[dict[str, tuple[str, str]], Counter[str], float, str]:
    """Files whose answer differs as (expected, given), counts, and the slowest file."""
    expected: dict[str, str] = json.loads((folder / "expected.json").read_text())
    found, counts, slowest = {}, Counter[str](), (0.0, "")
    for name, wanted in expected.items():
        data = (folder / name).read_bytes()
        start = time.process_time()
        given = answer(data, name)
        slowest = max(slowest, (time.process_time() - start, name))
        counts[given.split()[0]] += 1
        if given != wanted:
            found[name] = (wanted, given)
    return found, counts, *slowest


def mutants(folder: Path, number: int) -> tuple[Counter[str], float]:
    """Answers to randomly damaged corpus files, and the slowest one's seconds."""
    random, counts, slowest = Random(1), Counter[str](), 0.0
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    whole = [path.read_bytes() for path in files if 0 < path.stat().st_size < 60_000]
    for _ in range(number):
        data = bytearray(random.choice(whole))
        for _ in range(random.choice((1, 3, 10))):
            data[random.randrange(len(data))] = random.randrange(256)
        if random.random() < 0.2:
            del data[random.randrange(len(data)) :]
        start = time.process_time()
        counts[answer(bytes(data), "mutant").split(":")[0]] += 1
        slowest = max(slowest, time.process_time() - start)
    return counts, slowest


def main(folder: Path, number: int = 0) -> int:
    found, counts, seconds, name = differences(folder)
    for file, (wanted, given) in sorted(found.items()):
        print(f"{file}: expected {wanted}, got {given}")
    print(f"{sum(counts.values())} files: {dict(counts)}; {len(found)} differ")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"slowest {seconds:.2f} s ({name}); peak memory {peak:.0f} MiB")
    crashed = any(given.startswith("CRASH") for _, given in found.values())
    if number:
        answers, longest = mutants(folder, number)
        print(f"{answers.total()} mutants: {dict(answers)}; slowest {longest:.2f} s")
        crashed = crashed or any(given.startswith("CRASH") for given in answers)
    return int(crashed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
