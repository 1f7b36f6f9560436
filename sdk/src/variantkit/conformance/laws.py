"""The laws of conformance: every clause that a provider can break, who states it, and what to do.

The clauses of an answer itself are those of `provider/clauses.py`; here they get their severity and advice.
"""

from __future__ import annotations

from typing import NamedTuple

from variantkit.provider.clauses import CLAUSES

ERROR, WARNING = "error", "warning"


class Law(NamedTuple):
    """One clause: its slug, error or warning, one sentence, who states it, and how to keep it."""

    clause: str
    severity: str
    statement: str
    source: str
    fix: str
    quote: str = ""
    """The sentence of a PEP or draft that asks for it, where there is one."""


_GATE = "variantkit, canonical wheels (design section 4)"
_RULES = "variantkit, rules of a provider (docs/vendor.md)"
_RUNNER = "variantkit, how a provider runs (design section 6)"
_API = 'PEP 850 draft, "High level design"'
_ENDPOINT = 'PEP 850 draft, "API endpoint"'
_BUILDING = 'building draft, "Extensions to provider plugin API"'
_METADATA = "core metadata specification"

_WHEEL = (
    Law("wheel-not-canonical", ERROR, "Every reader of the wheel reads the same, and readable source alone.", _GATE,
        "build it anew with hatchling or uv_build, without native code, .pyc, .pth or .data"),
    Law("not-for-every-python", ERROR, "The wheel is pure and its tag is py3-none-any, so that one hash is approved.",
        _RULES, "leave native code out; read the machine by ctypes or by its files"),
    Law("requires-dist", ERROR, "A provider has no dependencies, not even in an extra.", _RULES,
        "vendor what you need (`variantkit provider vendor`); test tools go in a dependency group"),
    Law("too-large", ERROR, "The wheel is no larger than the budget (1 MiB, --max-bytes).", _RULES,
        "ship tables, not documents and test data"),
    Law("ships-clutter", WARNING, "The wheel holds no tests, documentation, CI or repository files.", _RULES,
        "name the package in your build backend's settings, and prune what you vendor"),
    Law("several-top-levels", WARNING, "The wheel has one top-level import name.", _RULES,
        "move the rest below your package, with relative imports"),
    Law("missing-entry-point", WARNING, "The entry point group variant_plugins names the plugin.", _ENDPOINT,
        "add [project.entry-points.variant_plugins] to pyproject.toml"),
    Law("entry-point-broken", ERROR, "Every entry point of the wheel names something that is in it.", _ENDPOINT,
        "correct the object reference, MODULE or MODULE:OBJECT"),
    Law("bad-namespace", ERROR, "A namespace consists of a-z 0-9 _ and is not one that PEP 850 reserves.",
        'PEP 825, "Variant properties"', "choose another name"),
    Law("obsolete-attribute", WARNING, "The plugin uses the drafts' names, not those of older prototypes.", _BUILDING,
        "all_properties_compatible is the attribute's name now; the others mean nothing any more"),
    Law("missing-licence", WARNING, "The wheel says under which licence it is, and carries its text.", _METADATA,
        "set `license` and `license-files` in pyproject.toml"),
    Law("missing-readme", WARNING, "The metadata has a description: what is read, in which order, every override.",
        _METADATA, "set `readme` in pyproject.toml"),
    Law("missing-requires-python", WARNING, "The metadata says from which Python on the provider works.", _METADATA,
        "set `requires-python`; installers ask providers on 3.9 and later"),
)  # fmt: skip

_SOURCE = (
    Law("unreadable-source", ERROR, "Every module can be parsed.", _RULES, "correct the syntax"),
    Law("foreign-import", ERROR, "A provider imports the standard library and itself, nothing else.", _RULES,
        "vendor the module below your package and import it relatively"),
    Law("network-import", ERROR, "A provider has no business on a network.", _RUNNER,
        "remove the import; the runner lets no socket of any family be made"),
    Law("edits-modules", ERROR, "sys.modules is left alone: no name of another project, none replaced.", _RULES,
        "import vendored code by a relative import instead of registering it under its old name"),
)  # fmt: skip

