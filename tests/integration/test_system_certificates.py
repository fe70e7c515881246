"""Certificate files: made, read, renewed, and every way in which they can be wrong, each in one message."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from foreload_system import certificates
from foreload_system.certificates import CertificateError
from foreload_system.identity import Identity
from foreload_system.paths import replace_file

NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)
ALICE = Identity("environment", "alice")
BROKER = Identity("broker", "local")


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    certificates.create_authority(tmp_path / "authority", NOW)
    return tmp_path / "authority"


def test_an_authority_is_made_once(authority: Path) -> None:
    key = (authority / "ca.key").read_bytes()
    assert certificates.create_authority(authority, NOW) is False
    assert (authority / "ca.key").read_bytes() == key
    (authority / "ca.key").unlink()
    with pytest.raises(CertificateError, match=r"ca\.key is missing beside ca\.pem; put it back, or remove the folder"):
        certificates.create_authority(authority, NOW)


def test_keys_are_for_their_owner_alone(authority: Path, tmp_path: Path) -> None:
    certificates.issue(authority, ALICE, tmp_path / "alice", NOW)
    for path in (authority / "ca.key", tmp_path / "alice" / "key.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (authority, tmp_path / "alice"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_files_go_to_the_user_who_uses_them_and_stay_there(authority: Path, tmp_path: Path) -> None:
    folder = tmp_path / "alice"
    certificates.issue(authority, ALICE, folder, NOW, owner=(65534, 65534))
    assert certificates.renew_if_due(authority, ALICE, folder, NOW + timedelta(days=5))
    assert {path.stat().st_uid for path in (folder, *folder.iterdir())} == {65534}


def test_a_leaf_says_what_it_is_for(authority: Path, tmp_path: Path) -> None:
    environment = certificates.issue(authority, ALICE, tmp_path / "alice", NOW)
    broker = certificates.issue(authority, BROKER, tmp_path / "broker", NOW, hosts=("broker.example", "10.0.0.7"))
    assert environment.identity == ALICE
    assert environment.not_after == NOW + timedelta(days=7)
    assert certificates.certificate_hosts(environment) == ()
    assert certificates.certificate_hosts(broker) == ("broker.example", "10.0.0.7")
    leaf = x509.load_pem_x509_certificate(environment.certificate_pem)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.CLIENT_AUTH]
    root = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    constraints = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert certificates.bundle_problems(environment, NOW) == []


def test_renewal_comes_at_two_thirds_and_keeps_the_hosts(authority: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    assert certificates.renew_if_due(authority, BROKER, folder, NOW, hosts=("broker.example",))  # missing: made
    assert not certificates.renew_if_due(authority, BROKER, folder, NOW + timedelta(days=4))
    before = (folder / "cert.pem").read_bytes()
    assert certificates.renew_if_due(authority, BROKER, folder, NOW + timedelta(days=4.7))
    after = certificates.read_bundle(folder)
    assert after.certificate_pem != before
    assert certificates.certificate_hosts(after) == ("broker.example",)
    assert after.not_after == NOW + timedelta(days=11.7)


@pytest.mark.parametrize("damage", ["cert.pem", "key.pem", "ca.pem", "other-identity", "other-authority", "expired"])
def test_what_cannot_be_used_is_renewed(authority: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "alice"
    certificates.issue(authority, ALICE, folder, NOW)
    later = NOW
    if damage == "other-identity":
        certificates.issue(authority, Identity("environment", "bob"), folder, NOW)
    elif damage == "other-authority":
        certificates.create_authority(tmp_path / "other", NOW)
        certificates.issue(tmp_path / "other", ALICE, folder, NOW)
    elif damage == "expired":
        later = NOW + timedelta(days=8)
    else:
        (folder / damage).write_text("no PEM")
    assert certificates.renew_if_due(authority, ALICE, folder, later)
    assert certificates.bundle_problems(certificates.read_bundle(folder), later, ALICE) == []


def test_problems_name_file_value_and_way_out(authority: Path, tmp_path: Path) -> None:
    bundle = certificates.issue(authority, ALICE, tmp_path / "alice", NOW)
    [expired] = certificates.bundle_problems(bundle, NOW + timedelta(days=7))
    assert expired == f"{tmp_path}/alice/cert.pem expired at 2026-12-01T14:16:00Z; renew it with: foreload certs renew"
    [early] = certificates.bundle_problems(bundle, NOW - timedelta(minutes=6))
    assert "is valid only from 2026-11-24T14:11:00Z, and this machine's clock says 2026-11-24T14:10:00Z" in early
    [other] = certificates.bundle_problems(bundle, NOW, Identity("agent", "one"))
    assert "is the certificate of environment alice; needed is that of agent one" in other
    with pytest.raises(CertificateError, match=r"expired at .*; .*needed is that of agent one"):
        certificates.require_valid(bundle, NOW + timedelta(days=8), Identity("agent", "one"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cert.pem", None, r"cert\.pem is missing; issue the certificate with: foreload certs issue"),
        ("ca.pem", b"\xff\x00", r"ca\.pem is no certificate; needed is PEM text with BEGIN CERTIFICATE"),
        ("key.pem", b"", r"key\.pem is no private key"),
        ("key.pem", "folder", r"key\.pem cannot be read \(Is a directory\)"),
        ("key.pem", "other", r"key\.pem is not the key of cert\.pem beside it"),
        ("cert.pem", "authority", r"key\.pem is not the key of cert\.pem|names no identity"),
    ],
)
def test_unreadable_files_are_named(
    authority: Path, tmp_path: Path, name: str, content: bytes | str | None, message: str
) -> None:
    folder = tmp_path / "alice"
    certificates.issue(authority, ALICE, folder, NOW)
    path = folder / name
    path.unlink()
    if content == "folder":
        path.mkdir()
    elif content == "other":
        certificates.issue(authority, ALICE, tmp_path / "again", NOW)
        path.write_bytes((tmp_path / "again" / name).read_bytes())
    elif content == "authority":
        path.write_bytes((authority / "ca.pem").read_bytes())
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(CertificateError, match=message):
        certificates.read_bundle(folder)


def test_an_authority_that_ended_issues_nothing(tmp_path: Path) -> None:
    certificates.create_authority(tmp_path / "authority", NOW, timedelta(days=1))
    bundle = certificates.issue(tmp_path / "authority", ALICE, tmp_path / "alice", NOW)
    assert bundle.not_after == NOW + timedelta(days=1)
    with pytest.raises(CertificateError, match="ended at 2026-11-25T14:16:00Z; remove it and run: foreload certs init"):
        certificates.issue(tmp_path / "authority", ALICE, tmp_path / "alice", NOW + timedelta(days=2))
    assert certificates.read_bundle(tmp_path / "alice").certificate_pem == bundle.certificate_pem
    with pytest.raises(CertificateError, match="holds no authority; make one with: foreload certs init"):
        certificates.issue(tmp_path / "nowhere", ALICE, tmp_path / "alice", NOW)


def test_readers_see_old_or_new_and_never_half(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + i]) * (10_000 * (i + 1)) for i in range(4)]
    replace_file(path, contents[0])
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for content in contents:
                replace_file(path, content)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(300):
            assert path.read_bytes() in contents
    finally:
        stop.set()
        thread.join()
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")

    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def certs(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "foreload_cli.main", "certs", *arguments, "--state", str(state)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_makes_issues_lists_and_renews(tmp_path: Path) -> None:
    refused = certs(tmp_path, "issue", "environment/demo")
    assert refused.returncode == 1
    assert "holds no authority; make one with: foreload certs init" in refused.stderr
    assert json.loads(certs(tmp_path, "init", "--format", "json").stdout)["made"] is True
    assert "Kept the authority" in certs(tmp_path, "init").stdout
    [issued] = json.loads(certs(tmp_path, "issue", "broker/local", "--host", "b.example", "--format", "json").stdout)
    assert issued["identity"] == "broker local"
    assert issued["problems"] == []
    certs(tmp_path, "issue", "environment/demo", "--days", "0.01")
    listed = json.loads(certs(tmp_path, "list", "--format", "json").stdout)
    assert [row["identity"] for row in listed] == ["broker local", "environment demo"]
    (tmp_path / "certs" / "environment-demo" / "cert.pem").write_text("x")
    assert "is no certificate" in certs(tmp_path, "list", "--format", "json").stdout
    renewed = json.loads(certs(tmp_path, "renew", "--format", "json").stdout)
    assert [row["renewed"] for row in renewed] == [False, True]
    forced = json.loads(certs(tmp_path, "renew", "broker/local", "--force", "--format", "json").stdout)
    assert [row["renewed"] for row in forced] == [True]
    bundle = certificates.read_bundle(tmp_path / "certs" / "broker-local")
    assert "b.example" in certificates.certificate_hosts(bundle)
    wrong = certs(tmp_path, "issue", "root/demo")
    assert wrong.returncode == 2
    assert "identity kind 'root' is not known; allowed are environment, agent, broker, operator" in wrong.stderr
