"""`make fit-spots`: learn the network that hears spots (spot_tagger.npz) from sentences with their spots marked.

Needs PyTorch, which nothing else does (the make target puts it into .tools/fit). Files: rows {text, place: {spot}} or incidents
{estate, incidents: [{reports: [{text, spot}]}]}. First it learns without the authors of --validate and prints their figures at several
leans; then from everybody, and writes the weights.
"""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu

from config.settings import PROJECT
from config.yaml_text import read_yaml
from knowledge.encoder import Encoder
from understanding.places import find_place
from understanding.spot_tagger import BEGIN, INSIDE, MARKS, Layers, SpotTagger, marks_of, tokens_of
from understanding.spots import trimmed
from understanding.text_gate import clean

WIDTH, REACH, STATES = 128, 3, 512
ROUNDS, BATCH, PACE, DROPPED = 12, 32, 2e-3, 0.3
UNNAMED = frozenset({"电梯"})  # a thing without which one: some authors marked it, most did not
LEANS = (0.0, 1.0, 1.5, 2.0)
Row = tuple[str, str | None, str | None]  # text, its spot, what the grammar hears
Example = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]  # states, marks, tags


class Network(nn.Module):  # type: ignore[misc]  # PyTorch is not installed where types are checked
    """What Layers computes, with dropout, for learning."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(STATES + MARKS, WIDTH)
        self.near = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, REACH, padding=REACH // 2) for _ in range(2))
        self.last, self.drop = nn.Linear(WIDTH, 3), nn.Dropout(DROPPED)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(batch, tokens, STATES + MARKS) to scores (batch, tokens, 3)."""
        seen = gelu(self.first(self.drop(rows)), approximate="tanh")
        for near in self.near:
            seen = seen + gelu(near(self.drop(seen).transpose(1, 2)).transpose(1, 2), approximate="tanh")
        found: torch.Tensor = self.last(self.drop(seen))
        return found

    def layers(self) -> Layers:
        """The weights as the product reads them."""
        named = {"first": self.first.weight.T, "first_bias": self.first.bias, "last": self.last.weight.T, "last_bias": self.last.bias}
        for at, near in enumerate(self.near):
            named |= {f"near{at}": near.weight.permute(2, 1, 0), f"near{at}_bias": near.bias}
        return Layers({name: weights.detach().numpy().astype(np.float32) for name, weights in named.items()})


def read_rows(file: Path) -> list[Row]:
    """The sentences of a file with a spot or surely without one."""
    found: list[Row] = []
    for text, spot in _marked(read_yaml(file.read_text(encoding="utf-8"))):
        said, meant = clean(text), clean(spot) if spot and spot not in UNNAMED else None
        if meant is None or meant in said:
            found.append((said, meant, find_place(said).spot))
    return found


def _marked(data: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str | None]]:
    for entry in data:
        if "incidents" in entry:
            yield from ((str(r["text"]), r.get("spot")) for incident in entry["incidents"] for r in incident["reports"])
        elif "place" in entry:
            yield str(entry["text"]), (entry["place"] or {}).get("spot")


def example(row: Row, encoder: Encoder) -> Example:
    """A sentence as the network sees it."""
    text, spot, grammar = row
    tokens = encoder.tokens(text)
    tags = np.zeros(len(tokens.spans), dtype=np.int64)
    if spot:
        within = tokens_of(spot, text, tokens.spans)
        tags[within[:1]], tags[within[1:]] = BEGIN, INSIDE
    return tokens.states, marks_of(text, grammar, tokens.spans), tags


def learn(examples: Sequence[Example]) -> Network:
    """A network from these; the same ones give the same network."""
    torch.manual_seed(0)
    rng, network, ordered = random.Random(0), Network(), list(examples)
    steps = ROUNDS * -(-len(ordered) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), PACE, weight_decay=0.02)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, PACE, total_steps=steps)
    for number in range(ROUNDS):
        rng.shuffle(ordered)
        lost = 0.0
        for at in range(0, len(ordered), BATCH):
            rows, tags = _batch(ordered[at : at + BATCH])
            loss = cross_entropy(network(rows).flatten(0, 1), tags.flatten(), ignore_index=-100)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            pace.step()
            lost += float(loss.detach()) * len(tags)
        print(f"  {number + 1}/{ROUNDS}: {lost / len(ordered):.4f}", flush=True)
    network.eval()
    return network


def _batch(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(tags) for _, _, tags in examples)
    rows, goals = torch.zeros(len(examples), longest, STATES + MARKS), torch.full((len(examples), longest), -100)
    for at, (states, marks, tags) in enumerate(examples):
        rows[at, : len(tags)] = torch.from_numpy(np.hstack([states, marks]))
        goals[at, : len(tags)] = torch.from_numpy(tags)
    return rows, goals


def figures(rows: Sequence[Row], hear: Any) -> str:
    """Of the spots told, how many are heard (one holds the other) and how many to the letter; of sentences without, how many stay so."""
    told = [(spot, hear(text, grammar)) for text, spot, grammar in rows if spot]
    quiet = [hear(text, grammar) is None for text, spot, grammar in rows if not spot]
    near = sum(bool(heard) and (heard in spot or spot in heard) for spot, heard in told)
    exact = sum(heard == trimmed(spot) for spot, heard in told)
    shares = f"部位 {near / max(len(told), 1):.3f}（原样 {exact / max(len(told), 1):.3f}，{len(told)} 处）"
    return f"{shares}，没说的不乱听 {np.mean(quiet):.3f}（{len(quiet)} 句）"


def main(arguments: Sequence[str]) -> int:
    """Validate, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--validate", nargs="*", type=Path, default=[])
    given = parser.parse_args(arguments)
    encoder = Encoder(PROJECT / "var" / "encoder")
    rows = {file: read_rows(file) for file in given.files}
    seen = {file: [example(row, encoder) for row in told] for file, told in rows.items()}
    if given.validate:
        without = learn([one for file, ones in seen.items() if file not in given.validate for one in ones]).layers()
        for file in given.validate:
            print(f"{file.name}：文法 {figures(rows[file], lambda text, grammar: grammar)}")
            for lean in LEANS:
                print(f"  偏向 {lean}：{figures(rows[file], SpotTagger(encoder, without, lean).hear)}")
    learn([one for ones in seen.values() for one in ones]).layers().save()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
