"""Fetches the independent Telegram peers by their lock files, outside of our own environment: nothing of them is shipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.web_page.vendor import npm_command
from config.refusal import Refused
from config.settings import PROJECT

HERE = Path(__file__).resolve().parent


def fetch_npm(into: Path) -> Path:
    """telegram-test-api with its dependencies; gives node_modules. Skips where the registry does not answer."""
    for name in ("package.json", "package-lock.json", "serve.js"):
        shutil.copy(HERE / "telegram_test_api" / name, into / name)
    if shutil.which("node") is None:
        pytest.skip("no node on the path")
    try:
        command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    except Refused as refused:
        pytest.skip(refused.reason)
    _run(command, into, "npm")
    return into / "node_modules"


def fetch_python(into: Path) -> None:
    """tg-auto-test and what it needs beside python-telegram-bot and Pillow, importable from `into`. Skips without uv or registry."""
    if sys.version_info < (3, 12):
        pytest.skip("tg-auto-test needs Python 3.12")
    own = PROJECT / ".tools" / "uv" / "bin" / "uv"
    uv = str(own) if own.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("no uv")
    lock = HERE / "tg_auto_test" / "requirements.lock"
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python", sys.executable, "--target", str(into)]
    _run([*command, "-r", str(lock)], into, "PyPI")


def _run(command: list[str], folder: Path, registry: str) -> None:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ}, timeout=240)
    if ran.returncode == 0:
        return
    last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
    if any(words in (ran.stderr + ran.stdout).lower() for words in ("eintegrity", "hash mismatch", "mismatch")):
        pytest.fail(f"{registry}: what was fetched is not what the lock file says: {last}")
    pytest.skip(f"{registry} does not give the peer: {last}")
