"""Makes nlu/.venv: `python3 nlu/install.py`. Runs under any Python from 3.9 on; does nothing when the lock did not change.

Python 3.10 is looked for on PATH, below $HOME/.pyenv and by uv (which may fetch one); only without it is 3.11 used, with
requirements-3.11.lock. Exactly the locked files are installed, checked by their hashes, with bytecode compiled (import 8.2 -> 2.5 s).
Prints `PROGRESS <0..100> <words>` for a caller to draw. Exit 0: ready; 1: one line saying what to do.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
STAMP = VENV / "linda-stamp.txt"
LOCKS = {"3.10": "requirements.lock", "3.11": "requirements-3.11.lock"}


class CannotInstall(Exception):
    """What is missing, in one line with its remedy."""


def progress(percent: int, words: str) -> None:
    """One line for the caller."""
    print(f"PROGRESS {percent} {words}", flush=True)


def find_uv() -> str:
    """uv's path: the project's own, then PATH."""
    for candidate in (os.environ.get("LINDA_UV"), str(HERE.parent / ".tools/uv/bin/uv"), shutil.which("uv")):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise CannotInstall("没有找到 uv：请运行 make run（它会自备 uv），或设 LINDA_UV")


def version_of(python: str) -> "str | None":
    """'3.10' and the like, None when the file does not run (a pyenv shim without its version)."""
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else None


def find_python(uv: str) -> "tuple[str, str]":
    """(version, interpreter): 3.10 wherever it is or can be fetched, else 3.11."""
    for version in LOCKS:
        known = [shutil.which("python" + version), *sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}*/bin/python")))]
        for python in filter(None, known):
            if version_of(python) == version:
                return version, python
        found = subprocess.run([uv, "python", "find", version], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        if found.returncode == 0:
            return version, found.stdout.strip()
        progress(5, f"取 Python {version}")
        if subprocess.run([uv, "python", "install", version], stdout=sys.stderr, check=False).returncode == 0:
            return version, version
    raise CannotInstall("没有 Python 3.10（或 3.11），也取不到：请装 pyenv install 3.10，再运行一次")


def stamp_for(version: str) -> str:
    """What the stamp holds when the environment is made from this lock at this place."""
    lock = hashlib.sha256((HERE / LOCKS[version]).read_bytes()).hexdigest()
    return f"{version} {lock} {VENV}\n"


def is_ready() -> bool:
    """Whether .venv was made from the lock as it is now, and runs."""
    if not STAMP.is_file() or not (VENV / "bin" / "python").exists():
        return False
    stamp = STAMP.read_text(encoding="utf-8")
    version = stamp.split(" ")[0]
    return version in LOCKS and stamp == stamp_for(version) and version_of(str(VENV / "bin" / "python")) == version


def install() -> None:
    """Makes the environment anew."""
    uv = find_uv()
    version, python = find_python(uv)
    progress(10, f"建立 NLU 环境（Python {version}）")
    if VENV.exists():
        shutil.rmtree(str(VENV))
    run([uv, "venv", "--quiet", "--python", python, str(VENV)])
    progress(20, "安装 Rasa 3.6.21 及其依赖（首次约需 1–5 分钟）")
    command = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(VENV / "bin" / "python")]
    run([*command, str(HERE / LOCKS[version])])
    STAMP.write_text(stamp_for(version), encoding="utf-8")


def run(command: "list[str]") -> None:
    """Runs uv; raises CannotInstall when it fails."""
    if subprocess.run(command, cwd=str(HERE), stdout=sys.stderr, check=False).returncode:
        raise CannotInstall("安装失败（见上）：{}。请检查网络或软件源后再试".format(" ".join(command[:3])))


def main() -> int:
    try:
        if not is_ready():
            install()
    except CannotInstall as reason:
        print(f"NLU 环境未就绪：{reason}", file=sys.stderr)
        return 1
    progress(100, "NLU 环境已就绪")
    return 0


if __name__ == "__main__":
    sys.exit(main())
