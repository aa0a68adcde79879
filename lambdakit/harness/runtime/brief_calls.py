"""System calls that never wait and wake nobody, made without letting go of the interpreter's lock.

Python lets other threads run around every call of the system, and one that is over in a microsecond then waits for
them to give the interpreter back: with four callers at once that took longer than all of an invocation's own work. One
that wakes another process is not among them: the kernel may let that one run first.
"""

from __future__ import annotations

import ctypes
import errno
import os

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.pread.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_ssize_t)
_libc.pread.restype = _libc.read.restype = ctypes.c_ssize_t
_libc.read.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)

_NOTHING_NOW = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class Buffer:
    """Room to read into, for one thread at a time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._bytes = bytearray(size)
        self._address = ctypes.addressof((ctypes.c_char * size).from_buffer(self._bytes))

    def read(self, descriptor: int) -> bytes | None:
        """What a descriptor that does not block has to give now, up to the size: None for nothing, empty at its end.

        OSError for what cannot be read from.
        """
        length = _libc.read(descriptor, self._address, self._size)
        if length >= 0:
            return bytes(self._bytes[:length])
        number = ctypes.get_errno()
        if number in _NOTHING_NOW:
            return None
        raise OSError(number, os.strerror(number))

    def read_at_start(self, descriptor: int) -> bytes:
        """The beginning of a file; nothing when it cannot be read any more."""
        length = _libc.pread(descriptor, self._address, self._size, 0)
        return bytes(self._bytes[:length]) if length > 0 else b""


class KeptFile:
    """A file of /proc that is read again and again: open from the first time on, where it is there at all.

    It stays that of the one process: when that is gone there is nothing to read, whoever gets its pid.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor: int | None = None

    def read(self, buffer: Buffer) -> bytes:
        """What it says now; nothing when its process is gone, or has been since it was closed."""
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return b""
        return buffer.read_at_start(self._descriptor)

    def close(self) -> None:
        """Closes it. Idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
