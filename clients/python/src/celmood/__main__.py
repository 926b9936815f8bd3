"""`python -m celmood`: the command."""

from __future__ import annotations

import sys

from celmood._command import main

sys.exit(main())
