from pathlib import Path

import pytest

from ringfence.errors import OperatorError
from ringfence.provisioning.load import load_files
from ringfence.provisioning.options import LoadOptions


@pytest.fixture
def load(database, tmp_path: Path):
    """Return a function that loads texts, each as a file, and returns the report."""

    async def run(*texts: str, **options):
        paths = []
        for index, text in enumerate(texts):
            path = tmp_path / f"{index}.yaml"
            path.write_text(text)
            paths.append(path)
        return await load_files(database, paths, LoadOptions(**options))

    return run


@pytest.fixture
def problems(load):
    """Return a function that loads texts with problems and returns these, line by line."""

    async def run(*texts: str, **options) -> list[str]:
        with pytest.raises(OperatorError) as caught:
            await load(*texts, **options)
        return str(caught.value).splitlines()

    return run


@pytest.fixture
def query(database):
    """Return a function that runs a statement and returns its rows."""

    async def run(statement: str, *values):
        async with database.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    return run
