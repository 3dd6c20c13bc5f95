from types import SimpleNamespace
from typing import Any

import pytest
from rasa.engine.graph import GraphSchema, SchemaNode

from components.straight_runner import StraightRunner


def node(**needs: str) -> SchemaNode:
    return SchemaNode(needs=needs, uses=object, constructor_name="", fn="", config={})


def runner(nodes: dict[str, SchemaNode], called: list[str]) -> StraightRunner:
    def run(name: str) -> Any:
        def call(*inputs: tuple[str, Any]) -> tuple[str, Any]:
            called.append(name)
            return name, f"{name}({','.join(value for _, value in inputs)})"

        return call

    made = StraightRunner.__new__(StraightRunner)
    made._graph_schema, made._orders = GraphSchema(nodes), {}
    made._instantiated_nodes = {name: run(name) for name in nodes}
    made._execution_context = SimpleNamespace()
    return made


NODES = {"c": node(x="a", y="b"), "b": node(x="a"), "a": node(x="__message__"), "apart": node(x="__message__")}


def test_each_node_runs_once_after_what_it_needs() -> None:
    called: list[str] = []
    assert runner(NODES, called).run({"__message__": "m"}, ["c"]) == {"c": "c(a(m),b(a(m)))"}
    assert called == ["a", "b", "c"]


def test_only_what_the_targets_need_is_run_and_an_input_may_be_a_target() -> None:
    called: list[str] = []
    assert runner(NODES, called).run({"__message__": "m"}, ["apart", "__message__"]) == {"apart": "apart(m)", "__message__": "m"}
    assert called == ["apart"]


def test_a_failing_node_is_heard() -> None:
    broken = runner(NODES, [])
    broken._instantiated_nodes["b"] = lambda *_: (_ for _ in ()).throw(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        broken.run({"__message__": "m"}, ["c"])
