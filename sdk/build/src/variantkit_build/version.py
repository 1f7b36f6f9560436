"""The version, which a bill of materials names."""

__version__ = "0.1.0"
