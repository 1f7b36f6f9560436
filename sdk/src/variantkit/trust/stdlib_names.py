"""Standard library names: top-level modules that only some supported Pythons have, 3.9 to 3.14.

Source: `sys.stdlib_module_names` of CPython 3.10 to 3.13, the modules of 3.9 by listing, and the additions that the
3.14 documentation names; November 2026. With the running interpreter's own names this makes the verdict on a
wheel the same everywhere.
"""

from __future__ import annotations

# fmt: off
OTHER_STDLIB_NAMES = frozenset({
    "_android_support", "_apple_support", "_ast_unparse", "_bootlocale", "_bootsubprocess", "_colorize", "_crypt",
    "_hmac", "_interpchannels", "_interpqueues", "_interpreters", "_ios_support", "_msi", "_opcode_metadata",
    "_peg_parser", "_py_warnings", "_pydatetime", "_pylong", "_pyrepl", "_remote_debugging", "_sha2", "_sha256",
    "_sha512", "_suggestions", "_sysconfig", "_tokenize", "_types", "_typing", "_wmi", "_xxsubinterpreters",
    "_zstd", "aifc", "annotationlib", "asynchat", "asyncore", "audioop", "binhex", "cgi", "cgitb", "chunk",
    "compression", "crypt", "distutils", "dummy_threading", "formatter", "imghdr", "imp", "lib2to3", "macpath",
    "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "parser", "pipes", "sitecustomize", "smtpd", "sndhdr",
    "spwd", "sunau", "symbol", "telnetlib", "test", "tomllib", "usercustomize", "uu", "xdrlib",
})
# fmt: on
