"""Serves the pinned model on the loopback address: `python serve.py`.

LINDA_ACTION_URL   the application's action endpoint, for example http://127.0.0.1:8080/internal/actions
LINDA_ACTION_TOKEN the secret both sides show each other (Authorization: Bearer …)
LINDA_RASA_PORT    5105 unless set · LINDA_ENCODER_DIR ../var/encoder unless set · LINDA_ACTION_TIMEOUT_S 10 unless set
Exit 1 with one line and its remedy when it cannot serve. GET / answers 200 as soon as messages are taken.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
LARGEST_BODY = 2_000_000
MODEL = HERE / "models" / "linda.tar.gz"


def refuse(reason: str) -> NoReturn:
    """Ends the process with exit code 1 and one line."""
    print(f"Rasa 不能启动：{reason}", file=sys.stderr, flush=True)
    os._exit(1)


def pinned_model(model: Path = MODEL) -> Path:
    """The model, when it is the one its checksum file names; raises ValueError with the remedy otherwise."""
    remedy = "请运行 nlu/.venv/bin/python nlu/train.py"
    try:
        pin = json.loads(model.with_name("linda.json").read_text(encoding="utf-8"))["sha256"]
        content = model.read_bytes()
    except (OSError, ValueError, KeyError) as missing:
        raise ValueError(f"没有模型或其校验文件（{missing}）。{remedy}") from missing
    if hashlib.sha256(content).hexdigest() != pin:
        raise ValueError(f"模型与校验文件 linda.json 不符。{remedy} --force")
    return model


def settings() -> tuple[int, float]:
    """Port and seconds to wait for an action; raises ValueError naming the variable."""
    for name in ("LINDA_ACTION_URL", "LINDA_ACTION_TOKEN"):
        if not os.environ.get(name):
            raise ValueError(f"环境变量 {name} 未设置")
    try:
        return int(os.environ.get("LINDA_RASA_PORT", "5105")), float(os.environ.get("LINDA_ACTION_TIMEOUT_S", "10"))
    except ValueError as wrong:
        raise ValueError(f"LINDA_RASA_PORT 或 LINDA_ACTION_TIMEOUT_S 不是数字（{wrong}）") from wrong


def application(model: Path, port: int, timeout_s: float) -> Any:
    """The Sanic application with our channel alone; the model is loaded before it listens."""
    from rasa.core import run
    from rasa.core.agent import load_agent
    from rasa.core.utils import AvailableEndpoints

    from channel import LindaInput
    from components.action_calls import ActionEndpoint

    endpoints = AvailableEndpoints.read_endpoints(str(HERE / "endpoints.yml"))
    endpoints.action = ActionEndpoint(endpoints.action, timeout_s)
    channels = [LindaInput.from_credentials(None)]
    app = run.configure_app(channels, cors=None, enable_api=False, port=port, endpoints=endpoints)
    app.config.REQUEST_MAX_SIZE, app.config.ACCESS_LOG, app.config.MOTD = LARGEST_BODY, False, False

    async def load(app: Any, loop: Any) -> None:
        app.ctx.agent = await load_agent(str(model), endpoints=endpoints, loop=loop)
        if not app.ctx.agent.is_ready():
            refuse("模型载入失败（见上面的日志）。请运行 nlu/.venv/bin/python nlu/train.py --force")

    async def close(app: Any, loop: Any) -> None:
        await endpoints.action.close()

    app.register_listener(load, "before_server_start")
    app.register_listener(close, "after_server_stop")
    return app


def main() -> None:
    try:
        port, timeout_s = settings()
        model = pinned_model()
    except ValueError as wrong:
        refuse(str(wrong))
    os.chdir(HERE)
    from components import light_rasa

    light_rasa.prepare()
    application(model, port, timeout_s).run(host="127.0.0.1", port=port, workers=1, access_log=False, debug=False)


if __name__ == "__main__":
    main()
