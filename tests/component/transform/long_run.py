"""A run that outlives its token: writes and reads, waits for a line that the first token has ended, does it again."""

import sys

from transform.engine import Engine
from transform.settings import LakeSettings


def main() -> None:
    engine = Engine(LakeSettings.load(), token_check_s=0.05)
    connection = engine.config().connection.create_engine_adapter().cursor
    engine.opened(connection)
    connection.execute("SET s3_uploader_max_filesize = '50GB'")  # parts of 5 MB, the least there is: several here
    for table in ("before", "after"):
        connection.execute(f"CREATE TABLE lake.main.{table} AS SELECT hash(range) AS number FROM range(1500000)")
        print(connection.execute(f"SELECT COUNT(DISTINCT number) FROM lake.main.{table}").fetchone(), flush=True)
        sys.stdin.readline()
    engine.closing()


if __name__ == "__main__":
    main()
