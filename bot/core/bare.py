"""Imported first, for its effect: libraries do without what they would only keep memory for."""

import os
import sys
from types import ModuleType
from typing import cast

# structlog and httpx would load it for coloured tracebacks and a command of their own, which nobody here ever sees:
# a fifth of the time a start takes, and 5 MB for as long as the bot runs.
for name in ("rich", "pygments"):
    sys.modules.setdefault(name, cast("ModuleType", None))  # how Python is told that there is no such module

# The HTTP client's own allocator (mimalloc) would ask for pages of 2 MB each: 8 MB more, for nothing.
os.environ.setdefault("MIMALLOC_ALLOW_THP", "0")
