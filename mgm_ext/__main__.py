"""`python -m mgm_ext` is the command `mgm-ext`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
