# SPDX-License-Identifier: Apache-2.0
"""A real object store with an S3 interface on this machine: OpenStack Swift, one device, one copy of everything.

From Debian: `apt-get install swift-proxy swift-account swift-container swift-object`.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import plain_http

PROGRAMS = ("account", "container", "object", "proxy")
PACKAGES = " ".join(f"swift-{program}" for program in PROGRAMS)
ACCESS, SECRET = "stillmine:tester", "of-tests"

_STORE = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
devices = {folder}/devices
swift_dir = {folder}
mount_check = false
user = {user}
workers = 0
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""

_PROXY = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
user = {user}
workers = 0
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth copy slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{nobody}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_stillmine_tester = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""


def is_installed() -> bool:
    """Whether there is such a store here."""
    return all(shutil.which(f"swift-{program}-server") for program in PROGRAMS) and bool(shutil.which("swift-ring-builder"))


@contextmanager
def swift(folder: Path, user: str) -> Iterator[str]:
    """Run a store in `folder` as `user`; yields the address of its S3 interface."""
    ports = {program: _free_port() for program in PROGRAMS}
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = of tests\nswift_hash_path_prefix = of tests\n")
    for name in PROGRAMS[:-1]:
        (folder / f"{name}.conf").write_text(_STORE.format(name=name, port=ports[name], folder=folder, user=user))
        ring = ["swift-ring-builder", str(folder / f"{name}.builder")]
        for words in (["create", "4", "1", "0"], ["add", f"r1z1-127.0.0.1:{ports[name]}/d1", "1"], ["rebalance"]):
            subprocess.run([*ring, *words], check=True, capture_output=True)
    proxy = _PROXY.format(port=ports["proxy"], folder=folder, user=user, secret=SECRET, nobody=_free_port())
    (folder / "proxy.conf").write_text(proxy)
    processes = []
    try:
        for name in PROGRAMS:
            log = (folder / f"{name}.log").open("wb")
            command = [f"swift-{name}-server", str(folder / f"{name}.conf")]
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", "SWIFT_DIR": str(folder)}))
            log.close()
        address = f"http://127.0.0.1:{ports['proxy']}"
        _wait_for(address, folder)
        yield address
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _wait_for(address: str, folder: Path) -> None:
    for _ in range(300):
        try:
            plain_http.get(address, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError((folder / "proxy.log").read_text())


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
