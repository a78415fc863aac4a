"""What the doctor's tests share: a service that is well."""

from pathlib import Path

import pytest

from tests.live.doctor.patient import Patient
from tests.live.transfer_site import Faults
from tests.live.tus_site import Site


@pytest.fixture
def patient(site: Site, tmp_path: Path, faults: Faults) -> Patient:
    """A service that is well."""
    (tmp_path / "service").chmod(0o700)
    return Patient(site, tmp_path / "service", faults)
