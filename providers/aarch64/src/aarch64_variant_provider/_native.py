"""What the C libraries tell; ctypes is imported late, as it costs more than all else here together."""

from __future__ import annotations

from ._tables import BRAND, OLD_APPLE, TABLE


def ask_getauxval(key: int) -> int:
    """A word of the auxiliary vector, 0 for one that is not there (glibc, musl, bionic)."""
    import ctypes

    getauxval = ctypes.CDLL(None).getauxval
    getauxval.restype = ctypes.c_ulong
    getauxval.argtypes = (ctypes.c_ulong,)
    return int(getauxval(key))


def read_sysctl() -> str:
    """The sysctls that the tables name, as lines `name: value`; those that this system does not have are left out."""
    import ctypes

    names = [row.split()[3] for row in TABLE.split("\n") if row]
    keys = ["hw.optional.arm." + name for name in dict.fromkeys(names) if name != "-"]
    by_name = ctypes.CDLL(None).sysctlbyname
    by_name.argtypes = (ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    by_name.restype = ctypes.c_int
    lines = []
    for key in [BRAND, *OLD_APPLE, *keys]:
        value, size = ctypes.create_string_buffer(256), ctypes.c_size_t(256)
        if by_name(key.encode(), value, ctypes.byref(size), None, 0) == 0:
            data = value.raw[: size.value]
            text = data.rstrip(b"\0").decode("utf-8", "replace") if key == BRAND else int.from_bytes(data, "little")
            lines.append(f"{key}: {text}\n")
    return "".join(lines)


def read_features() -> str:
    """The numbers of the tables that Windows says yes to, as lines `feature 30`."""
    import ctypes

    windll = getattr(ctypes, "WinDLL", None)
    if windll is None:
        return ""
    present = windll("kernel32").IsProcessorFeaturePresent
    present.argtypes = (ctypes.c_uint32,)
    present.restype = ctypes.c_int
    numbers = sorted({int(row.split()[4]) for row in TABLE.split("\n") if row and row.split()[4] != "-"})
    return "".join([f"feature {number}\n" for number in numbers if present(number)])
