"""The types of the package: the Python half by `mypy --strict`, the stubs of the native half against what is there.

usage: typed.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import green_corridor

package = Path(green_corridor.__file__).parent
checks = [
    ["mypy", "--strict", str(package)],
    ["mypy.stubtest", "green_corridor._native"],
]
with tempfile.TemporaryDirectory() as folder:
    # No cache beside the installed package.
    failed = [check[0] for check in checks if subprocess.run([sys.executable, "-m", *check], cwd=folder).returncode]
print(f"{len(checks)} checks of types, failed: {', '.join(failed) or 'none'}")
sys.exit(bool(failed))
