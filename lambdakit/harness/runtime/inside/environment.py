"""Becomes one execution environment: called once in a child that the zygote has just forked.

The child is the first process of its own pid namespace, so that all that runs there ends with it. It takes its own
mount and network namespaces, makes the listeners that the harness will serve, gives up every privilege, and starts the
function, which is then the second process: the kernel keeps signals from the first that kill any other.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
from collections.abc import Mapping
from typing import Any

import kernel  # type: ignore[import-not-found]  # this folder is no package in there
import namespace_network  # type: ignore[import-not-found]
import process_limit  # type: ignore[import-not-found]
import python_runtime  # type: ignore[import-not-found]

FUNCTION_ID = 993
_DESCRIPTORS = 1024  # AWS Lambda quotas: file descriptors
_SLOTS = "/.slots"
_LOOK_SECONDS = 0.02

# DG "Using the Lambda Extensions API": what extensions do not see.
_NOT_FOR_EXTENSIONS = frozenset(
    {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT",
        "_HANDLER",
    }
)


def preload(*, sdk: bool) -> None:
    """Imports what every Python function needs; with `sdk`, boto3 and its data as well."""
    python_runtime.preload(sdk=sdk)


def slot_path(slot: str) -> str:
    """Where the /tmp of an environment is kept, so that it outlives a process that is replaced."""
    return f"{_SLOTS}/{slot}"


def make_slot(settings: Mapping[str, Any]) -> None:
    """Makes the /tmp of an environment, unless it is there already. Called in the zygote."""
    path = slot_path(settings["slot"])
    if os.path.isdir(path):  # noqa: PTH112  # pathlib costs a fork 5 ms
        return
    os.mkdir(path)  # noqa: PTH102
    options = f"size={settings['tmp_mib']}m,mode=700,uid={FUNCTION_ID},gid={FUNCTION_ID}"
    kernel.mount("tmpfs", path, "tmpfs", 0, options)


def prepare() -> None:
    """Makes ahead what is the same for every function: the network and what processes share, with nothing in them."""
    kernel.unshare(kernel.NEWNET | kernel.NEWIPC)
    kernel.raise_loopback()


def limits_processes() -> bool:
    """Whether environments can be held to a number of processes here, see `process_limit`. Called in the zygote."""
    return bool(process_limit.is_counted(_become_user))


def start(
    settings: Mapping[str, Any],
    output: int,
    ready: int,
    status: int,
    extension_output: list[int],
    *,
    limits_processes: bool,
) -> None:
    """Starts the function and waits for its end, after `prepare`; never returns.

    extension_output: empty when it has no extensions.
    settings: `slot`, `tmp_mib`; `binds`, pairs of a host path and where it is seen; `ports` to listen on, and the
    address, `listens_on`; `connectors`, how many sockets to make for the harness to connect to what listens in here;
    `relays`, None or pairs of an address and a port that stand for something outside, see `namespace_network`;
    `directory`, where the function starts; `variables`; `extensions`, the names in `/opt/extensions` to start before
    the function, which then waits for the harness's word; `path`, the search path of a Python function, or `command`,
    what to execute for any other.
    """
    _take_output(output)
    kernel.unshare(kernel.NEWNS)
    with socket.socket(fileno=ready) as channel:
        _offer_sockets(settings, channel)
        _arrange_files(settings)
        was_root = os.geteuid() == 0
        _give_up_privileges(limits_processes=limits_processes)
        if was_root:
            kernel.set_dumpable(False)  # nothing of the user's may look into what is not the function's
        extensions = {}
        for name in settings["extensions"]:
            extensions[_start_extension(name, settings["variables"], channel, status, extension_output[0])] = name
        if extensions:
            os.close(extension_output[0])
            _wait_for_word(channel, extensions, status)
    function = os.fork()
    if function:
        _wait_for(function, extensions, status)
    os.close(status)
    os.setsid()
    kernel.set_dumpable(True)
    _run(settings)


def _start_extension(name: str, variables: Mapping[str, str], channel: socket.socket, status: int, output: int) -> int:
    """Starts a process of `/opt/extensions`; its pid."""
    child = os.fork()
    if child:
        return child
    channel.close()
    os.set_inheritable(status, False)
    os.setsid()
    _take_output(output)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # the interpreter ignored them
    path = f"/opt/extensions/{name}"
    try:
        os.execve(path, [path], {key: value for key, value in variables.items() if key not in _NOT_FOR_EXTENSIONS})
    except OSError as error:
        os.write(status, b"launch %d %s\n" % (error.errno or 0, os.fsencode(name)))
    os._exit(1)


def _wait_for_word(channel: socket.socket, extensions: dict[int, str], status: int) -> None:
    """Waits until the harness says that the extensions have registered; tells of one that ends before."""
    channel.settimeout(_LOOK_SECONDS)
    while True:
        try:
            if not channel.recv(2):
                os._exit(1)  # the harness let go of the environment
            return
        except TimeoutError:
            ended, wait_status = os.waitpid(-1, os.WNOHANG)
        if ended in extensions:
            _tell_of_extension(status, os.waitstatus_to_exitcode(wait_status), extensions[ended])
            signal.pause()  # the environment goes with it


def _tell_of_extension(status: int, code: int, name: str) -> None:
    os.write(status, b"extension %d %s\n" % (code, os.fsencode(name)))


def _wait_for(function: int, extensions: dict[int, str], status: int) -> None:
    """Tells how the function ended, and takes up what it left behind meanwhile; never returns."""
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    while True:
        ended, wait_status = os.waitpid(-1, 0)
        code = os.waitstatus_to_exitcode(wait_status)
        if ended == function:
            os.write(status, b"runtime %d\n" % code)
            if not extensions:
                os._exit(0)
        elif ended in extensions:
            _tell_of_extension(status, code, extensions[ended])


def _run(settings: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(settings["variables"])
    os.chdir(settings["directory"])
    if "command" in settings:
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # the interpreter ignored them
        os.execvpe(settings["command"][0], settings["command"], settings["variables"])
    python_runtime.run(settings["path"])


def complain(error: BaseException) -> None:
    """Says on the environment's own output why it could not be made."""
    with contextlib.suppress(OSError):
        os.write(2, f"the execution environment could not start: {type(error).__name__}: {error}\n".encode())


