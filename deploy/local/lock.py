"""Resolves requirements/*.in into lock files with hashes, for every platform.

The files name no package index and no path: whoever installs uses their own.
"""

import subprocess
import sys

from deploy.local.setup import REQUIREMENTS, ROOT, UV, uv_environment

# Lock file, the oldest Python it is for, further arguments.
LOCKS = (
    ("uv", "3.11", ()),
    ("service", "3.11", ()),
    # The service's versions hold for development too.
    ("dev", "3.11", ("--constraint", "requirements/service.txt")),
    ("browser", "3.11", ("--no-deps",)),
    # All but torch and what its build needs: see requirements/torch.in.
    (
        "models",
        "3.11",
        ("--constraint", "requirements/dev.txt", "--excludes", "requirements/torch.in"),
    ),
    ("minilm", "3.11", ("--no-deps",)),
    ("rasa", "3.10", ()),
)
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate"),
    *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock"),
)


def main() -> int:
    """Locks all; arguments such as `--upgrade` go on to uv."""
    for name, python, more in LOCKS:
        files = (f"requirements/{name}.in", "--output-file", f"requirements/{name}.txt")
        command = [str(UV), *COMPILE, "--python-version", python, *more, *sys.argv[1:], *files]
        done = subprocess.run(command, cwd=ROOT, env=uv_environment(), check=False)
        if done.returncode:
            print(f"lock: {REQUIREMENTS / name}.in could not be resolved.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
