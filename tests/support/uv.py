"""The real uv that the development dependencies pin."""

from __future__ import annotations

import uv

UV = uv.find_uv_bin()
