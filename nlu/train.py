"""Trains the model when its inputs changed: `python train.py [--force]`. Writes models/linda.tar.gz and models/linda.json.

Prints `PROGRESS <0..100> <words>` for a caller to draw. Exit 0: the model is current; 1: the sentences must be put right first.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import yaml  # noqa: E402

from components.sentence_encoder import encoder_folder, fingerprint  # noqa: E402
from training_sentences import Sentence, problems, read_sentences  # noqa: E402

MODELS = HERE / "models"
OUTPUT = "LINDA_TRAIN_OUTPUT"
INPUTS = ("config.yml", "requirements.lock", "training_sentences.py", "capabilities/**/*.yml", "components/*.py")


def inputs_digest(root: Path = HERE) -> str:
    """sha256 over every input of the model: settings, sentences, rules, our components, the encoder (or its absence)."""
    digest = hashlib.sha256(str(fingerprint(encoder_folder())).encode())
    for path in sorted({p for pattern in INPUTS for p in root.glob(pattern)}):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def known_intents(root: Path = HERE) -> set[str]:
    """The intents of all domain.yml files."""
    domains = [yaml.safe_load(p.read_text(encoding="utf-8")) for p in root.glob("capabilities/*/domain.yml")]
    return {intent for domain in domains for intent in domain.get("intents") or []}


def is_current(models: Path, digest: str) -> bool:
    """Whether models/ holds a whole model made from these inputs."""
    try:
        pin = json.loads((models / "linda.json").read_text(encoding="utf-8"))
        return bool(pin["inputs"] == digest and pin["sha256"] == hashlib.sha256((models / "linda.tar.gz").read_bytes()).hexdigest())
    except (OSError, ValueError, KeyError):
        return False


def progress(percent: int, words: str) -> None:
    """One line for the caller."""
    print(f"PROGRESS {percent} {words}", flush=True)


def train(sentences: list[Sentence], digest: str) -> None:
    """Trains with Rasa and puts model and pin in place, the pin last, each at once. What Rasa says goes to models/train.log."""
    MODELS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MODELS) as folder:
        model = _with_rasa(Path(folder), len(sentences))
        progress(95, "写入模型")
        pin = {
            "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
            "inputs": digest,
            "encoder": fingerprint(encoder_folder()),
            "sentences": len(sentences),
            "intents": dict(sorted(Counter(s.intent for s in sentences).items())),
        }
        os.replace(model, MODELS / "linda.tar.gz")
    written = MODELS / "linda.json.new"
    written.write_text(json.dumps(pin, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(written, MODELS / "linda.json")


def _with_rasa(folder: Path, sentences: int) -> Path:
    """The new model's file in `folder`; raises RuntimeError naming the log."""
    os.chdir(HERE)
    log = MODELS / "train.log"
    script = "import train; train.in_rasa()"
    progress(5, "载入 Rasa")
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=HERE, stdout=file, stderr=file, env={**os.environ, OUTPUT: str(folder)}
        )
        started = time.monotonic()
        while process.poll() is None:
            time.sleep(0.5)
            waited = time.monotonic() - started
            progress(int(10 + 80 * (1 - 0.94**waited)), f"训练意图模型（{sentences} 句，已用 {waited:.0f} 秒）")
    if process.returncode or not (folder / "linda.tar.gz").is_file():
        raise RuntimeError(f"Rasa 没有给出模型，原因见 {log}")
    return folder / "linda.tar.gz"


def in_rasa() -> None:
    """The training itself, in a process of its own: what it prints and allocates stays there."""
    from components import light_rasa

    light_rasa.prepare(quiet=False)
    from rasa.model_training import train as rasa_train

    rasa_train("capabilities", "config.yml", ["capabilities"], output=os.environ[OUTPUT], force_training=True, fixed_model_name="linda")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--force", action="store_true", help="train even when nothing changed")
    options = parser.parse_args()
    started = time.monotonic()
    progress(0, "检查训练句子")
    digest = inputs_digest()
    if is_current(MODELS, digest) and not options.force:
        progress(100, "意图模型已是最新")
        return 0
    sentences = read_sentences()
    wrong = problems(sentences, known_intents())
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        print(f"训练句子有 {len(wrong)} 处要先改正（见上）。", file=sys.stderr)
        return 1
    train(sentences, digest)
    progress(100, f"意图模型已训练（{len(sentences)} 句，{time.monotonic() - started:.0f} 秒）")
    return 0


if __name__ == "__main__":
    sys.exit(main())
