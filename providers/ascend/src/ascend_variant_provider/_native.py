"""What runs in a child of its own, which it may hang or end: the question to Huawei's management library.

Nothing native is loaded with this module, so that a Python without ctypes can still ask `npu-smi`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]


def ask_dcmi(emit: Emit, libraries: str, places: str) -> None:
    """Every NPU, by the first of the libraries that tells of one."""
    from ._calls import tell_dcmi

    tell_dcmi(emit, libraries, places)
