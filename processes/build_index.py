"""Builds what the policy index keeps on disk; prints `PROGRESS <0..100> <words>`. A second run only reads it."""

from config.settings import PROJECT, Settings
from knowledge.encoder import load_encoder
from knowledge.index import Index
from knowledge.library import load_library


def main() -> None:
    """Build or load the index once."""
    settings = Settings()

    def say(words: str, share: float) -> None:
        print(f"PROGRESS {share * 100:.0f} {words}", flush=True)

    Index(load_library(PROJECT / "knowledge"), load_encoder(settings.encoder_dir), settings.data_dir / "index", progress=say)
    print("PROGRESS 100 政策索引已就绪", flush=True)


if __name__ == "__main__":
    main()
