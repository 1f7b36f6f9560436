"""The architecture that this interpreter's wheels are for, whatever it runs on."""

import sys


def name_interpreter() -> str:
    """`aarch64 linux` and the like for 64-bit little-endian Arm; `other …` for everything else."""
    name = "other"
    if sys.maxsize > 1 << 32 and sys.byteorder == "little":
        if sys.platform == "win32":
            name = "aarch64" if "arm64" in sys.version.lower() else name
        elif _machine() in ("aarch64", "arm64", "armv8l"):  # the last under a 32-bit personality
            name = "aarch64"
    return f"{name} {sys.platform}\n"


def _machine() -> str:
    """What the interpreter was built for, where it knows."""
    built_for = getattr(sys.implementation, "_multiarch", "")
    if "-linux-" in built_for:
        return str(built_for.partition("-")[0])
    from posix import uname  # os takes longer than all else here

    return uname().machine
