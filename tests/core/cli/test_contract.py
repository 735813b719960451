"""The commands' contract: exit codes, `--json`, options before or after, refusals that help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli.main import main, split_globals
from core.cli.specs import build, parse_settings
from core.errors import InputError
from core.specs import QuantizeSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.cli.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "work")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    lines = [f"question {n},answer {n % 3}" for n in range(30)]
    file.write_text("text,label\n" + "\n".join(lines) + "\n00123,NA\n")
    return file


def test_global_options_stand_before_or_after_the_command(tmp_path):
    for arguments in (
        ["--json", "--workspace", "W", "models", "list"],
        ["models", "list", "--workspace=W", "--json"],
    ):
        chosen, rest = split_globals(arguments)
        assert (chosen.as_json, chosen.workspace.name, rest) == (True, "W", ["models", "list"])


def test_the_text_of_a_prompt_is_never_taken_for_an_option():
    chosen, rest = split_globals(["chat", "m", "--prompt", "--json"])
    assert not chosen.as_json
    assert rest == ["chat", "m", "--prompt", "--json"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["models"],
        ["models", "show", "nothing"],
        ["models", "add", "/does/not/exist"],
        ["data", "add", "/does/not/exist.csv"],
        ["data", "show", "nothing"],
        ["finetune", "--model", "nothing", "--data", "nothing"],
        ["finetune", "--data", "x"],
        ["prune", "nothing", "--data", "nothing"],
        ["prune", "nothing"],
        ["quantize", "nothing", "--recipe", "int3"],
        ["evaluate", "nothing", "--data", "nothing"],
        ["runs", "show", "nothing"],
        ["runs", "stop", "nothing"],
        ["chat", "nothing"],
        ["--workspace"],
    ],
)
def test_a_wrong_request_is_2_with_one_message_and_no_traceback(capsys, arguments):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert "Do:" in shown.err


@pytest.mark.parametrize("arguments", [["models", "list"], ["data", "list"], ["runs", "list"], ["doctor"]])
def test_json_is_one_document_on_stdout(capsys, arguments):
    main(["--json", *arguments])
    json.loads(capsys.readouterr().out)


def test_a_refusal_is_json_too(capsys):
    assert main(["--json", "models", "show", "nothing"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "model.unknown"
    assert error["fix"]


def test_data_survives_as_written_from_file_to_show(terminal, rows):
    added = terminal.must("data", "add", str(rows), "--name", "rows", "--json")
    assert added.err.splitlines()[0] == "import-data-1", "the run id comes first, on stderr"
    shown = terminal.must("data", "show", "rows", "--rows", "100", "--json").json
    values = [row["values"] for row in shown["rows"]]
    assert {"text": "00123", "label": "NA"} in values
    assert sum(shown["counts"].values()) == 31
    assert len(terminal.must("data", "show", "rows", "--rows", "2", "--json").json["rows"]) == 2


def test_a_taken_name_is_refused_with_2(terminal, rows):
    terminal.must("data", "add", str(rows), "--name", "rows")
    again = terminal.run("data", "add", str(rows), "--name", "rows")
    assert again.code == 2
    assert "already taken" in again.err


def test_a_bad_file_is_refused_with_file_line_reason_and_fix(terminal, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("text,label\na,b\nonly one\n")
    answer = terminal.run("data", "add", str(bad))
    assert answer.code == 2
    assert "bad.csv, line 3" in answer.err
    assert "Do:" in answer.err
    assert terminal.must("data", "list", "--json").json == []
    assert terminal.run("data", "check", str(bad)).code == 2


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("", (), "empty"),
        ("text,label\na,b\nc,d\n", ("--map", "user=question"), "question"),
        ("one,two\na,b\nc,d\n", (), "which column is the question"),
    ],
)
def test_what_the_first_rows_say_against_a_file_leaves_no_run(terminal, tmp_path, text, arguments, said):
    bad = tmp_path / "bad.csv"
    bad.write_text(text)
    answer = terminal.run("data", "add", str(bad), *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert terminal.must("runs", "list", "--json").json == []
    checked = terminal.run("data", "check", str(bad), *arguments)
    assert checked.code == 2
    assert checked.out.splitlines()[0].count("bad.csv") == 1, "the file is named once"


def test_removing_asks_nothing_twice_and_keeps_the_file(terminal, rows):
    terminal.must("data", "add", str(rows), "--name", "rows")
    terminal.must("data", "remove", "rows")
    assert rows.exists()
    assert terminal.must("data", "list", "--json").json == []


def test_the_second_to_execute_is_told_so_with_3(tmp_path, rows):
    terminal = Terminal(tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    with workspace.execution_lock():
        answer = terminal.run("data", "add", str(rows))
        assert terminal.run("runs", "list", "--json").json == [], "nothing was queued, and reading works"
    workspace.close()
    assert answer.code == 3
    assert "Do:" in answer.err


def test_an_unknown_setting_names_the_near_one(terminal, capsys, rows):
    terminal.must("data", "add", str(rows), "--name", "rows")
    from core.cli.specs import parse_settings
    from core.errors import InputError
    from core.specs import FinetuneSpec

    with pytest.raises(InputError, match="no setting 'epoch'") as caught:
        parse_settings(["epoch=2"], FinetuneSpec)
    assert "epochs" in caught.value.fix


def test_nothing_after_the_sign_makes_a_setting_empty_that_may_be():
    from core.cli.specs import parse_settings
    from core.specs import FinetuneSpec, GenerateSpec

    assert parse_settings(["early_stopping=", "learning_rate="], FinetuneSpec) == {
        "early_stopping": None,
        "learning_rate": None,
    }
    assert parse_settings(["system="], GenerateSpec) == {"system": ""}
    assert parse_settings(["epochs="], FinetuneSpec) == {"epochs": ""}, "it may not; that is said by `build`"


@pytest.mark.parametrize(
    "setting", ["epochs=-1", "epochs=many", "lora_rank=0", "precision=fp8", "epochs=NaN"]
)
def test_a_setting_out_of_bounds_is_refused_by_name(setting):
    from core.cli.specs import build, parse_settings
    from core.errors import InputError
    from core.specs import FinetuneSpec

    with pytest.raises(InputError, match=setting.split("=")[0]):
        build(FinetuneSpec, {"model": "m", "data": "d", **parse_settings([setting], FinetuneSpec)})


def test_a_typo_in_a_setting_s_choice_names_the_near_one():
    with pytest.raises(InputError) as refused:
        build(QuantizeSpec, {"model": "m", "recipe": "int4_mixed"})
    assert refused.value.fix.startswith("Did you mean int4-mixed? ")


def test_a_setting_given_twice_is_refused_before_one_of_them_goes_without_a_word():
    with pytest.raises(InputError) as refused:
        parse_settings(["max_mb=115", "max_mb=120"], QuantizeSpec)
    assert "max_mb is given twice" in refused.value.what
    assert "`--set max_mb=115`, and once as `--set max_mb=120`" in refused.value.why


def test_a_setting_and_its_own_option_may_not_differ():
    own = {"recipe": ("--recipe", "int8"), "data": ("--data", None)}
    assert parse_settings(["recipe=int8", "data=mails"], QuantizeSpec, own) == {"data": "mails"}
    with pytest.raises(InputError) as refused:
        parse_settings(["recipe=int4"], QuantizeSpec, own)
    assert "`--recipe int8`, and once as `--set recipe=int4`" in refused.value.why


@pytest.mark.parametrize(
    "arguments",
    [
        ["finetune", "--model", "m", "--data", "d", "--method", "lora", "--set", "method=full"],
        ["search", "finetune", "--model", "m", "--data", "d", "--method", "lora", "--set", "method=full"],
        ["quantize", "m", "--recipe", "int8", "--set", "recipe=int4"],
        ["merge", "m", "--weights", "1", "--set", "weights=[2]"],
        ["evaluate", "m", "--data", "d", "--set", "data=e"],
        ["distill", "--teacher", "m", "--student", "n", "--data", "d", "--set", "model=m"],
        ["generate", "--teacher", "m", "--data", "d", "--with-rows", "--set", "with_rows=false"],
        ["export", "m", "--format", "gguf", "--out", "o", "--numbers", "q8_0", "--set", "numbers=f16"],
        ["chat", "m", "--adapter", "a", "--set", "adapter=b"],
        ["data", "inspect", "d", "--set", "data=e"],
        ["data", "augment", "d", "--typos", "0.1", "--set", "typos=0.3"],
    ],
)
def test_every_command_refuses_what_contradicts_its_own_option(tmp_path, capsys, arguments):
    workspace = Workspace(tmp_path)
    for type, name in (("model", "m"), ("model", "n"), ("dataset", "d"), ("dataset", "e")):
        workspace.store.add_artifact(Artifact(f"id-{name}", type, name, "0" * 64, 5, 0.0, "", {}))
        workspace.artifact_folder(f"id-{name}").mkdir(parents=True)
    workspace.close()
    assert main(["--workspace", str(tmp_path), *arguments]) == 2
    assert "is given twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (["quantize", "m", "--recipe", "int4_mixed"], "--recipe cannot be 'int4_mixed'.", "mean int4-mixed?"),
        (["quantize", "m", "--recipe", "zzz"], "--recipe cannot be 'zzz'.", "quantize --help"),
        (["prune", "m", "--data", "d", "--rounds", "99"], "--rounds cannot be '99'.", "prune --help"),
        (["finetun"], "There is no command `slm-workbench finetun`.", "finetune"),
        (["models", "lst"], "There is no command `slm-workbench models lst`.", "models list"),
    ],
)
def test_a_typo_in_a_choice_is_answered_with_the_near_one(capsys, arguments, what, fix):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert what in said
    assert fix in said.splitlines()[-1]
    assert "invalid choice" not in said


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (
            ["compare", "m", "--data", "d", "--set", "limit=60"],
            "compare` does not take --set limit=60",
            "compare --help",
        ),
        (["models", "show", "m", "--all"], "models show` does not take --all", "models show --help"),
        (
            ["quantize", "m", "--recipes=int8"],
            "quantize` does not take --recipes=int8",
            "Did you mean --recipe?",
        ),
    ],
)
def test_what_a_command_does_not_take_points_to_its_own_help(capsys, arguments, what, fix):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert what in said
    assert fix in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["quantize"], "There is no M."),
        (["finetune", "--model", "m"], "There is no --data."),
        (["quantize", "m", "--recipe"], "--recipe needs a value."),
        (["prune", "m", "--data", "d", "--rounds", "x"], "--rounds cannot be 'x': that is no whole number."),
        (["compare", "m", "--data", "d", "--disk-mb", "x"], "--disk-mb cannot be 'x': that is no number."),
    ],
)
def test_a_wrong_argument_is_refused_in_words(capsys, arguments, why):
    assert main(arguments) == 2
    assert f"Why: {why}\n" in capsys.readouterr().err
