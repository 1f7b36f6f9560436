"""`python -m variantkit`."""

import sys

from variantkit.cli.main import main

sys.exit(main())
