"""`python -m tests.benchmarks.experiments`: assignment, placement, events and the report, each
beside its own limit in the same run, as Markdown tables."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.postgresql import Cluster, cluster, programs

PARTS = ("assignment", "placement", "sinks", "events", "report")


def main() -> None:
    """Start a server of our own and run each part in a process with its own database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seconds", type=int, default=8, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="of each comparison, in turns")
    parser.add_argument(
        "--events", type=int, nargs="+", default=[1_000_000], help="that a report is made of"
    )
    chosen = parser.parse_args()
    options = json.dumps(vars(chosen))
    if programs() is None:
        print("No PostgreSQL server is installed here (no initdb): SQLite alone.\n")
        _run_all(chosen.only, options, None)
        return
    with cluster("-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB") as server:
        print(
            f"PostgreSQL {server.version} as it comes (fsync, synchronous commits), "
            "with 1 GB of shared buffers.\n"
        )
        _run_all(chosen.only, options, server)


def _run_all(parts: list[str], options: str, server: Cluster | None) -> None:
    for part in parts:
        for name in ("postgresql", "sqlite"):
            only_postgresql = part in ("sinks", "report", "assignment")
            if (name == "postgresql" and server is None) or (
                name == "sqlite" and only_postgresql and server is not None
            ):
                continue
            _run(part, name, options, server)


def _run(part: str, name: str, options: str, server: Cluster | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:{Path(folder, 'shop.sqlite3')}"
        if name == "postgresql" and server is not None:
            database = f"{server.url.removesuffix('/postgres')}/{part}"
            _create(server.url, part)
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.experiments.parts", part, name, options],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.benchmarks.experiments.settings",
                "BENCHMARK_DATABASE": database,
                "BENCHMARK_FOLDER": folder,
            },
            check=True,
        )


def _create(url: str, name: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')


if __name__ == "__main__":
    main()
