"""Trains config.yml's understanding and reads sentences with it: `.venv/bin/python diet.py FOLDER`, run by accuracy.py.

FOLDER holds nlu.yml (Rasa's) and texts.json (a list); rankings.json is written: for each text [[intent, confidence], ...], best first,
as DIET alone says it. Runs in the stock environment.
"""

import asyncio
import json
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
HERE = Path(__file__).resolve().parent
FALLBACK = "nlu_fallback"


async def rankings(model: str, texts: list[str]) -> list[list[Any]]:
    """What DIET says about each text; FallbackClassifier's own entry is left out."""
    from rasa.core.agent import load_agent

    agent = await load_agent(model)
    read = [await agent.parse_message(text) for text in texts]
    return [[[r["name"], r["confidence"]] for r in one["intent_ranking"] if r["name"] != FALLBACK] for one in read]


def main() -> None:
    folder = Path(sys.argv[1])
    from rasa.model_training import train_nlu

    model = train_nlu(str(HERE / "config.yml"), str(folder / "nlu.yml"), str(folder), fixed_model_name="diet")
    if model is None:
        raise SystemExit("Rasa 没有给出模型")
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    found = asyncio.run(rankings(model, texts))
    (folder / "rankings.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
