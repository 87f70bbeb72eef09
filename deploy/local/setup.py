"""Makes the environments `.uv`, `.venv` and `.venv-rasa` from their lock files.

`--models` adds sentence-transformers and torch to `.venv`, which then keeps them.
Standard library only: it runs before anything is installed, with any Python from 3.11 on.
What is already there and matches its lock is left alone, so a second run takes no time.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"
UV = ROOT / ".uv" / "bin" / "uv"
STAMP = "ponte-lock.sha256"
SERVICE_LOCKS = ("dev.txt", "browser.txt")
MODELS_LOCKS = ("models.txt", "minilm.txt")
# Not locked: its builds differ in what they need, and a machine may have one of its own.
TORCH = "torch.in"
MODELS_MARK = "ponte-models"
RASA_PYTHON = (3, 10)
NEEDED_DISK_BYTES = 5 * 1024**3

# uv does not read pip's settings; who configured pip for a machine means its packages.
PIP_TO_UV = {
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
}
NETWORK_SIGNS = (
    "dns error",
    "error sending request",
    "Failed to establish a new connection",
    "Connection refused",
    "Network is unreachable",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Request failed after",
    "Failed to fetch",
)


class SetupError(Exception):
    """Something is missing on this machine; the text says what, in one sentence."""


def main() -> int:
    """Makes what is missing; 1 and one sentence when it cannot."""
    try:
        with one_setup_at_a_time():
            make_uv()
            make_service_environment(with_models="--models" in sys.argv[1:])
            make_environment(".venv-rasa", "Rasa", ["rasa.txt"], find_rasa_python)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; run it again to go on.", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def one_setup_at_a_time() -> Iterator[None]:
    """Holds a lock on the folder of the lock files; a second setup waits for the first."""
    folder = os.open(REQUIREMENTS, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: another setup is at work here; waiting for it.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def make_uv() -> None:
    """Installs uv into an environment of its own."""
    if sys.version_info < (3, 11):  # noqa: UP036 - anyone may run it with anything
        raise SetupError("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")
    lock = [REQUIREMENTS / "uv.txt"]
    wanted = fingerprint(lock)
    home = UV.parents[1]
    if is_made(home, wanted) and runs([str(UV), "--version"]):
        return
    print("setup: installing uv into .uv")
    try:
        import ensurepip  # noqa: F401 - Debian ships Python without it
        import venv
    except ImportError as error:
        raise SetupError(
            "Python's venv and ensurepip modules are missing (on Debian: apt install python3-venv)."
        ) from error
    if not runs([str(home / "bin" / "python"), "-m", "pip", "--version"]):
        venv.create(home, clear=True, with_pip=True)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    install([*pip, "--disable-pip-version-check", "-r", str(lock[0])], "uv")
    stamp(home, wanted)


def make_service_environment(*, with_models: bool) -> None:
    """Makes `.venv`; with the extra `models` if that is asked for, or was once."""
    mark = ROOT / ".venv" / MODELS_MARK
    if with_models or mark.exists():
        locks = (*SERVICE_LOCKS, *MODELS_LOCKS)
        make_environment(".venv", "service", locks, find_service_python, unlocked=TORCH)
        mark.touch()
    else:
        make_environment(".venv", "service", SERVICE_LOCKS, find_service_python)


def make_environment(
    name: str,
    title: str,
    locks: Sequence[str],
    find_python: Callable[[], list[str]],
    unlocked: str = "",
) -> None:
    """Makes one environment hold exactly what its lock files say.

    Args:
        name: its folder.
        title: what it is called in messages.
        locks: files in requirements/, each complete and with hashes.
        find_python: arguments for uv that choose the Python of a new environment.
        unlocked: one more file in requirements/, whose needs the installer resolves by itself.
    """
    home = ROOT / name
    paths = [REQUIREMENTS / lock for lock in locks]
    wanted = fingerprint([*paths, *([REQUIREMENTS / unlocked] if unlocked else [])])
    python = home / "bin" / "python"
    usable = runs([str(python), "-c", "import encodings"])
    if usable and is_made(home, wanted):
        return
    print(f"setup: installing the {title} environment into {name} (a minute or so)", flush=True)
    free_bytes = shutil.disk_usage(ROOT).free
    if not usable and free_bytes < NEEDED_DISK_BYTES:
        raise SetupError(
            f"about {NEEDED_DISK_BYTES / 1024**3:.0f} GB of free disk space are needed for the "
            f"Python environments, and {free_bytes / 1024**3:.1f} GB are free."
        )
    if not usable:
        install([str(UV), "venv", "--quiet", "--clear", *find_python(), str(home)], name)
    # Compiled once here: a start of Rasa imports thousands of modules.
    sync = [str(UV), "pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes"]
    install([*sync, "--python", str(python), *map(str, paths)], f"the {title} environment")
    if unlocked:
        # The locks as constraints: what they pinned stays as it is.
        add = [str(UV), "pip", "install", "--quiet", "--python", str(python)]
        constraints = [part for path in paths for part in ("--constraint", str(path))]
        install([*add, *constraints, "-r", str(REQUIREMENTS / unlocked)], unlocked)
    stamp(home, wanted)


def find_service_python() -> list[str]:
    """The Python that runs this is new enough (`make_uv` checks it)."""
    return ["--python", sys.executable]


def find_rasa_python() -> list[str]:
    """A Python 3.10 that really runs: on PATH, then of pyenv, then one that uv manages."""
    for candidate in rasa_python_candidates():
        if version_of(candidate) == RASA_PYTHON:
            return ["--python", str(candidate)]
    print("setup: no Python 3.10 on this machine; asking uv for one", flush=True)
    if subprocess.run(
        [str(UV), "python", "install", "3.10"], cwd=ROOT, env=uv_environment(), check=False
    ).returncode:
        raise SetupError(
            "Rasa needs Python 3.10, which is neither on PATH nor under pyenv, and uv could not "
            "download it; install it (for example: pyenv install 3.10) and run this again."
        )
    return ["--managed-python", "--python", "3.10"]


def rasa_python_candidates() -> Iterator[Path]:
    """Yields places where a Python 3.10 may be; a pyenv shim among them may not run."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder or ".") / "python3.10"
    roots = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]
    if pyenv := shutil.which("pyenv"):
        asked = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False)
        roots.insert(0, asked.stdout.strip())
    for root in filter(None, roots):
        yield from sorted(Path(root).glob("versions/3.10*/bin/python3.10"), reverse=True)


