"""``python -m freesym``."""

from __future__ import annotations

import sys

from freesym.cli import main

if __name__ == "__main__":
    sys.exit(main())
