"""Names of the standard library that give a module a power, the powers' meaning, and texts that name things outside."""

from __future__ import annotations

import re

from variantkit.trust.needs import check_need

# fmt: off
KINDS = {
    "native-code": "holds compiled code",
    "startup-hook": "holds a file that runs whenever Python starts",
    "installed-data": "holds files that an installer would put outside the package",
    "odd-source": "holds source that may not be what it looks like",
    "dynamic-code": "runs text or data as code",
    "import-system": "changes what later imports find",
    "processes": "starts programs",
    "forks": "forks",
    "network": "can open network connections",
    "native-calls": "calls native libraries",
    "privileges": "changes users, groups, roots or namespaces",
    "signals": "signals or ends processes",
    "writes": "creates, changes or deletes files",
    "reflection": "reaches objects by computed or hidden names",
    "decoding": "unpacks or decodes data",
    "opaque-data": "holds long data that nobody can read",
    "foreign-import": "imports what is neither its own nor the standard library's",
    "environment": "reads the environment",
}
"""What a module can do or hold, the most telling first."""

MODULES = {
    "dynamic-code": (
        "pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "code", "codeop", "runpy", "zipimport", "imp",
        "_imp", "xmlrpc", "copyreg",
        "dbm", "logging.config", "doctest", "timeit", "cProfile", "profile", "trace", "bdb", "pdb", "ensurepip", "venv",
        "sqlite3", "concurrent.interpreters", "_interpreters", "_xxsubinterpreters",
    ),
    "processes": ("subprocess", "_posixsubprocess", "multiprocessing", "_multiprocessing", "pty", "webbrowser",
                  "_winapi", "antigravity", "pydoc"),
    "network": (
        "socket", "_socket", "ssl", "_ssl", "http", "urllib.request", "ftplib", "smtplib", "imaplib", "poplib",
        "nntplib", "telnetlib", "xmlrpc", "socketserver", "asyncio", "webbrowser", "wsgiref", "urllib3", "requests",
        "httpx", "aiohttp", "logging.handlers", "_overlapped", "smtpd", "asyncore", "asynchat",
    ),
    "native-calls": ("ctypes", "_ctypes", "cffi", "_cffi_backend", "mmap"),
    "import-system": ("importlib", "_frozen_importlib", "_frozen_importlib_external", "pkgutil", "site",
                      "sitecustomize", "usercustomize"),
    "writes": ("shutil", "tempfile", "winreg"),
    "reflection": ("gc", "inspect", "_testcapi", "_testinternalcapi"),
    "decoding": ("base64", "binascii", "zlib", "bz2", "lzma", "gzip", "zipfile", "tarfile", "codecs", "_codecs"),
}
"""Importing one of these, or anything below it, says so."""

_SYSTEM = {
    "processes": (
        "system", "popen", "startfile", "execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe",
        "spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe", "posix_spawn",
        "posix_spawnp",
    ),
    "forks": ("fork", "forkpty", "register_at_fork"),
    "privileges": ("setuid", "setgid", "seteuid", "setegid", "setreuid", "setregid", "setresuid", "setresgid",
                   "setgroups", "initgroups", "chroot", "unshare", "setns", "setsid", "setpgid", "memfd_create"),
    "signals": ("kill", "killpg", "abort"),
    "writes": (
        "remove", "unlink", "rename", "renames", "replace", "rmdir", "removedirs", "mkdir", "makedirs", "symlink",
        "link", "chmod", "fchmod", "lchmod", "chown", "fchown", "lchown", "truncate", "ftruncate", "write", "writev",
        "pwrite", "mkfifo", "mknod", "utime", "setxattr", "removexattr", "copy_file_range", "sendfile",
    ),
    "environment": ("environ", "environb", "getenv", "getenvb"),
    "import-system": ("putenv", "unsetenv"),
    "native-calls": ("add_dll_directory",),
}
SYSTEM_MODULES = ("os", "posix", "nt")
SYSTEM_CALLS = frozenset(name for kind in ("processes", "writes") for name in _SYSTEM[kind])
"""Functions of those modules that take a program or a file."""

_OTHERS = {
    "dynamic-code": (
        "exec", "eval", "compile", "__import__", "breakpoint", "types.FunctionType", "types.CodeType",
        "types.LambdaType", "sys.settrace", "sys.setprofile", "sys.addaudithook", "threading.settrace",
        "threading.setprofile", "typing.get_type_hints", "ctypes.pythonapi", "ctypes.PyDLL", "sys.displayhook",
        "sys.excepthook",
    ),
    "import-system": ("sys.path", "sys.modules", "sys.meta_path", "sys.path_hooks", "sys.path_importer_cache"),
    "reflection": ("globals", "locals", "vars", "__builtins__", "__loader__", "__spec__", "sys._getframe",
                   "sys._current_frames", "sys._getframemodulename"),
    "signals": ("signal.signal", "signal.pthread_kill", "signal.raise_signal", "signal.alarm", "signal.setitimer"),
    "privileges": ("resource.setrlimit", "resource.prlimit"),
    "writes": ("fcntl.ioctl", "io.FileIO", "os.open"),
}

POWERS = {
    **{name: kind for kind, names in _OTHERS.items() for name in names},
    **{f"builtins.{name}": kind for kind, names in _OTHERS.items() for name in names if "." not in name},
    **{f"{module}.{name}": kind for kind, names in _SYSTEM.items() for name in names for module in SYSTEM_MODULES},
}
"""A name with its module -> what using it means."""

