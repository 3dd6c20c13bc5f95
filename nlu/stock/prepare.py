"""Makes what measure.py measures: the environment with TensorFlow from its lock, and the model when its inputs changed."""

import contextlib
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from install import find_python, find_uv  # noqa: E402

VENV, MODELS, LOCK = HERE / ".venv", HERE / "models", HERE / "requirements.lock"
MODEL = MODELS / "stock.tar.gz"
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "RASA_MAX_CACHE_SIZE": "0",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TQDM_DISABLE": "1",
    "SENTRY_RELEASE": "linda",  # unset, the library that comes with Rasa asks git
}


class CannotMeasure(Exception):
    """What went wrong, in one line with its remedy."""


def install() -> None:
    """Makes .venv when the lock is not the one it was made from."""
    stamp, wanted = VENV / "linda-stamp.txt", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("安装原版 Rasa 与 TensorFlow（约 2.7 GB，首次约 1–10 分钟）…", flush=True)
    uv = find_uv()
    version, python = find_python(uv)
    if version != "3.10":
        raise CannotMeasure("TensorFlow 2.12 与 Rasa 3.6.21 要 Python 3.10，没有找到")
    shutil.rmtree(VENV, ignore_errors=True)
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(VENV / "bin" / "python"), str(LOCK)]
    for command in ([uv, "venv", "--quiet", "--python", python, str(VENV)], sync):
        if subprocess.run(command, cwd=HERE, stdout=sys.stderr, check=False).returncode:
            raise CannotMeasure("安装失败（见上）：请检查网络、软件源与磁盘（要 3 GB）后再试")
    stamp.write_text(wanted, encoding="utf-8")


def inputs_digest() -> str:
    """sha256 over what the model is made from."""
    files = [HERE / name for name in ("config.yml", "stories.yml", "project.py", "requirements.lock")]
    digest = hashlib.sha256()
    for path in [*files, *sorted(HERE.parent.glob("capabilities/**/*.yml"))]:
        digest.update(str(path.relative_to(HERE.parent)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def call(command: list[str], log: Path) -> str:
    """What a program of .venv prints; raises CannotMeasure with the log's name when it fails. At low priority: it takes minutes."""
    command = [*(["nice", "-n", "10"] if shutil.which("nice") else []), *command]
    with log.open("a", encoding="utf-8") as file:
        done = subprocess.run(command, cwd=HERE, env={**os.environ, **QUIET}, stdout=subprocess.PIPE, stderr=file, text=True, check=False)
        file.write(done.stdout)
    if done.returncode:
        raise CannotMeasure(f"{' '.join(command[-4:])} 失败，原因见 {log}")
    return done.stdout


def processor_s() -> float:
    """Processor seconds of the programs that ended so far: on a busy machine the fairer measure of training."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def train() -> dict[str, Any]:
    """The current model's pin: inputs, sentences, intents, seconds of training by clock and by processor. Trains when inputs changed."""
    pin_file, log, digest = MODELS / "stock.json", MODELS / "train.log", inputs_digest()
    with contextlib.suppress(OSError, ValueError):
        pin: dict[str, Any] = json.loads(pin_file.read_text(encoding="utf-8"))
        if pin["inputs"] == digest and MODEL.is_file():
            return {**pin, "fresh": False}
    MODELS.mkdir(exist_ok=True)
    log.write_text("", encoding="utf-8")
    print("训练原版 Rasa 管线（每个意图 25 句，要几分钟）…", flush=True)
    with tempfile.TemporaryDirectory(dir=MODELS) as name:
        sizes = json.loads(call([str(VENV / "bin" / "python"), "project.py", name], log))
        command = [str(VENV / "bin" / "rasa"), "train", "--config", "config.yml", "--data", name, "--domain", f"{name}/domain.yml"]
        started, used = time.monotonic(), processor_s()
        call([*command, "--out", name, "--fixed-model-name", "stock", "--force"], log)
        pin = {"inputs": digest, **sizes, "seconds": time.monotonic() - started, "processor_s": processor_s() - used}
        os.replace(Path(name) / "stock.tar.gz", MODEL)
    pin_file.write_text(json.dumps(pin), encoding="utf-8")
    return {**pin, "fresh": True}
