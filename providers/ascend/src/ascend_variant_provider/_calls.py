"""Huawei's management library, DCMI, asked by ctypes: in a child, which it may hang or end.

A report is lines of words: `library PATH` is what was loaded, `unusable PATH WHY` what was not; `lacks NAME` a missing
function; `init NAME STATUS` and `list NAME STATUS` what a call returned; `device CARD INDEX CHIP NPU` is an NPU by its
chip's and its own name (`-` where there is none), `lost CARD INDEX STATUS` one that would not tell.
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]

MOST_CARDS = 64
MOST_DEVICES = 16
NAME_SIZE = 32
NPU_NAME_AT = 3 * NAME_SIZE + 4  # chip type, name and version, the number of cores
CHIP_INFO_SIZE = 4096  # the structure has 132 bytes; a driver that knows more of it must not write beyond ours
MOST_DEPENDENCIES = 32


def tell_dcmi(emit: Emit, libraries: str, places: str) -> None:
    """Tell every NPU; `libraries` are tried in order, `places` hold what they need, both joined by `os.pathsep`."""
    for path in libraries.split(os.pathsep):
        if os.path.isabs(path) and not os.path.exists(path):
            continue
        try:
            library = _load(path, places.split(os.pathsep))
        except OSError as error:
            if not os.path.isabs(path):
                continue  # the loader does not know its place; the paths that follow may
            emit(f"unusable {path} " + " ".join(str(error).split())[:300])
            continue
        emit(f"library {path}")
        # The newest drivers answer only the second interface, older ones have only the first.
        if _tell_v2(emit, library) or _tell_v1(emit, library):
            return


def _load(path: str, places: list[str]) -> ctypes.CDLL:
    """Load a library, and before it those that the loader misses and that lie in `places`."""
    for _ in range(MOST_DEPENDENCIES):
        try:
            return ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            if not _load_missing(str(error), places):
                raise
    return ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


def _load_missing(message: str, places: list[str]) -> bool:
    """Load the library that the loader's message names, or else the one that this in turn misses."""
    wanted, _, rest = message.partition(":")
    found = [os.path.join(place, wanted) for place in places if os.path.exists(os.path.join(place, wanted))]
    if "/" in wanted or "No such file" not in rest or not found:
        return False
    try:
        ctypes.CDLL(found[0], mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return not str(error).startswith(wanted + ":") and _load_missing(str(error), places)
    return True


def _tell_v2(emit: Emit, library: ctypes.CDLL) -> bool:
    """The interface that numbers NPUs; whether it told of any."""
    if _start(emit, library, "dcmiv2_init") != 0:
        return False
    numbers, count = (ctypes.c_int * MOST_CARDS)(), ctypes.c_int()
    arguments = (numbers, ctypes.byref(count), ctypes.c_int(MOST_CARDS))
    if _call(emit, library, "list", "dcmiv2_get_device_list", *arguments) != 0:
        return False
    told = False
    for number in numbers[: max(0, min(count.value, MOST_CARDS))]:
        names = ("dcmiv2_get_device_chip_info",)
        told = _tell_device(emit, library, names, (number,)) or told
    return told


def _tell_v1(emit: Emit, library: ctypes.CDLL) -> bool:
    """The interface of cards with devices; whether it told of any."""
    if _start(emit, library, "dcmi_init") != 0:
        return False
    cards, count = (ctypes.c_int * MOST_CARDS)(), ctypes.c_int()
    for name in ("dcmi_get_card_list", "dcmi_get_card_num_list"):
        if _call(emit, library, "list", name, ctypes.byref(count), cards, ctypes.c_int(MOST_CARDS)) == 0:
            break
    else:
        return False
    told = False
    for card in cards[: max(0, min(count.value, MOST_CARDS))]:
        told = _tell_card(emit, library, card) or told
    return told


def _tell_card(emit: Emit, library: ctypes.CDLL, card: int) -> bool:
    count = ctypes.c_int()
    status = _status(library, "dcmi_get_device_num_in_card", ctypes.c_int(card), ctypes.byref(count))
    if status != 0:
        emit(f"lost {card} - {status}")
        return False
    told = False
    for index in range(max(0, min(count.value, MOST_DEVICES))):
        names = ("dcmi_get_device_chip_info_v2", "dcmi_get_device_chip_info")
        told = _tell_device(emit, library, names, (card, index)) or told
    return told


def _tell_device(emit: Emit, library: ctypes.CDLL, names: tuple[str, ...], place: tuple[int, ...]) -> bool:
    """Ask by the first of the functions that answers; a card's controller is told as well, under its own name."""
    card, index = (place[0], place[1] if len(place) > 1 else 0)
    status: int | None = None
    for name in names:
        info = ctypes.create_string_buffer(CHIP_INFO_SIZE)
        answered = _status(library, name, *[ctypes.c_int(number) for number in place], info)
        if answered == 0:
            chip, npu = _text(info.raw, NAME_SIZE), _text(info.raw, NPU_NAME_AT)
            emit(f"device {card} {index} {chip} {npu if name != 'dcmi_get_device_chip_info' else '-'}")
            return True
        status = status if answered is None else answered
    emit(f"lost {card} {index} {'unasked' if status is None else status}")
    return False


def _text(data: bytes, start: int) -> str:
    """One name of the structure as one word."""
    name = data[start : start + NAME_SIZE].partition(b"\0")[0].decode("ascii", "replace")
    return "_".join(name.split()) or "-"


def _start(emit: Emit, library: ctypes.CDLL, name: str) -> int | None:
    return _call(emit, library, "init", name)


def _call(emit: Emit, library: ctypes.CDLL, word: str, name: str, *arguments: object) -> int | None:
    status = _status(library, name, *arguments)
    emit(f"lacks {name}" if status is None else f"{word} {name} {status}")
    return status


def _status(library: ctypes.CDLL, name: str, *arguments: object) -> int | None:
    """The status that a function returns; None when the library has no such function."""
    function = getattr(library, name, None)
    if function is None:
        return None
    function.restype = ctypes.c_int
    return int(function(*arguments))
