"""Installs everything the project needs, with the standard library alone: uv, both environments, front-end files, the sentence encoder.

Run by `make` with the system's python3. Idempotent: a stamp per step holds the checksum of its inputs, so a second run takes a moment.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
STAMPS = TOOLS / "stamps"
UV_VERSION = "0.13.8"
UV = TOOLS / "uv" / "bin" / "uv"
VENV_PYTHON = ROOT / ".venv" / "bin" / "python"


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run quietly; on failure show what the command printed and stop with exit 1 and the remedy."""
    result = subprocess.run(
        [str(c) for c in command], cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        sys.stderr.write(f"\n$ {' '.join(str(c) for c in command)}\n{result.stdout[-3000:]}{result.stderr[-3000:]}\n")
        sys.stderr.write("安装没有完成：看上面的报错；网络不通时稍后重跑同一条命令即可续装。\n")
        raise SystemExit(1)


def digest(*paths: Path) -> str:
    """Checksum of the inputs of a step."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes() if path.exists() else b"")
    return total.hexdigest()


def pythons() -> list[Path]:
    """Interpreters to choose from: those on PATH and those pyenv keeps."""
    found = [Path(p) for v in ("3.12", "3.13", "3.11", "3.10") if (p := shutil.which(f"python{v}"))]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += sorted(pyenv.glob("3.1[0-3].*/bin/python3"))
    return [*found, Path(sys.executable)]


def find_python(*versions: str) -> Path | None:
    """The first interpreter of the wanted minor versions that really starts."""
    for wanted in versions:
        for candidate in pythons():
            asked = [str(candidate), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            got = subprocess.run(asked, capture_output=True, text=True, check=False)
            if got.returncode == 0 and got.stdout.strip() == wanted:
                return candidate
    return None


def install_uv() -> None:
    """uv of a pinned version inside the repository."""
    run(sys.executable, "-m", "venv", TOOLS / "uv")
    run(TOOLS / "uv" / "bin" / "pip", "install", "--quiet", f"uv=={UV_VERSION}")


def install_application() -> None:
    """The application's environment, exactly as locked, with bytecode."""
    python = find_python("3.12", "3.13", "3.11")
    if python is None:
        raise SystemExit("需要 Python 3.11–3.13；请先安装其中一个。")
    shutil.rmtree(ROOT / ".venv", ignore_errors=True)
    run(UV, "venv", "--quiet", "--python", python, ROOT / ".venv")
    env = {"VIRTUAL_ENV": str(ROOT / ".venv")}
    run(UV, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", ROOT / "requirements.lock", env=env)
    packages = next((ROOT / ".venv" / "lib").glob("python3.*")) / "site-packages"
    (packages / "linda_source.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    launcher = ROOT / ".venv" / "bin" / "linda"
    launcher.write_text(f"#!{VENV_PYTHON}\nfrom processes.cli import main\n\nmain()\n", encoding="utf-8")
    launcher.chmod(0o755)


def install_nlu() -> None:
    """Rasa's own environment (nlu/install.py knows Python 3.10 and the 3.11 way)."""
    run(sys.executable, ROOT / "nlu" / "install.py")


def install_pages() -> None:
    """Front-end packages by npm with the lock file, copied to var/static/vendor, and the sentence encoder to var/encoder."""
    run(VENV_PYTHON, "-m", "bot.web_page.vendor")


STEPS: tuple[tuple[str, Callable[[], None], tuple[Path, ...], tuple[Path, ...]], ...] = (
    ("uv", install_uv, (Path(__file__),), (UV,)),
    ("应用环境 application", install_application, (ROOT / "requirements.lock",), (VENV_PYTHON, ROOT / ".venv" / "bin" / "linda")),
    (
        "理解环境 Rasa",
        install_nlu,
        (ROOT / "nlu" / "requirements.lock", ROOT / "nlu" / "requirements-3.11.lock", ROOT / "nlu" / "install.py"),
        (ROOT / "nlu" / ".venv" / "bin" / "python",),
    ),
    (
        "网页与编码器 pages, encoder",
        install_pages,
        (ROOT / "package-lock.json", ROOT / "bot" / "web_page" / "vendor.py", ROOT / "config" / "categories.yaml"),
        (ROOT / "var" / "encoder" / "model.onnx", ROOT / "var" / "static" / "vendor"),
    ),
)


def main() -> None:
    """Run the steps whose inputs changed or whose results are missing."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    for number, (title, step, inputs, results) in enumerate(STEPS, 1):
        stamp = STAMPS / f"{step.__name__}.sha256"
        wanted = digest(*inputs)
        if stamp.exists() and stamp.read_text() == wanted and all(r.exists() for r in results):
            continue
        began = time.monotonic()
        print(f"[{number}/{len(STEPS)}] 安装 {title} …", flush=True)
        step()
        stamp.write_text(wanted)
        print(f"[{number}/{len(STEPS)}] {title} 完成，{time.monotonic() - began:.0f} 秒", flush=True)


if __name__ == "__main__":
    main()
