"""`linda plans import|list|end` on both databases: what it shows, what it keeps, and one line with a remedy when it will not."""

from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from config.refusal import Refused
from processes.cli import app
from storage.database import Database
from storage.plan_rows import ImportedPlanRow, PlanEndRow
from tests.unit.knowledge.import_files import NOTICE, notice_docx


@pytest.fixture
def runner(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("LINDA_DATABASE_URL", database_url)
    monkeypatch.setenv("LINDA_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("processes.cli.out", Console(width=200))
    return CliRunner()


def test_a_file_is_shown_kept_listed_and_a_plan_ended(runner: CliRunner, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "通知.docx"
    file.write_bytes(notice_docx())
    shown = runner.invoke(app, ["plans", "import", str(file)], catch_exceptions=False)
    assert shown.exit_code == 0
    for words in ("包东政办发〔2026〕41号", "2028-09-30", "东河区", "拼起来与原文一致", ">=", "80", "还不用来回答"):
        assert words in shown.output
    assert "/console/plans/drafts/donghe-2026" in shown.output
    assert runner.invoke(app, ["plans", "end", "donghe-2025", "--on", "2026-12-31"], catch_exceptions=False).exit_code == 0
    listed = runner.invoke(app, ["plans", "list"], catch_exceptions=False).output
    assert "待确认" in listed
    assert "2026-12-31" in listed
    database = Database(database_url)
    with database.read() as session:
        assert session.get(ImportedPlanRow, "donghe-2026").state == "draft"  # type: ignore[union-attr]
        assert session.get(PlanEndRow, "donghe-2025").set_by == "cli"  # type: ignore[union-attr]
    database.close()


def test_what_it_will_not_do_is_refused(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "通知.txt"
    file.write_text(NOTICE, encoding="utf-8")
    wrong = (["import", "nowhere.txt"], ["import", str(file), "--id", "不行"], ["import", str(file), "--kind", "novel"])
    for arguments in (*wrong, ["end", "donghe-2025", "--on", "soon"], ["end", "nothing", "--on", "2026-12-31"]):
        refused = runner.invoke(app, ["plans", *arguments]).exception
        assert isinstance(refused, Refused), arguments
        assert refused.remedy
