"""Instances ahead of a peak: a real program as provider, real agents here, and a real broker that orders them."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from foreload_broker.ports import Unavailable
from foreload_broker.providers.command import CommandProvider
from foreload_core.types import Amounts
from foreload_core.types.instances import InstanceType
from foreload_proto.v1 import broker_pb2

TYPE = InstanceType("small", Amounts(4.0, 8 * 2**30), 0.2, 30.0)

SCRIPT = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
request = json.load(sys.stdin)
(folder / "asked.jsonl").open("a").write(json.dumps(request) + "\\n")
if (folder / "broken").exists():
    sys.exit("the cloud is closed")
if request["action"] == "provision":
    (folder / (request["instance_id"] + ".instance")).write_text(request["instance_type"]["name"])
elif request["action"] == "release":
    (folder / (request["instance_id"] + ".instance")).unlink(missing_ok=True)
else:
    names = [dict(instance_id=p.stem, instance_type=p.read_text()) for p in sorted(folder.glob("*.instance"))]
    print(json.dumps(dict(instances=names)))
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    """A folder that plays the cloud, and the program that fills it."""
    script = tmp_path / "provider"
    script.write_text(SCRIPT.format(python=sys.executable, folder=str(tmp_path)))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return tmp_path


async def test_a_program_gives_lists_and_takes_back(cloud: Path) -> None:
    provider = CommandProvider(str(cloud / "provider"))
    assert await provider.list() == ()
    await provider.provision("pool-1", TYPE)
    await provider.provision("pool-1", TYPE)
    assert [(each.instance_id, each.type_name) for each in await provider.list()] == [("pool-1", "small")]
    asked = [json.loads(line) for line in (cloud / "asked.jsonl").read_text().splitlines()]
    assert asked[1]["instance_type"] == {
        "name": "small", "usd_per_hour": 0.2, "boot_seconds": 30.0, "cpu_cores": 4.0, "memory_bytes": 8 * 2**30,
    }  # fmt: skip
    await provider.release("pool-1")
    await provider.release("pool-1")
    assert await provider.list() == ()


async def test_what_a_program_does_wrong_is_said_in_its_own_words(cloud: Path) -> None:
    provider = CommandProvider(str(cloud / "provider"))
    (cloud / "broken").touch()
    with pytest.raises(Unavailable, match=r"list failed with exit code 1: the cloud is closed"):
        await provider.list()
    with pytest.raises(Unavailable, match="cannot be started"):
        await CommandProvider(str(cloud / "nobody")).list()
    with pytest.raises(Unavailable, match="allowed is one JSON object"):
        await CommandProvider("echo hello").list()
    with pytest.raises(Unavailable, match="allowed is"):
        await CommandProvider("echo '{\"instances\": [1]}'").list()
    with pytest.raises(Unavailable, match="did not answer within"):
        await CommandProvider("sleep 30", answer_seconds=0.2).list()


async def test_a_provider_that_is_stopped_leaves_no_program_behind(tmp_path: Path, eventually: Any) -> None:
    marker = tmp_path / "pid"
    provider = CommandProvider(f"sh -c 'echo $$ > {marker}; exec sleep 60'")
    asking = asyncio.create_task(provider.list())
    await eventually(lambda: marker.exists() and marker.read_text().strip() != "")
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert not psutil.pid_exists(int(marker.read_text()))


def agents_in(state: Path) -> list[psutil.Process]:
    """The agents that run with a folder of the pool as their state."""
    return [
        each
        for each in psutil.process_iter(["cmdline"])
        if str(state / "instances") in " ".join(each.info["cmdline"] or ())
    ]


async def status(site: Any) -> broker_pb2.GetStatusResponse:
    async with site.stub("operator", "olga") as stub:
        return await stub.GetStatus(broker_pb2.GetStatusRequest())


async def test_agents_are_started_here_found_again_and_given_back(site: Any, eventually: Any) -> None:
    pool = {"provider": "local", "pool_look_seconds": 0.3, "pool_instance_type": "general-16"}

    async def phases() -> list[str]:
        return [each.phase for each in (await status(site)).instances]

    async with site.running(**pool, pool_least_count=1):
        await eventually(lambda: _is(phases, ["ready"]))
        answer = await status(site)
        assert answer.pool.provider == "local"
        assert answer.pool.wanted_count >= 1
        assert answer.instances[0].type_name == "general-16"
        assert answer.instances[0].usd_per_hour == pytest.approx(0.77)
        assert answer.prices.cpu_core_usd_per_hour == pytest.approx(0.04)
        assert len(agents_in(site.state)) == 1
    # The broker was away: it finds the instance at the provider, and nobody needs it any more.
    async with site.running(**pool, pool_least_count=0, listen=site.address):
        await eventually(lambda: not list((site.state / "instances").glob("*")))
        assert not agents_in(site.state)


async def test_an_order_that_failed_is_made_again_and_the_pool_never_grows_beyond_its_bound(
    site: Any, cloud: Path, eventually: Any
) -> None:
    (cloud / "broken").touch()
    command = {"provider": "command", "provider_command": str(cloud / "provider"), "pool_look_seconds": 0.1}
    async with site.running(**command, pool_least_count=5, pool_most_count=2) as broker:
        await eventually(lambda: "the cloud is closed" in broker.loop.pool.trouble)
        (cloud / "broken").unlink()
        await eventually(lambda: len(list(cloud.glob("*.instance"))) == 2)
        await asyncio.sleep(0.5)
        assert broker.loop.pool.trouble == ""
    provisions = [json.loads(line) for line in (cloud / "asked.jsonl").read_text().splitlines()]
    assert len([entry for entry in provisions if entry["action"] == "provision"]) == 2


async def _is(ask: Any, wanted: Any) -> bool:
    return await ask() == wanted