ATTRIBUTES = {
    **{name: kind for kind in ("processes", "forks", "privileges") for name in _SYSTEM[kind]},
    "__import__": "dynamic-code", "import_module": "import-system", "exec_module": "dynamic-code",
    "load_module": "dynamic-code", "__reduce__": "dynamic-code", "__reduce_ex__": "dynamic-code",
    "__setstate__": "dynamic-code", "__code__": "dynamic-code", "co_code": "dynamic-code",
    "__globals__": "reflection", "__builtins__": "reflection", "__subclasses__": "reflection",
    "__closure__": "reflection", "__bases__": "reflection", "__mro__": "reflection", "mro": "reflection",
    "__getattribute__": "reflection", "__dict__": "reflection", "f_globals": "reflection", "f_locals": "reflection",
    "f_builtins": "reflection", "gi_frame": "reflection", "tb_frame": "reflection", "__loader__": "reflection",
    "__spec__": "reflection",
    "write_text": "writes", "write_bytes": "writes",
    "LoadLibrary": "native-calls", "CDLL": "native-calls", "WinDLL": "native-calls", "dlopen": "native-calls",
}
"""An attribute of something that is not known -> what it means nearly always."""

HOOKS = frozenset({"__getattr__", "__dir__", "__all__", "__path__", "__file__", "__loader__", "__spec__",
                   "__builtins__", "__package__", "__name__", "__class__", "__annotations__", "__dict__", "__import__",
                   "__missing__", "__reduce__", "__reduce_ex__", "__setstate__"})
"""Names of a module that steer Python itself."""

LOADERS = frozenset({"CDLL", "WinDLL", "OleDLL", "PyDLL", "LoadLibrary", "dlopen", "find_library", "add_dll_directory"})
# fmt: on

_LIBRARY = re.compile(r"[^\s/\\]*\.(so(\.[0-9][0-9A-Za-z_.]*)?|dll|dylib|pyd|framework)", re.IGNORECASE).fullmatch
_PATH = re.compile(r"(/|~[\w-]*/|[A-Za-z]:[\\/]|\\\\|file:)[^\s].*", re.DOTALL).fullmatch
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+").fullmatch
_SCRIPT = re.compile(
    r"[^\s/\\]+\.(exe|com|bat|cmd|sh|ps1|vbs|msi|py|pyz|pyc|jar|js|run|bin|app)", re.IGNORECASE
).fullmatch
_TOOL = re.compile(r"[a-z0-9_]+-(smi|info|ctl|cli|tool|config|query|loader|daemon|settings)").fullmatch
_PLAIN = re.compile(r"[A-Za-z0-9_.+-]{1,128}").fullmatch
# fmt: off
_COMMANDS = frozenset({
    "curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "tftp", "scp", "sftp", "rsync", "dd", "rm", "mv",
    "cp", "ln", "cat", "tee", "chmod", "chown", "chattr", "touch", "mkdir", "rmdir", "shred", "truncate", "kill",
    "killall", "pkill", "mount", "umount", "insmod", "modprobe", "rmmod", "lsmod", "lspci", "lscpu", "lshw", "lsusb",
    "dmidecode", "uname", "hostname", "id", "whoami", "echo", "crontab",
    "systemctl", "reboot", "shutdown", "halt", "iptables", "nft", "ip", "ifconfig", "route", "git",
    "pip", "pip3", "uv", "uvx", "pipx", "conda", "npm", "npx", "cargo", "go", "rustc", "gcc", "cc", "clang", "ld",
    "make", "cmake", "tar", "gzip", "unzip", "zip", "openssl", "gpg", "base64", "xxd", "od", "ldd",
    "ldconfig", "readelf", "objdump", "nm", "sysctl", "tcpdump", "nmap", "dig", "nslookup", "apt", "apt-get",
    "dpkg", "rpm", "yum", "dnf", "snap", "flatpak", "rundll32", "regsvr32", "mshta", "certutil", "bitsadmin", "wmic",
    "reg", "schtasks", "cscript", "wscript", "net", "sc", "taskkill", "tasklist", "msiexec", "rocminfo", "clinfo",
    "vulkaninfo", "rocm_agent_enumerator", "hipcc", "nvcc", "amdgpu-arch", "nvptx-arch", "sycl-ls",
})
# fmt: on


def is_path(text: str) -> bool:
    """Whether a text in the source is an absolute path, here or on Windows."""
    return len(text) > 1 and _PATH(text) is not None and text[1:2] not in (" ",) and not text.startswith("//")


def is_library(text: str) -> bool:
    """Whether a text is the file name of a shared library."""
    return _LIBRARY(text) is not None


def is_variable(text: str) -> bool:
    """Whether a text looks like the name of an environment variable: capitals with underscores between."""
    # O_NONBLOCK and its like are flags of `open` that not every system has.
    return len(text) <= 128 and _VARIABLE(text) is not None and not text.startswith("O_")


def is_program(text: str) -> bool:
    """Whether a text names a program: by its folder, its ending, or as one that is known."""
    if is_path(text):
        folders = text.lower().replace("\\", "/").split("/")[:-1]
        return bool({"bin", "sbin", "libexec", "system32"} & {*folders})
    if _SCRIPT(text) or _TOOL(text):
        return True
    if not _PLAIN(text):
        return False
    # The floor of the needs knows the interpreters; asked with a folder in which programs are granted.
    return text.casefold() in _COMMANDS or "interpreters" in (check_need("programs", f"/usr/bin/{text}") or "")
