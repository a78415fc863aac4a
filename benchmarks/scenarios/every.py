"""All scenarios, in the order in which they are run and shown."""

from typing import Final

from benchmarks.harness.scenario import Scenario
from benchmarks.scenarios import (
    content_writing,
    disk_put,
    large_get,
    large_put,
    listing,
    profiles,
    rclone_copy,
    slow_uploads,
    small_puts,
    small_reads,
    start_up,
    tree_growth,
    tus_upload,
)

SCENARIOS: Final[list[Scenario]] = [
    large_put.SCENARIO,
    disk_put.SCENARIO,
    tus_upload.SCENARIO,
    large_get.SCENARIO,
    small_reads.SCENARIO,
    small_puts.SCENARIO,
    listing.SCENARIO,
    tree_growth.SCENARIO,
    rclone_copy.SCENARIO,
    start_up.SCENARIO,
    slow_uploads.SCENARIO,
    content_writing.SCENARIO,
    profiles.SCENARIO,
]
