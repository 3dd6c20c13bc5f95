"""Rasa without what this project does not use, and without some of its delays. Call `prepare()` before the first `import rasa`.

- TensorFlow stays out of the process: Rasa imports it at start for DIET and TED alone, so its names resolve to empty stand-ins
  (262 instead of 618 MB, 1.75 instead of 3 s to be ready). So do matplotlib (plots of `rasa test`) and skops.
- `RemoteAction` compiles its answer's schema in each call (15 ms): here once. It also turns every failure into an empty HTTP 200:
  here the output channel keeps the failure, and channel.py answers 502.
- Its graph runs node after node (components/straight_runner.py).
"""

import importlib.abc
import importlib.machinery
import logging
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

STUBBED = {"tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "tensorboard", "keras", "skops", "matplotlib"}
ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "RASA_MAX_CACHE_SIZE": "0",  # train.py keeps its own digest of the inputs
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "OMP_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",
    "SENTRY_RELEASE": "linda",  # unset, the library that comes with Rasa asks git
}


class _StandIn(type):
    """A class whose missing attributes are stand-ins too, so that `tf.keras.layers.Layer` can be named and subclassed."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)


def _stand_in(name: str) -> Any:
    return _StandIn(name, (), {"__init__": _refuse, "__class_getitem__": classmethod(lambda cls, _: cls)})


def _refuse(self: Any, *args: Any, **kwargs: Any) -> None:
    # as a decorator (tf.function) a stand-in lets the definition pass; any use would need the real package
    if not (len(args) == 1 and callable(args[0])):
        raise RuntimeError(f"{type(self).__name__} 属于未安装的软件包（见 components/light_rasa.py）")


class _EmptyModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.__dict__[name] = _stand_in(name)
        return self.__dict__[name]


class _EmptyModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds an empty module for every name below STUBBED."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".", maxsplit=1)[0] in STUBBED else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _EmptyModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__version__"] = "0"


def prepare(quiet: bool = True) -> None:
    """Sets Rasa up for this process; a second call does nothing. `quiet` drops Python warnings (of Rasa's old dependencies, mostly)."""
    if any(isinstance(finder, _EmptyModules) for finder in sys.meta_path):
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if quiet:
        logging.captureWarnings(True)
        logging.getLogger("py.warnings").setLevel(logging.ERROR)
    sys.meta_path.insert(0, _EmptyModules())
    from rasa.utils.log_utils import configure_structlog

    from components.action_calls import improve_action_calls
    from components.straight_runner import run_straight

    level = getattr(logging, os.environ.get("LINDA_RASA_LOG", "WARNING").upper(), logging.WARNING)
    logging.getLogger().setLevel(level)
    configure_structlog(level)
    improve_action_calls()
    run_straight()
