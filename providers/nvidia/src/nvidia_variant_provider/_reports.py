"""Reports as the libraries and `nvidia-smi` gave them, read into one shape."""

from __future__ import annotations

from ._tables import NVML_FAILURES, NVML_NO_FUNCTION, NVML_NOT_SUPPORTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    Pair = tuple[int, int]


class Reading:
    """What one source said. `ending` is how it came to a bad end (`!timeout`, `!signal 11`, …), `trouble` why it
    could not be asked (`missing`, `unusable` or `lacks`, and what).
    """

    __slots__ = ("capabilities", "count", "cuda", "driver", "ending", "init", "library", "lost", "stub", "trouble")

    def __init__(self) -> None:
        self.capabilities: list[Pair] = []
        self.lost: list[Pair] = []  # index, status
        self.count = -1
        self.init = -1
        self.cuda: Pair | None = None
        self.driver = ""
        self.library = ""
        self.stub = ""
        self.trouble = ("", "")
        self.ending = ""


def parse_report(text: str) -> Reading:
    """Read the report of a library; a line of another shape, as a crash may leave one, is passed over."""
    reading = Reading()
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word.startswith("!"):
            reading.ending = line
        elif word in ("missing", "unusable", "lacks"):
            reading.trouble = (word, rest)
        elif word in ("library", "driver", "stub"):
            setattr(reading, word, rest.strip())
        else:
            _take_numbers(reading, word, parse_numbers(rest))
    return reading


def _take_numbers(reading: Reading, word: str, numbers: list[int]) -> None:
    if word in ("init", "count") and len(numbers) == 1:
        setattr(reading, word, numbers[0])
    elif word == "cuda" and len(numbers) == 1:
        reading.cuda = parse_cuda(numbers[0])
    elif word == "device" and len(numbers) == 3 and is_capability(numbers[1], numbers[2]):
        reading.capabilities.append((numbers[1], numbers[2]))
    elif word == "device" and len(numbers) == 3:
        reading.lost.append((numbers[0], NVML_NOT_SUPPORTED))  # it answered, and said nothing that could be true
    elif word == "lost" and len(numbers) == 2:
        reading.lost.append((numbers[0], numbers[1]))


def parse_numbers(text: str) -> list[int]:
    """The numbers in a text of nothing else; none when it has anything else."""
    words = text.split()
    return [int(word) for word in words] if all(is_number(word) for word in words) else []


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


def is_capability(major: int, minor: int) -> bool:
    return 1 <= major <= 99 and 0 <= minor <= 9


def parse_cuda(version: int) -> Pair | None:
    """13000 is 13.0 and 12080 is 12.8; 0 is what a library without a version says."""
    return (version // 1000, version % 1000 // 10) if version >= 1000 else None


def parse_dotted(text: str) -> Pair | None:
    """The first two numbers of `12.8` or `580.65.06`."""
    first, dot, rest = text.strip().partition(".")
    second = rest.partition(".")[0]
    return (int(first), int(second)) if dot and is_number(first) and is_number(second) else None


def parse_smi(overview: str, gpus: str) -> Reading:
    """Read `nvidia-smi -q` and `nvidia-smi --query-gpu=compute_cap,driver_version --format=csv,noheader`.

    Since driver 610 the version of CUDA stands behind `CUDA UMD Version`, and the older label behind it says that it
    is deprecated, which is no version.
    """
    reading = Reading()
    for line in overview.splitlines():
        label, _, value = (part.strip() for part in line.partition(":"))
        if label in ("CUDA UMD Version", "CUDA Version") and parse_dotted(value):
            reading.cuda = parse_dotted(value)
        elif label == "Driver Version" and parse_dotted(value):
            reading.driver = value
    for index, line in enumerate(gpus.splitlines()):
        capability, comma, driver = (part.strip() for part in line.partition(","))
        pair = parse_dotted(capability)
        if pair and is_capability(*pair):
            reading.capabilities.append(pair)
            reading.driver = reading.driver or (driver if parse_dotted(driver) else "")
        elif comma:  # a message of the tool has none
            reading.lost.append((index, NVML_NOT_SUPPORTED))
    endings = [line for text in (overview, gpus) for line in text.splitlines()[-1:] if line.startswith("!")]
    reading.ending = endings[0] if endings else ""
    return reading


def parse_module_version(text: str) -> str:
    """The kernel driver's version in `/proc/driver/nvidia/version`, or in `/sys/module/nvidia/version` alone.

    The former's line is `NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  date`, with `Open Kernel Module
    for x86_64` in it for the open one.
    """
    lines = [line for line in text.splitlines() if line.startswith("NVRM version:")] or text.splitlines()[:1]
    for word in lines[0].split() if lines else ():
        pair = parse_dotted(word)
        if pair and pair[0] >= 100:
            return word
    return ""


def is_answered(reading: Reading) -> bool:
    """Whether there is no use in asking another source: GPUs are known, or known not to be usable."""
    if reading.capabilities or reading.count == 0 or reading.init in NVML_FAILURES:
        return True
    if reading.ending == "!timeout":
        return True  # what hangs in the driver hangs whoever asks it
    known_by_others = (NVML_NOT_SUPPORTED, NVML_NO_FUNCTION)
    return bool(reading.lost) and not any(status in known_by_others for _, status in reading.lost)
