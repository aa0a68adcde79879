"""The Linux calls that a sandbox is made of, through ctypes.

Only imported by the launcher and by what it starts. Every call raises OSError with the kernel's reason.
Source: the manual pages unshare(2), setns(2), mount(2), mount_setattr(2), pivot_root(2), capabilities(7), prctl(2).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import socket
import struct

NEWNS = 0x00020000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000

BIND = 4096
RECURSIVE = 16384
PRIVATE = 1 << 18
DETACH = 2

_RDONLY, _NOSUID, _NODEV = 1, 2, 4
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_SYS_MOUNT_SETATTR = 442
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[platform.machine()]

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
CAP_SETPCAP = 8
CAP_NET_BIND_SERVICE = 10
CAP_NET_ADMIN = 12
CAP_NET_RAW = 13
CAP_SYS_ADMIN = 21

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilityData(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leaves the namespaces in `flags` for new ones."""
    _check(_libc.unshare(flags), f"unshare {flags:#x}")


def join_namespace(descriptor: int, kind: int) -> None:
    """Enters the namespace behind `descriptor`."""
    _check(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    arguments = [text.encode() if text else None for text in (source, target, kind)]
    _check(_libc.mount(*arguments, ctypes.c_ulong(flags), options.encode() if options else None), f"mount {target}")


def bind(source: str, target: str, *, read_only: bool = True) -> None:
    """Shows `source` at `target`, with all that is mounted below it."""
    mount(source, target, "", BIND | RECURSIVE)
    _restrict(target, _RDONLY if read_only else 0, recursive=True)


def make_read_only(target: str, *, recursive: bool = True) -> None:
    """Only adds flags, so that those the host locked stay as they are."""
    _restrict(target, _RDONLY, recursive=recursive)


def _restrict(target: str, flags: int, *, recursive: bool) -> None:
    attributes = _MountAttributes(flags | _NOSUID | _NODEV, 0, 0, 0)
    result = _libc.syscall(
        _SYS_MOUNT_SETATTR,
        _AT_FDCWD,
        target.encode(),
        _AT_RECURSIVE if recursive else 0,
        ctypes.byref(attributes),
        ctypes.sizeof(attributes),
    )
    _check(result, f"mount_setattr {target}")


def unmount(target: str) -> None:
    """Takes a mount away, though something may be in use below it."""
    _check(_libc.umount2(target.encode(), DETACH), f"umount {target}")


def pivot_root(new_root: str, put_old: str) -> None:
    """Makes `new_root` the root; the old one is seen at `put_old` below it."""
    _check(_libc.syscall(_SYS_PIVOT_ROOT, new_root.encode(), put_old.encode()), "pivot_root")


def die_with_parent() -> None:
    """Has the kernel kill this process when the thread that started it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl PDEATHSIG")


def set_dumpable(is_dumpable: bool) -> None:
    """Whether other processes of its user may look into this one, and whether its files in /proc are that user's."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, int(is_dumpable), 0, 0, 0), "prctl DUMPABLE")


def forbid_new_privileges() -> None:
    """No later exec can gain anything."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl NO_NEW_PRIVS")


def drop_capabilities() -> None:
    """Gives up every capability for good."""
    _set_capabilities(0, 0, 0)


def keep_capabilities_over_exec(*capabilities: int) -> None:
    """An exec by a user other than root would drop them."""
    wanted = sum(1 << capability for capability in capabilities)
    _set_capabilities(wanted, wanted, wanted)
    for capability in capabilities:
        _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0), "prctl CAP_AMBIENT")


def _set_capabilities(effective: int, permitted: int, inheritable: int) -> None:
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    low = _CapabilityData(effective & 0xFFFFFFFF, permitted & 0xFFFFFFFF, inheritable & 0xFFFFFFFF)
    data = (_CapabilityData * 2)(low, _CapabilityData(0, 0, 0))
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(data)), "capset")


def raise_loopback() -> None:
    """Brings up the loopback interface of a new network namespace. Source: netdevice(7)."""
    get_flags, set_flags, interface_up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, get_flags, request))[1]
        fcntl.ioctl(probe, set_flags, struct.pack("16sh14x", b"lo", flags | interface_up))
