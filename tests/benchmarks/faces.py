"""`python -m tests.benchmarks.faces FOLDER --people FILE`: faces found and false alarms on photos.

FILE names those that show a face looking towards the camera, a file name (or its beginning) a line.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median

from shop_style.imaging.faces import find_faces
from shop_style.imaging.intake import decode

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=Path, required=True)
    options = parser.parse_args()
    people = tuple(options.people.read_text().split())
    seconds, hits, missed, alarms, others = [], 0, [], [], 0
    for path in sorted(options.folder.iterdir()):
        if path.suffix.lower() not in ENDINGS:
            continue
        photo = decode(path.read_bytes(), name=path.name)
        started = time.perf_counter()
        found = bool(find_faces(photo))
        seconds.append(time.perf_counter() - started)
        if path.name.startswith(people):
            hits += found
            missed += [] if found else [path.name]
        else:
            others += 1
            alarms += [path.name] if found else []
    print(f"{hits} of {hits + len(missed)} photos of people found; missed: {', '.join(missed)}")
    print(f"{len(alarms)} false alarms on {others} other photos: {', '.join(alarms)}")
    print(f"median {median(seconds):.2f} s a photo, most {max(seconds):.2f}")


if __name__ == "__main__":
    main()
