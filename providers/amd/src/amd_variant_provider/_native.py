"""AMD's HIP library, asked in a child: it may hang or crash."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable

    Emit = Callable[[str], None]

MAX_DEVICES = 64
PROPERTIES_SIZE = 1 << 14  # the structure has about 1500 bytes, and grew in the past
INTEGRATED, UNITS = 16, 63  # numbers of hipDeviceAttribute_t since ROCm 5


def ask_hip(emit: Emit, *paths: str) -> None:
    """Say `device INDEX ARCHITECTURE UNITS INTEGRATED` for each GPU of the first library that has any."""
    import ctypes

    for path in paths:
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            emit(f"unloadable {path}: {error}".replace("\n", " "))
            continue
        emit(f"library {path}")
        if _list_devices(emit, library):
            return


def _list_devices(emit: Emit, library: ctypes.CDLL) -> int:
    import ctypes

    count = ctypes.c_int()
    code = library.hipGetDeviceCount(ctypes.byref(count))
    emit(f"count {code} {count.value}")
    found = 0
    for index in range(min(count.value, MAX_DEVICES) if code == 0 else 0):
        architecture = _read_architecture(library, index)
        numbers = [_read_attribute(library, attribute, index) for attribute in (UNITS, INTEGRATED)]
        if architecture:
            emit(f"device {index} {architecture} {numbers[0]} {numbers[1]}")
            found += 1
    return found


def _read_architecture(library: ctypes.CDLL, index: int) -> str:
    """The text in the device's properties that begins with `gfx`.

    Where it stands depends on the version of the structure, so it is looked for: no other field begins so.
    """
    import ctypes

    for name in ("hipGetDevicePropertiesR0600", "hipGetDeviceProperties"):
        function = getattr(library, name, None)
        properties = ctypes.create_string_buffer(PROPERTIES_SIZE)
        if function is not None and function(properties, index) == 0:
            _, separator, rest = properties.raw.partition(b"\0gfx")
            if separator:
                return "gfx" + rest.partition(b"\0")[0][:60].decode("ascii", "replace").replace(" ", "")
    return ""


def _read_attribute(library: ctypes.CDLL, attribute: int, index: int) -> int:
    """A device's attribute; 0 where it is refused or makes no sense."""
    import ctypes

    value = ctypes.c_int()
    code = library.hipDeviceGetAttribute(ctypes.byref(value), attribute, index)
    return value.value if code == 0 and 0 < value.value <= 4096 else 0
