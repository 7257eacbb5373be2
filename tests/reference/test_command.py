"""`ringfence docs` writes every page, without a database."""

from ringfence.app import OPERATIONS
from ringfence.cli import main


def test_it_writes_a_page_for_each_tag_and_an_index(tmp_path, capsys):
    folder = tmp_path / "made" / "reference"
    assert main.run(["docs", str(folder)]) == 0
    tags = {operation.tag for operation in OPERATIONS}
    assert {path.name for path in folder.iterdir()} == {f"{tag}.md" for tag in tags} | {"index.md"}
    assert capsys.readouterr().out.splitlines()[0] == str(folder / "index.md")


def test_a_folder_that_cannot_be_made_is_a_mistake_that_names_the_fix(tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("")
    assert main.run(["docs", str(taken)]) == main.OPERATOR_ERROR
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"ringfence: cannot write to {taken}: File exists; name a writable directory"
