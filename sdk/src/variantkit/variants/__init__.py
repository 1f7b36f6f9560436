"""Variants as PEP 825 defines them: grammar, metadata, ordering, markers, wheels.

Nothing is imported here: whoever selects a variant pays for the modules it uses alone.
"""

from __future__ import annotations
