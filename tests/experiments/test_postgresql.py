"""Sinks and rollups on PostgreSQL: their own tests once more, beside a server that this starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgresql import FAST, cluster, programs

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/experiments"
CHOSEN = (
    f"{HERE}/test_sinks.py",
    f"{HERE}/test_slices.py::test_every_slice_equals_a_recount_in_plain_python",
    f"{HERE}/test_rollup.py::test_events_that_were_written_late_are_counted",
    f"{HERE}/test_rollup.py::test_two_at_once_take_turns_while_events_come_in",
    f"{HERE}/test_allocation.py::test_two_at_once_begin_one_phase",
    f"{HERE}/test_slices.py::test_who_is_in_two_arms_equals_a_recount_too",
    f"{HERE}/test_purge.py::test_events_visitors_and_salts_go_and_the_report_stays",
    f"{HERE}/test_carried.py::test_totals_stay_through_purge_recount_and_return",
    f"{HERE}/test_carried.py::test_products_keep_their_sums_when_somebody_returns",
    f"{HERE}/test_tiles.py::test_the_sums_hold_what_each_visitor_did_in_both_arms",
    f"{HERE}/test_tiles.py::test_pairs_that_nobody_is_left_in_are_zeros",
    f"{HERE}/test_forget.py::test_every_total_is_as_if_the_visitor_had_never_come",
    f"{HERE}/test_baseline.py::test_the_past_is_recounted_from_raw_events",
    f"{HERE}/test_baseline.py::test_old_events_that_are_carried_and_a_purge_leave_the_past",
    f"{HERE}/test_guardrails.py::test_clicks_that_bring_no_orders_pause",
    f"{HERE}/test_placement.py::test_tracked_tiles_are_in_the_token_with_arm_and_product",
    "tests/admin/test_overview.py::test_storage_is_counted_from_rows_alone",
    "tests/admin/test_overview.py::test_another_database_counts_the_same_row_by_row",
    "tests/admin/test_overview.py::test_the_rate_counts_each_hour_and_says_so_in_words",
    "tests/generation/test_undo.py::test_undoing_all_decisions_retraces_every_state",
    "tests/api/test_unchanged.py::test_a_product_left_out_is_out_and_in_again",
    "tests/api/test_unchanged.py::test_files_sizes_and_source_type_are_those_of_now",
)


@pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed (no initdb)")
def test_on_postgresql_as_on_sqlite() -> None:
    with cluster(*FAST) as server:
        found = subprocess.run(
            [sys.executable, "-m", "pytest", *CHOSEN, "-q", "-p", "no:randomly", "-p", "no:xdist"],
            env={**os.environ, "SHOP_STYLE_TEST_DATABASE": server.url},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert found.returncode == 0, found.stdout[-4_000:] + found.stderr[-1_000:]
    passed = re.search(r"(\d+) passed", found.stdout)
    assert passed and int(passed[1]) >= 25, found.stdout
    # The tests of COPY are among them: elsewhere they are skipped.
    assert "skipped" not in found.stdout, found.stdout