def version_of(python: Path) -> tuple[int, int] | None:
    """Runs it and asks; None when it does not run."""
    if not os.access(python, os.X_OK):
        return None
    try:
        asked = subprocess.run(
            [str(python), "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        major, minor = asked.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return int(major), int(minor)


def runs(command: Sequence[str]) -> bool:
    """Whether a command starts and ends well."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install(command: Sequence[str], what: str) -> None:
    """Runs an installer; its own words go before our sentence when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=uv_environment(), stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode == 0:
        return
    print(done.stderr.strip()[-4000:], file=sys.stderr)
    if "No space left on device" in done.stderr:
        raise SetupError(f"the disk is full; {what} could not be installed.")
    if any(sign in done.stderr for sign in NETWORK_SIGNS):
        raise SetupError(f"the package index cannot be reached; {what} could not be installed.")
    raise SetupError(f"{what} could not be installed; the reason is in the lines above.")


def uv_environment() -> dict[str, str]:
    """Our environment, with pip's settings under uv's names where uv has none of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for pip_name, uv_name in PIP_TO_UV.items():
        if pip_name in environment:
            environment.setdefault(uv_name, environment[pip_name])
    return environment


def fingerprint(locks: Sequence[Path]) -> str:
    """One hash over the lock files."""
    digest = hashlib.sha256()
    for lock in locks:
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def is_made(home: Path, wanted: str) -> bool:
    """Whether the environment was completed from these very locks."""
    try:
        return (home / STAMP).read_text() == wanted
    except OSError:
        return False


def stamp(home: Path, wanted: str) -> None:
    """Writes down from which locks the environment was completed."""
    (home / STAMP).write_text(wanted)


if __name__ == "__main__":
    sys.exit(main())