_IMPORT = (
    Law("import-reads", ERROR, "Importing does nothing: no file, directory, program, library, fork or thread.", _RULES,
        "move it into the function that needs it"),
    Law("import-reads-variables", ERROR, "Importing reads no environment variable.", _RULES,
        "read it when the answer is asked for"),
    Law("configures-logging", ERROR, "The root logger is its owner's: no handler and no level are set.", _RULES,
        "drop basicConfig; say things with get_diagnostics"),
    Law("changes-interpreter", ERROR, "sys.path, import hooks, streams, signals and the environment stay.", _RULES,
        "leave them as they are"),
)  # fmt: skip

_ANSWER = (
    Law("plugin-not-in-wheel", ERROR, "The API endpoint names a module of the wheel.", _ENDPOINT,
        "correct the endpoint (--endpoint, or the entry point)"),
    Law("raises", ERROR, "A provider never raises for what a machine is like.", _RULES,
        "catch it where it happens and give a diagnostic; the wheel stays a zip: pkgutil.get_data reads from it"),
    Law("crashes", ERROR, "What a driver does to a process does not end the provider.", _RUNNER,
        "call native code in a child of your own"),
    Law("hangs", ERROR, "The answer is there before the deadline, whatever the machine does.", _RUNNER,
        "give native code and programs a child and a deadline of less than five seconds, all together"),
    Law("no-answer", ERROR, "The provider returns to its caller.", _RUNNER,
        "never leave the process; forked children leave by os._exit"),
    Law("answer-too-large", ERROR, "Answer and output are below 1 MiB.", _RUNNER, "bound what you list"),
    Law("prints", ERROR, "Nothing goes to standard output or error.", _RULES, "use get_diagnostics"),
    Law("unstable", ERROR, "Asked twice in one process, the answer is the same.", _RULES,
        "return new lists, and do not keep what a first call changed"),
    Law("all-configs-vary", ERROR, "get_all_configs is the same on every machine, Python and environment.", _BUILDING,
        "return a constant table; what was detected belongs in get_supported_configs"),
    Law("diagnostics-ignored", WARNING, "A diagnostic is a code of a-z 0-9 . _ - and one sentence; at most 32.",
        CLAUSES["bad-diagnostics"], "return a list of (code, sentence)"),
)  # fmt: skip

_BEHAVIOUR = (
    Law("uses-network", ERROR, "No socket is made.", _RUNNER, "a provider describes the machine it runs on"),
    Law("writes-files", ERROR, "A provider changes nothing on the machine.", _RUNNER,
        "read only; caches are the host's"),
    Law("program-not-absolute", ERROR, "A program is named by an absolute path: the runner passes no PATH.", _RUNNER,
        "try the fixed places where the vendor installs it, such as /usr/bin"),
    Law("need-never-granted", ERROR, "No approved list can grant what is needed.",
        "variantkit, the floor of needs (design section 6)", "read something else"),
    Law("need-not-declared", ERROR, "What is needed is in the needs that are declared (--needs).",
        "variantkit, the enforcement file (design section 4)", "add it to the entry, or do without it"),
    Law("library-by-path", WARNING, "A library is loaded by its soname, which an approved list can grant.",
        "variantkit, the floor of needs (design section 6)", "load it by soname and let the system find it"),
    Law("variable-never-passed", WARNING, "Variables that are read reach the provider.", _RUNNER,
        "name overrides <NAMESPACE>_VARIANT_PROVIDER_<WHAT>; only those and a few documented ones are passed"),
    Law("slow-start", WARNING, "The answer costs at most 3 times a bare interpreter (--start-ratio).",
        "variantkit, numbers to reach (design section 10)",
        "import late; dataclasses, typing, pathlib, subprocess and re cost 5 to 15 ms each"),
)  # fmt: skip