def _take_output(output: int) -> None:
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)


def _offer_sockets(settings: Mapping[str, Any], channel: socket.socket) -> None:
    """Makes the only listeners that can be reached in here, and hands them to the harness.

    So too some sockets that are not connected: a socket stays in the namespace it was made in, whoever connects it.
    """
    listeners = []
    for port in settings["ports"]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings["listens_on"], port))
        listener.listen(128)
        listeners.append(listener)
    unconnected = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(settings["connectors"])]
    around = [] if settings["relays"] is None else namespace_network.make(settings["relays"])
    offered = [*listeners, *unconnected, *around]
    socket.send_fds(channel, [b"listening"], [each.fileno() for each in offered])
    for each in offered:
        each.close()


def _arrange_files(settings: Mapping[str, Any]) -> None:
    for source, target in settings["binds"]:
        kernel.bind(f"/.host{source}", target)
    kernel.mount(slot_path(settings["slot"]), "/tmp", "", kernel.BIND)
    kernel.mount("proc", "/proc", "proc")
    _mount_file_systems(settings["file_systems"])
    for hidden in ("/.host", _SLOTS, "/var/rapid"):
        kernel.unmount(hidden)
    kernel.make_read_only("/", recursive=False)


def _mount_file_systems(sources: list[tuple[str, str, int, int]]) -> None:
    """Shows file systems at `/mnt/…`, to be read and written. The folder is of its own: environments share the root."""
    if sources:
        kernel.mount("tmpfs", "/mnt", "tmpfs", 0, "size=64k,mode=755")
        for source, target, *identity in sources:
            os.mkdir(target)  # noqa: PTH102
            kernel.bind(f"/.host{source}", target, read_only=False)
            found = os.stat(target)  # noqa: PTH116
            if [found.st_dev, found.st_ino] != identity:  # a function made a link of it meanwhile
                raise OSError(f"{target} is not the directory of its access point any more")
        kernel.make_read_only("/mnt", recursive=False)


def _give_up_privileges(*, limits_processes: bool) -> None:
    with contextlib.suppress(ValueError, OSError):  # the host's own limit may be lower
        resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))
    _become_user()
    if limits_processes:
        process_limit.apply(FUNCTION_ID, FUNCTION_ID)
    kernel.forbid_new_privileges()
    kernel.drop_capabilities()


def _become_user() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(FUNCTION_ID, FUNCTION_ID, FUNCTION_ID)
        os.setresuid(FUNCTION_ID, FUNCTION_ID, FUNCTION_ID)
