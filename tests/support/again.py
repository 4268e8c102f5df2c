"""`make test` runs what failed beside other tests once more, alone: a busy machine is not a bug.

Says which tests those are; its status is that of the second run. Where many failed nothing is run again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_FAILED = Path(".pytest_cache/v/cache/lastfailed")
_AT_MOST = 12  # more failures are no accident
_ALONE = ("--last-failed", "--last-failed-no-failures", "none")


def main() -> int:
    failed = sorted(json.loads(_FAILED.read_text())) if _FAILED.exists() else []
    if not 0 < len(failed) <= _AT_MOST:
        print(f"==> {len(failed)} tests failed by name; none is run again")
        return 1
    print(
        f"==> {len(failed)} failed beside other tests; once more, alone:",
        *failed,
        sep="\n    ",
        flush=True,
    )
    status = subprocess.run([sys.executable, "-m", "pytest", *_ALONE]).returncode
    print(f"==> {len(failed)} were run again, and {'some failed' if status else 'all passed'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
