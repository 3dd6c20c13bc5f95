"""Online backup and restore of the embedded default: database snapshot, keys and photos in one archive with checksums."""

import hashlib
import json
import sqlite3
import tarfile
import tempfile
from pathlib import Path

from rich.console import Console
from sqlalchemy.engine import make_url

from config.refusal import Refused
from config.settings import Settings

KEPT = ("person.key", "action.token", "session.key")


def _database_file(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise Refused("linda backup 只备份内置的 SQLite", "PostgreSQL 请用 pg_basebackup 与 WAL 归档，并另存数据目录里的 person.key")
    return Path(url.database)


def backup(settings: Settings, out: Console, file: Path) -> None:
    """Snapshot while running (SQLite's own backup API), then pack. The archive holds personal data keys: keep it safe."""
    source = _database_file(settings)
    if not source.exists():
        raise Refused("还没有数据库", "先 make run 一次")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "linda.db"
        live, target = sqlite3.connect(source), sqlite3.connect(copy)
        with target:
            live.backup(target)
        live.close()
        target.close()
        members = {"linda.db": copy}
        members |= {name: settings.data_dir / name for name in KEPT if (settings.data_dir / name).exists()}
        members |= {f"attachments/{p.name}": p for p in sorted((settings.data_dir / "attachments").glob("*")) if p.is_file()}
        sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in members.items()}
        listing = Path(folder) / "checksums.json"
        listing.write_text(json.dumps(sums, indent=1), encoding="utf-8")
        with tarfile.open(file, "w:gz") as archive:
            archive.add(listing, "checksums.json")
            for name, path in members.items():
                archive.add(path, name)
    file.chmod(0o600)
    out.print(f"已备份 {len(sums)} 个文件到 {file}")


def restore(settings: Settings, out: Console, file: Path) -> None:
    """Unpack into an empty data directory; every checksum and the database's integrity are verified before anything is moved."""
    target = _database_file(settings)
    if target.exists():
        raise Refused(f"{target} 已经存在", "把 LINDA_DATA_DIR 指到一个空目录再恢复")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        try:
            with tarfile.open(file) as archive:
                archive.extractall(folder, filter="data")
            sums = json.loads((Path(folder) / "checksums.json").read_text(encoding="utf-8"))
            broken = [n for n, s in sums.items() if hashlib.sha256((Path(folder) / n).read_bytes()).hexdigest() != s]
        except (OSError, tarfile.TarError, ValueError, EOFError) as error:
            raise Refused(f"备份文件读不出来：{error}", "换一份备份") from error
        if broken:
            raise Refused(f"备份里有损坏的文件：{broken[0]}", "换一份备份")
        checked = sqlite3.connect(Path(folder) / "linda.db")
        if checked.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise Refused("备份里的数据库不完整", "换一份备份")
        checked.close()
        for name in sums:
            place = target if name == "linda.db" else settings.data_dir / name
            place.parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).rename(place)
    out.print(f"已恢复 {len(sums)} 个文件到 {settings.data_dir}")