_ADVICE = {
    "missing-object": "correct the endpoint, or define the object",
    "missing-get-supported-configs": "define get_supported_configs() in the plugin",
    "missing-get-all-configs": "define get_all_configs() in the plugin: every feature and value, a constant",
    "not-callable-without-arguments": "make it a function, class method or static method without arguments",
    "supported-not-in-all": "add the value to get_all_configs, or leave it out; overrides are checked too",
    "bad-value": "lower the case and check the alphabet, of overrides too",
    "empty-values": "leave a feature without values out",
    "duplicate-value": "keep the first of equal values: two cards of one kind are one value",
}
_STATEMENTS = {
    "missing-object": "The endpoint's object exists.",
    "missing-get-supported-configs": "The plugin has get_supported_configs().",
    "missing-get-all-configs": "The plugin has get_all_configs().",
    "not-callable-without-arguments": "Both are module-level functions, class methods or static methods.",
    "not-a-list": "Both return a list.",
    "missing-name": "A feature has a name.",
    "missing-values": "A feature has values.",
    "missing-multi-value": "A feature says whether a wheel may list several of its values.",
    "name-not-text": "A feature's name is text.",
    "values-not-a-list": "A feature's values are a list.",
    "value-not-text": "A value is text.",
    "multi-value-not-bool": "multi_value is True or False.",
    "bad-name": "A feature's name consists of a-z 0-9 _.",
    "bad-value": "A value consists of a-z 0-9 _ and the full stop.",
    "empty-values": "A feature of get_all_configs has a value.",
    "duplicate-feature": "A feature is named once.",
    "duplicate-value": "A value is listed once.",
    "too-many-features": "There are at most 256 features.",
    "too-many-values": "A feature has at most 4096 values.",
    "too-long": "A name or value has at most 128 characters.",
    "supported-not-in-all": "What is supported is in get_all_configs.",
    "multi-value-differs": "A feature's multi_value is the same in both answers.",
    "all-properties-compatible": "all_properties_compatible promises that both answers are the same.",
    "bad-evidence": "get_evidence returns a list of (path, text).",
    "bad-diagnostics": "get_diagnostics returns a list of (code, sentence).",
}
_CLASS_QUOTE = "The instance MUST provide the following properties or attributes"
_CONFIGS_QUOTE = (
    "returns a list of feature names and their values that are compatible with the system the plugin is running on"
)
_QUOTES = {
    "missing-get-supported-configs": "The plugin interface MUST provide the following function",
    "missing-get-all-configs": "is extended by adding the following REQUIRED function",
    "not-callable-without-arguments": "These can be implemented either as module-level functions, class methods or "
    "static methods.",
    "not-a-list": _CONFIGS_QUOTE,
    **dict.fromkeys(("missing-name", "name-not-text"), f"{_CLASS_QUOTE}: name: str specifying the feature name."),
    **dict.fromkeys(
        ("missing-values", "values-not-a-list", "value-not-text"),
        f"{_CLASS_QUOTE}: values: list[str] specifying feature values.",
    ),
    **dict.fromkeys(
        ("missing-multi-value", "multi-value-not-bool"),
        f"{_CLASS_QUOTE}: multi_value: bool specifying whether the feature is allowed to have multiple corresponding "
        "values within a single variant wheel.",
    ),
    "bad-name": "The namespace and feature name components MUST be non-empty and consist only of 0-9, a-z and _ ASCII "
    "characters.",
    "bad-namespace": "The namespace and feature name components MUST be non-empty and consist only of 0-9, a-z and _ "
    "ASCII characters.",
    "bad-value": "The feature value MUST be non-empty and consist only of 0-9, a-z, _ and . ASCII characters.",
    "supported-not-in-all": "The value returned by get_supported_configs() MUST be a subset of the feature names and "
    "values returned by get_all_configs() (modulo ordering).",
    "all-properties-compatible": "the get_supported_configs() function MUST always return the same value as "
    "get_all_configs() (modulo ordering).",
    "all-configs-vary": "A particular plugin version MUST always return the same lists (modulo ordering), irrespective "
    "of any runtime conditions.",
    "missing-entry-point": "This is OPTIONAL but RECOMMENDED, as it permits variant-related utilities to discover "
    "variant plugins installed to the user's environment.",
}
"""Clause -> the specification's own words; their marks of emphasis and references are left out."""

_CONTRACT = tuple(
    Law(
        clause,
        ERROR,
        _STATEMENTS.get(clause, "An optional function of the plugin returns what it promises."),
        source,
        _ADVICE.get(clause, "see docs/vendor.md, The contract"),
    )
    for clause, source in CLAUSES.items()
)

GROUPS = {
    "wheel": _WHEEL,
    "source": _SOURCE,
    "import": _IMPORT,
    "contract": _CONTRACT,
    "answer": _ANSWER,
    "behaviour": _BEHAVIOUR,
}
"""What a law is about -> the laws, in the order in which they are reported."""

LAWS = {law.clause: law._replace(quote=_QUOTES.get(law.clause, "")) for laws in GROUPS.values() for law in laws}
"""Every law by its clause."""
