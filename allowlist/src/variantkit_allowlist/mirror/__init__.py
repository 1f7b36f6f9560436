"""Mirror of a list: providers, their attestations, the signed list and its roots as one plain directory.

    simple/            PEP 503 and PEP 691 pages          files/      wheels, and their evidence beside them
    integrity/         PEP 740 provenance, where an index serves it
    public/            the published repository of the list, as `update --url` and `update --from` take it
    trusted_root.json  the Sigstore root of that edition
    variantkit-mirror.json   what was written

Nothing in it is believed because it lies in it: `checking` verifies all of it from an anchor that lies elsewhere.
"""

from __future__ import annotations

import re

MARKER = "variantkit-mirror.json"
SCHEMA = "variantkit.mirror/1"

is_base_url = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?").fullmatch
"""Whether a mirror may say that it is served there: https, and no user, query or fragment."""
