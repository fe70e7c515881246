"""The price file and the tenant file: read, and refused with the place, the value and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreload_broker.config import SettingsError, read_settings
from foreload_broker.fleet_files import FleetFileError, read_prices, read_tenancy


def written(folder: Path, content: object) -> Path:
    path = folder / "file.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_shipped_prices_are_good() -> None:
    shipped = read_prices(None)
    assert shipped.instance_types[0].name == "general-16"
    assert all(known.usd_per_hour > 0 and known.capacity.cpu_cores for known in shipped.instance_types)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "this is not JSON"),
        ({"currency": "EUR"}, "currency is 'EUR'; it must be 'USD'"),
        ({"resources": {"cpu_core_usd_per_hour": -1}}, "resources.cpu_core_usd_per_hour is -1"),
        (
            {"instance_types": [{"name": "a", "cpu_cores": 1, "usd_per_hour": 1}]},
            "instance_types.0.memory_bytes is missing",
        ),
        ({"price": 1}, "price is not known here"),
        (
            {"instance_types": [{"name": "a", "cpu_cores": 1, "memory_bytes": 1, "usd_per_hour": 1}] * 2},
            "instance_types has a twice",
        ),
    ],
)
def test_what_is_wrong_with_a_price_file_is_named(tmp_path: Path, content: object, said: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(FleetFileError, match=r"file\.json") as refused:
        read_prices(path)
    assert said in str(refused.value)
    with pytest.raises(SettingsError, match=r"file\.json"):
        read_settings({"state": tmp_path, "prices_file": path})


def test_tenants_are_read_and_a_missing_file_is_said(tmp_path: Path) -> None:
    content = {
        "environments": {"api": {"owner": "ann", "priority": 3}},
        "owners": {"ann": {"quota": {"cpu_cores": 4}, "budget_usd_per_month": 100}},
    }
    tenancy = read_settings({"state": tmp_path, "tenants_file": written(tmp_path, content)}).tenancy
    assert tenancy.tenant("api").priority == 3
    assert tenancy.owners["ann"].quota.cpu_cores == 4
    assert tenancy.tenant("other").owner == ""
    with pytest.raises(FleetFileError, match="cannot be read: No such file"):
        read_tenancy(tmp_path / "none.json")


def test_a_provider_needs_what_it_orders(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="provider_command names no program"):
        read_settings({"state": tmp_path, "provider": "command"})
    with pytest.raises(SettingsError, match="the price file has general-16"):
        read_settings({"state": tmp_path, "pool_instance_type": "quantum"})
