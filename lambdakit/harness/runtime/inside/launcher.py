"""Builds the root that functions see, and becomes the zygote in it. A process of its own: namespaces want one thread.

Arguments: the control socket's descriptor, then a JSON object::

    {"lang": host prefix of the interpreter, "python": its path below the prefix, "packages": paths below the prefix
     that nobody may see into, "runtime": the runtime image, "inside": the folder of this file,
     "preload": "sdk" or "nothing"}

A line on standard error and exit code 1 say why no sandbox can be made here.
Source: measured recipe; pid_namespaces(7), user_namespaces(7), pivot_root(2).
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  # pathlib costs a fork 5 ms

import kernel  # type: ignore[import-not-found]  # this folder is no package in there

FUNCTION_ID = 993  # the user and group that a function runs as on AWS
_USERS = (
    f"root:x:0:0:root:/root:/bin/bash\nsbx_user1051:x:{FUNCTION_ID}:{FUNCTION_ID}::/home/sbx_user1051:/sbin/nologin\n"
)
_HOSTS = "127.0.0.1 localhost localhost.localdomain\n127.0.0.1 sandbox.localdomain sandbox\n"
_RESOLVER = "nameserver 127.0.0.1\n"  # where one is looked for as well when the host's file is not to be seen in here
_BINDS = ("/usr", "/etc")
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_FOLDERS = ("dev", "etc", "mnt", "opt", "proc", "tmp", "usr", "var", "var/lang", "var/rapid", "var/runtime", "var/task")
# The loader of shared libraries reads its path once, when the process starts, and never looks again into what was not
# there then; so the folders of packages and layers exist until the zygote has started.
# Source: AWS Lambda Developer Guide, "Working with Lambda environment variables".
_LIBRARY_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"


def main() -> None:
    """Makes the namespaces and the root, then executes the zygote."""
    control, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    is_root = os.geteuid() == 0
    _leave_namespaces(is_root)
    child = os.fork()
    if child:
        os.close(control)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    kernel.die_with_parent()
    _build_root(settings)
    if not is_root:
        network = (kernel.CAP_NET_BIND_SERVICE, kernel.CAP_NET_ADMIN, kernel.CAP_NET_RAW)
        kernel.keep_capabilities_over_exec(kernel.CAP_SETPCAP, kernel.CAP_SYS_ADMIN, *network)
    os.set_inheritable(control, True)
    python = "/var/lang/" + settings["python"]
    environment = {"LD_LIBRARY_PATH": _LIBRARY_PATH, "LANG": "en_US.UTF-8"}
    arguments = [python, "-I", "-S", "-X", "utf8", "/var/rapid/zygote.py", str(control), settings["preload"]]
    os.execve(python, arguments, environment)


def _leave_namespaces(is_root: bool) -> None:
    flags = kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC | kernel.NEWUTS
    if is_root:
        # A mapped root would still be the host's root for files such as /proc/sys; its functions change user instead.
        kernel.unshare(flags)
        return
    user, group = os.getuid(), os.getgid()
    kernel.unshare(flags | kernel.NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{FUNCTION_ID} {user} 1")
    _write("/proc/self/gid_map", f"{FUNCTION_ID} {group} 1")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123  # see above
        file.write(text)


def _build_root(settings: Mapping[str, Any]) -> None:
    kernel.mount("", "/", "", kernel.PRIVATE | kernel.RECURSIVE)
    root = "/tmp"  # any folder that exists everywhere: the new root covers it in this namespace only
    kernel.mount("tmpfs", root, "tmpfs", 0, "size=1m,mode=755")
    for folder in (*_FOLDERS, "var/task/lib", "opt/lib"):
        os.makedirs(f"{root}/{folder}", exist_ok=True)  # noqa: PTH103
    os.mkdir(f"{root}/.host")  # noqa: PTH102
    os.mkdir(f"{root}/.slots")  # noqa: PTH102
    # Moving the new root off /tmp uncovers what lies there: /.host/tmp is the host's again.
    os.chdir(root)
    kernel.pivot_root(".", ".host")
    os.chdir("/")
    for folder in _BINDS:
        kernel.bind(f"/.host{folder}", folder)
    _name_the_user()
    _name_the_hosts()
    for name in _LINKS:
        _link_or_bind(name)
    _bind_devices()
    _bind_runtime(settings)
    kernel.mount("tmpfs", "/.slots", "tmpfs", 0, "size=1m,mode=755")  # a mount, so that an environment can shed it
    kernel.mount("proc", "/proc", "proc")


def _name_the_user() -> None:
    """Gives the function's user a name and a home, which no one has made, as on AWS; the host's users are not shown.

    Without them, whoever asks for the home directory fails, the AWS SDK for JavaScript for one.
    """
    _cover("/etc/passwd", _USERS)


def _name_the_hosts() -> None:
    """Only the loopback has names, and the harness is asked for all others; the host's name and tables are not shown.

    DG "Accessing real-time telemetry data for extensions using the Telemetry API": `sandbox.localdomain`.
    """
    socket.sethostname("localhost")
    _cover("/etc/hosts", _HOSTS)
    _cover("/etc/resolv.conf", _RESOLVER)


def _cover(path: str, text: str) -> None:
    """Shows a text in place of a file of the host's; nothing is shown where there is none."""
    if os.path.isfile(path):  # noqa: PTH113
        _write("/.cover", text)
        kernel.bind("/.cover", path)
        os.unlink("/.cover")  # noqa: PTH108


def _link_or_bind(name: str) -> None:
    """`/bin` and its like are links into `/usr` on most hosts, folders on some, and missing on others."""
    host = f"/.host/{name}"
    if os.path.islink(host):  # noqa: PTH114
        os.symlink(os.readlink(host), f"/{name}")  # noqa: PTH115, PTH211
    elif os.path.isdir(host):  # noqa: PTH112
        os.mkdir(f"/{name}")  # noqa: PTH102
        kernel.bind(host, f"/{name}")


def _bind_devices() -> None:
    for name in _DEVICES:
        _write(f"/dev/{name}", "")
        kernel.mount(f"/.host/dev/{name}", f"/dev/{name}", "", kernel.BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"/dev/{name}")  # noqa: PTH211


def _bind_runtime(settings: Mapping[str, Any]) -> None:
    kernel.bind(f"/.host{settings['lang']}", "/var/lang")
    os.mkdir("/.empty")  # noqa: PTH102
    for folder in settings["packages"]:
        kernel.bind("/.empty", f"/var/lang/{folder}")
    kernel.bind(f"/.host{settings['runtime']}", "/var/runtime")
    kernel.bind(f"/.host{settings['inside']}", "/var/rapid")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
