"""One measured run of a program: wall time, processor time, largest resident set, bytes written.

Import nothing heavy here: on Linux the largest resident set of a child includes what its parent held when it was started.
"""
import os
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass
class Measurement:
    wall_s: float
    cpu_s: float  # user and system
    memory_mib: float  # largest resident set
    size_mib: float
    sync_s: float | None = None  # part of wall_s, where the program states it


class Failed(Exception):
    """A program that did not end well, with the last line it said."""


def measure(command, environment, inputs, out, log):
    """Runs a command that writes below `out`; what it says goes to the file `log`."""
    for path in inputs:
        read_through(path)
    # What earlier runs left to be written must not be paid for by this one.
    os.sync()
    with open(log, "wb") as said:
        start = time.monotonic()
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        lines = log.read_text(errors="replace").strip().splitlines() or ["nothing said"]
        raise Failed(f"exit {process.returncode}: {lines[-1]}")
    # Kilobytes, but bytes on macOS.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, size_of(out) / (1 << 20))


def read_through(path):
    """Brings a file into the page cache, so that every run finds it there."""
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def size_of(folder):
    """Bytes of all files below a folder, links not followed."""
    paths = (os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(path).st_size for path in paths if not os.path.islink(path))
