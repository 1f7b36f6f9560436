"""What `variantkit select FILE --json` does, by variantlib: the labels of FILE, best first."""

import json
import sys

from variantlib.api import get_variants_by_priority  # type: ignore[import-untyped]

with open(sys.argv[1], encoding="utf-8") as stream:
    document = json.load(stream)
print(json.dumps({"labels": [variant.label for variant in get_variants_by_priority(variants_json=document)]}))
