"""What no provider wheel may hold: native code, compiled Python, and files that run by themselves."""

from __future__ import annotations

from variantkit_build.errors import VendorError

_SUFFIXES = (".pyc", ".pyo", ".pyd", ".pth", ".so", ".dll", ".dylib", ".exe", ".a", ".o", ".lib")
_MAGICS = (
    b"\x7fELF", b"MZ", b"!<arch>\n", b"\x00asm",
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe", b"\xbe\xba\xfe\xca", b"\xca\xfe\xba\xbf", b"\xbf\xba\xfe\xca",
)  # fmt: skip
"""First bytes of ELF, PE, static libraries, WebAssembly and Mach-O (thin and fat, either byte order)."""


def require_source(path: str, data: bytes, whose: str) -> None:
    """Raise VendorError when a file is compiled or native code by its name or by its first bytes."""
    last = path.rpartition("/")[2].casefold()
    if last.endswith(_SUFFIXES) or ".so." in last or "__pycache__" in path.casefold():
        raise VendorError(f"{whose}: {path} is compiled or native code, or a .pth file; a provider is source alone")
    if data.startswith(_MAGICS):
        raise VendorError(f"{whose}: {path} is native code, whatever its name says; a provider is source alone")
