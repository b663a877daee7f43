"""The command `audit`: exit codes, evidence, corrections, waivers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from conformance import results
from conformance.checks import every
from conformance.cli import main
from conformance.model.operation import Contract
from conformance.openapi import operations
from conformance.openapi import overlay as overlays
from conformance.openapi.document import load
from conformance.run import audit
from conformance.schemas.verdicts import is_placeholder

DOCUMENT = """\
openapi: 3.1.0   # the version of OpenAPI
info:
  title: Calls
  version: '1'
servers:
  - url: https://api.example.com
security:
  - basic: []
paths:
  # all there is
  /calls/{sid}:
    parameters:
      - name: sid
        in: path
        required: true
        schema: {type: string}
    get:
      operationId: fetchCall
      responses:
        '200':
          description: A call
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Call'
        '404':
          description: No call
          content:
            application/json:
              schema: {type: object, required: [code], properties: {code: {type: integer}}}
        '401':
          description: Who are you?
          content:
            application/json:
              schema: {type: object, required: [code], properties: {code: {type: integer}}}
components:
  securitySchemes:
    basic: {type: http, scheme: basic}
  schemas:
    Call:
      type: object
      required: [sid]
      properties:
        sid:
          type: string
        price:   # what it cost
          type: string
        status:
          type: string
          enum: [queued, done]
"""


def write(path: Path, text: str = DOCUMENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def exchange(body: Any, *, status: int = 200, name: str = "e1") -> dict[str, Any]:
    return {
        "id": name,
        "request": {"method": "GET", "url": f"https://api.example.com/calls/{name}", "headers": {}},
        "response": {
            "status": status,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(body),
        },
    }


def record(path: Path, *exchanges: dict[str, Any]) -> Path:
    return write(path, "".join(json.dumps(each) + "\n" for each in exchanges))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(path: str = "found.ndjson") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def nulls(count: int) -> list[dict[str, Any]]:
    return [exchange({"sid": "1", "price": None, "status": "queued"}, name=f"e{index}") for index in range(count)]


def test_a_sound_document_conforms(tmp_path: Path) -> None:
    done = run(write(tmp_path / "calls.yaml"), "--findings", "found.ndjson")
    assert (done.exit_code, found()) == (0, [])


def test_null_on_the_wire_is_an_error_of_the_document(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(3))
    assert run(document, "--recordings", recording, "--findings", "found.ndjson").exit_code == 1
    (line,) = found()
    assert (line["rule"], line["severity"], line["suspect"]) == ("forbidden-null", "error", "spec")
    assert (line["line"], line["column"]) == (46, 9)
    assert (line["verdict"], line["technique"], line["exchange"]) == ("spec wrong", "evidence", None)
    assert line["evidence"][0]["count"] == 3
    assert [sample["source"] for sample in line["evidence"][0]["samples"]] == ["e0", "e1", "e2"]


def test_a_copy_of_a_recording_counts_once(tmp_path: Path) -> None:
    document = write(tmp_path / "calls.yaml")
    same = record(tmp_path / "a.ndjson", *nulls(1)), record(tmp_path / "b.ndjson", *nulls(1))
    run(document, "--recordings", same[0], "--recordings", same[1], "--findings", "found.ndjson")
    assert found()[0]["evidence"][0]["count"] == 1


def test_one_odd_sample_does_not_condemn_a_document(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(1))
    assert run(document, "--recordings", recording, "--findings", "found.ndjson").exit_code == 0
    assert (found()[0]["severity"], found()[0]["verdict"]) == ("warning", "undecided")


def test_a_misspelt_sample_is_wrong_itself(tmp_path: Path) -> None:
    samples = [exchange({"sid": "1", "status": "quued"}, name=f"e{index}") for index in range(4)]
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *samples)
    assert run(document, "--recordings", recording, "--findings", "found.ndjson").exit_code == 0
    assert (found()[0]["severity"], found()[0]["verdict"]) == ("note", "sample wrong")


def test_an_overlay_holds_what_has_proved_itself(tmp_path: Path) -> None:
    document = write(tmp_path / "specs" / "calls.yaml")
    recording = record(tmp_path / "r.ndjson", *nulls(3))
    target = tmp_path / "specs" / "overlays" / "calls.yaml"
    target.parent.mkdir()
    done = run(document, "--recordings", recording, "--overlay", target)
    assert "calls: 1 correction\n" in done.stderr
    made = yaml.safe_load(target.read_text())
    assert (made["overlay"], made["extends"]) == ("1.1.0", "../calls.yaml")
    assert [action["target"] for action in made["actions"]] == [
        "$.components.schemas.Call.properties.price.type",
        "$.components.schemas.Call.properties.price",
    ]
    assert made["actions"][1]["x-evidence"]["rule"] == "forbidden-null"
    corrected = operations.read(document, contract=Contract.CORRECTED)
    assert corrected[0].corrections == 2
    assert run(document, "--recordings", recording, "--contract", "corrected").exit_code == 0


def test_a_corrected_copy_keeps_every_other_line(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(3))
    run(document, "--recordings", recording, "--apply", "--output", "out")
    before, after = DOCUMENT.splitlines(), Path("out/corrected/calls.yaml").read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [("          type: string", "          type: [string, 'null']")]


def test_a_correction_that_breaks_an_exchange_is_not_offered(tmp_path: Path) -> None:
    """Another description has an enum that conformant samples do not keep."""
    text = DOCUMENT.replace("          enum: [queued, done]\n", "          description: Can be `queued` or `done`.\n")
    document = write(tmp_path / "calls.yaml", text)
    recording = record(tmp_path / "r.ndjson", exchange({"sid": "1", "status": "paused"}))
    assert run(document, "--overlay", "free.yaml", "--select", "values-only-in-text").exit_code == 0
    assert "values-only-in-text" in Path("free.yaml").read_text()
    done = run(document, "--recordings", recording, "--overlay", "held.yaml", "--select", "values-only-in-text")
    assert "No corrections." in done.stderr
    assert not Path("held.yaml").exists()


UPDATE = "    post:\n      operationId: updateCall\n      responses:\n        '200':\n          description: The call\n"
WITH_UPDATE = DOCUMENT.replace("components:\n", UPDATE + "components:\n", 1)


def updates(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
    made = [exchange(body, name=f"e{index}") for index, body in enumerate(bodies)]
    return [each | {"request": each["request"] | {"method": "POST"}} for each in made]


def test_what_a_correction_brings_to_light_is_corrected_too(tmp_path: Path) -> None:
    """An answer gets the schema that its sister has; only then does the schema lack a field."""
    field = "        parent:\n          type: string\n"
    official = WITH_UPDATE.replace("title: Calls", "title: Official").replace(
        "        status:\n", field + "        status:\n"
    )
    document, other = write(tmp_path / "calls.yaml", WITH_UPDATE), write(tmp_path / "official.yaml", official)
    recording = record(tmp_path / "r.ndjson", *updates(*[{"sid": "1", "parent": "2"}] * 3))
    run(document, "--recordings", recording, "--against", other, "--overlay", "fix.yaml")
    actions = yaml.safe_load(Path("fix.yaml").read_text())["actions"]
    assert [action["x-evidence"]["rule"] for action in actions] == ["success-without-schema", "field-elsewhere"]


def test_where_no_correction_holds_no_overlay_is_written(tmp_path: Path) -> None:
    """The sister's schema would break an answer that conforms to no schema at all."""
    document = write(tmp_path / "calls.yaml", WITH_UPDATE)
    recording = record(tmp_path / "r.ndjson", *updates({"sid": 1}))
    done = run(document, "--recordings", recording, "--overlay", "fix.yaml", "--apply")
    assert "calls: 0 corrections, 1 tried and not offered:\n  success-without-schema at /paths/" in done.stderr
    assert "it adds wrong-type" in done.stderr
    assert done.stderr.endswith("No corrections.\n")
    assert not Path("fix.yaml").exists()
    assert not Path("reports/corrected").exists()


@pytest.mark.parametrize(("value", "has_pattern"), [("CA0f0f", True), ("CAXXXX", True), ("Robert", False)])
def test_a_placeholder_speaks_against_no_pattern(tmp_path: Path, *, value: str, has_pattern: bool) -> None:
    field = "        parent:\n          type: string\n          pattern: ^CA[0-9a-f]{4}$\n"
    official = DOCUMENT.replace("title: Calls", "title: Official").replace(
        "        status:\n", field + "        status:\n"
    )
    document, other = write(tmp_path / "calls.yaml"), write(tmp_path / "official.yaml", official)
    recording = record(tmp_path / "r.ndjson", exchange({"sid": "1", "parent": value}))
    run(document, "--recordings", recording, "--against", other, "--overlay", "fix.yaml")
    (action,) = yaml.safe_load(Path("fix.yaml").read_text())["actions"]
    assert ("pattern" in action["update"]["parent"]) == has_pattern


def test_several_descriptions_get_a_file_each(tmp_path: Path) -> None:
    recording = record(tmp_path / "r.ndjson", *nulls(3))
    other = DOCUMENT.replace("api.example.com", "other.example.com").replace("price:", "cost:")
    samples = [exchange({"sid": "1", "cost": None}, name=f"o{index}") for index in range(3)]
    for each in samples:
        each["request"]["url"] = each["request"]["url"].replace("api.", "other.")
    more = record(tmp_path / "s.ndjson", *samples)
    specs = write(tmp_path / "specs" / "calls.yaml"), write(tmp_path / "specs" / "others.yaml", other)
    arguments = [*specs, "--recordings", recording, "--recordings", more, "--overlay"]
    run(*arguments, tmp_path / "fix.yaml")
    assert {path.name for path in tmp_path.glob("fix*")} == {"fix.calls.yaml", "fix.others.yaml"}
    (tmp_path / "folder").mkdir()
    run(*arguments, tmp_path / "folder")
    assert {path.name for path in (tmp_path / "folder").iterdir()} == {"calls.yaml", "others.yaml"}
    run(*arguments, tmp_path / "made")
    assert {path.name for path in (tmp_path / "made").iterdir()} == {"calls.yaml", "others.yaml"}


def test_an_overlay_can_be_json(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(3))
    run(document, "--recordings", recording, "--overlay", "fix.json")
    assert json.loads(Path("fix.json").read_text())["extends"] == "calls.yaml"
    assert overlays.apply(load(document), (overlays.read(Path("fix.json")),)).document.data != load(document).data


def test_another_description_is_a_witness_and_another_version_is_not(tmp_path: Path) -> None:
    official = DOCUMENT.replace("title: Calls", "title: Official").replace("[queued, done]", "[queued, done, lost]")
    document, other = write(tmp_path / "calls.yaml"), write(tmp_path / "official.yaml", official)
    run(document, "--against", other, "--findings", "found.ndjson")
    assert [(line["rule"], line["verdict"]) for line in found()] == [("enum-member-elsewhere", "spec wrong")]
    version = write(tmp_path / "version.yaml", official.replace("title: Official", "title: Calls"))
    run(document, "--against", version, "--findings", "found.ndjson")
    assert [(line["rule"], line["verdict"]) for line in found()] == [("enum-member-elsewhere", "undecided")]


def test_a_document_against_itself_gives_nothing(tmp_path: Path) -> None:
    document = write(tmp_path / "calls.yaml")
    assert run(document, "--against", document, "--findings", "found.ndjson").exit_code == 0
    assert found() == []


def test_a_waiver_needs_a_reason_and_says_where_it_is_idle(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(3))
    settings = tmp_path / "conformance.toml"
    settings.write_text(
        '[audit-ignore]\n"forbidden-null calls#/components/schemas/Call" = "known"\n"unused-*" = "later"\n'
    )
    done = run(document, "--recordings", recording, "--overlay", "fix.yaml")
    assert done.exit_code == 0
    assert "1 finding is waived by audit-ignore." in done.stderr
    assert "audit-ignore: unused-* waives nothing." in done.stderr
    assert not Path("fix.yaml").exists()
    assert "waives nothing" not in run(document, "--select", "forbidden-null", "--recordings", recording).stderr
    settings.write_text('[audit-ignore]\n"unused-* other" = "of a document that nobody asked about"\n')
    assert "waives nothing" not in run(document).stderr
    settings.write_text('[audit-ignore]\n"forbiden-null" = "misspelt"\n')
    assert "audit-ignore: forbiden-null waives nothing." in run(document).stderr
    settings.write_text('[audit-ignore]\n"forbidden-null" = " "\n')
    assert (run(document).exit_code, "no reason" in run(document).stderr) == (2, True)
    settings.write_text('[audit-ignore]\n"forbidden-null a b c" = "x"\n')
    assert "no rule and place" in run(document).stderr


def test_results_are_lossless_and_the_same_each_time(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(3))
    texts = []
    for name in ("one", "two"):
        run(document, "--recordings", recording, "--output", name, "--report", "json")
        report = results.read(Path(name) / "results.json")
        data = json.loads((Path(name) / "results.json").read_text())
        del data["timing"]
        texts.append(json.dumps(data))
        (finding,) = report.findings()
        assert finding.finding.problem.grounds is not None
        assert finding.finding.problem.grounds.edits
    assert texts[0] == texts[1]


def test_what_cannot_be_audited_is_refused(tmp_path: Path) -> None:
    document = write(tmp_path / "calls.yaml")
    twin = write(tmp_path / "other" / "calls.yaml")
    swagger = write(tmp_path / "old.yaml", "swagger: '2.0'\n")
    nothing = write(tmp_path / "list.yaml", "- 1\n")
    for arguments, told in (
        ([tmp_path / "nowhere.yaml"], "no such file"),
        ([swagger], "expected an OpenAPI 3.0 or 3.1 document"),
        ([nothing], "expected an OpenAPI 3.0 or 3.1 document"),
        ([document, twin], "has the same name"),
        ([document, "--recordings", tmp_path / "nowhere"], "no such file"),
        ([document, "--against", tmp_path / "nowhere"], "no such file"),
        ([document, "--select", "undocumented-status"], "names no check"),
        ([document, "--ignore", "*"], "no audit check was chosen"),
        ([document, "--select", "no-such-rule"], "names no check"),
        ([document, "--apply", "--contract", "corrected"], "only documents as written"),
    ):
        done = run(*arguments)
        assert (done.exit_code, told in done.stderr) == (2, True), (arguments, done.stderr)


def test_a_broken_document_is_audited_unless_traffic_has_to_be_matched(tmp_path: Path) -> None:
    broken = write(tmp_path / "calls.yaml", DOCUMENT.replace("schemas/Call'", "schemas/Nothing'"))
    assert run(broken, "--findings", "found.ndjson").exit_code == 1
    assert "dangling-reference" in {line["rule"] for line in found()}


def test_a_check_that_crashes_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def plan(_: object) -> None:
        raise ZeroDivisionError

    broken = replace(next(check for check in every() if check.id == "unused-tag"), plan=plan)
    monkeypatch.setattr(audit, "chosen_checks", lambda _settings, *, audits: (broken,) if audits else ())
    done = run(write(tmp_path / "calls.yaml"), "--report", "terminal,sarif")
    assert (done.exit_code, "crashed: unused-tag: calls: ZeroDivisionError" in done.stdout) == (1, True)
    (made,) = json.loads(Path("reports/report.sarif").read_text())["runs"]
    assert made["invocations"][0]["executionSuccessful"] is False


def test_findings_are_told_by_rule(tmp_path: Path) -> None:
    text = DOCUMENT.replace("enum: [queued, done]", "description: teh status, at most 20 characters.")
    for number in range(6):
        field = f"        s{number}:\n          type: string\n"
        text += f"{field}          description: At most 20 characters, please {number}.\n"
    document = write(tmp_path / "calls.yaml", text)
    done = run(document)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("warning: limit-only-in-text (7): ")
    assert lines[1].startswith("    calls.yaml:48:9 Call.status: the text says ")
    assert lines[6] == "    … and 2 more: -v shows them"
    assert lines[7].startswith("note: misspelt-text (1): ")
    assert lines[8].startswith("-v shows where the notes are")
    whole = run(document, "-v").stdout
    assert "    calls.yaml:50:11 Call.status: 'teh', 'the' is meant" in whole
    assert "        at /components/schemas/Call/properties/status\n        evidence: the text (" in whole
    assert "        correction: status: maxLength 20, as the text says." in whole
    assert "        >         status:" in whole


def test_accepted_findings_are_told_on_demand(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(3))
    run(document, "--recordings", recording, "--report", "json")
    accepting = ["baseline", "reports/results.json", "--to", "known.toml"]
    CliRunner().invoke(main, accepting, catch_exceptions=False)
    arguments = [document, "--recordings", recording, "--baseline", "known.toml"]
    assert "forbidden-null" not in run(*arguments).stdout
    whole = run(*arguments, "-v")
    assert (whole.exit_code, "forbidden-null (1): " in whole.stdout) == (0, True)
    assert "        accepted: " in whole.stdout


def test_overlays_are_not_written_where_they_cannot_be(tmp_path: Path) -> None:
    document, recording = write(tmp_path / "calls.yaml"), record(tmp_path / "r.ndjson", *nulls(3))
    write(tmp_path / "file", "")
    done = run(document, "--recordings", recording, "--overlay", tmp_path / "file" / "fix.yaml")
    assert (done.exit_code, "--overlay" in done.stderr) == (2, True)


SHARED = Path(__file__).parents[3] / "shared"
CORRECTED = {"twilio_voice", "twilio_messaging"}
WIRE = {
    "forbidden-null",
    "needless-requirement",
    "too-tight-limit",
    "unlisted-enum-member",
    "unlisted-status",
    "wrong-format",
    "wrong-type",
}
SPECS = Path(__file__).parents[2] / "specs"
WITNESSES = ("--recordings", SHARED / "recordings" / "five_apis.ndjson", "--against", SHARED / "official")


needs_samples = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the public samples and the official descriptions are not here"
)
WRONG_SAMPLES = {
    ("missing-request-body", ""),  # recorded without the form that was sent
    ("duplicate-json-key", ""),
    ("unknown-path", ""),
    ("undocumented-status", ""),  # a queue made with 200, where the other twelve creations answer 201
    ("type-mismatch", "/num_segments"),  # 1, where 29 others are "1"
    ("type-mismatch", "/current_size"),  # null, where 14 others are numbers
    ("type-mismatch", "/average_wait_time"),
}
"""What remains of voice and messaging, placeholders apart: rule and field."""


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the descriptions with the overlays that the samples and the official descriptions speak for."""
    folder = tmp_path_factory.mktemp("corrected") / "specs"
    (folder / "overlays").mkdir(parents=True)
    for path in SPECS.glob("twilio_*.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    run(folder, *WITNESSES, "--overlay", folder / "overlays", "--output", folder.parent / "reports")
    return folder


@needs_samples
def test_routes_and_proxy_need_no_correction(corrected: Path) -> None:
    made = {path.stem for path in (corrected / "overlays").iterdir()}
    assert made > CORRECTED
    assert not {"twilio_routes_v2", "twilio_proxy_v1"} & made
    for path in (corrected / "overlays").iterdir():
        (document,) = corrected.glob(f"{path.stem}.*")
        overlays.apply(load(document), (overlays.read(path),))


@needs_samples
def test_corrected_copies_say_what_the_overlays_say(corrected: Path, tmp_path: Path) -> None:
    run(*sorted(corrected.glob("twilio_*")), *WITNESSES, "--apply", "--output", tmp_path)
    copies = sorted(tmp_path.joinpath("corrected").iterdir())
    assert {path.stem for path in copies} == {path.stem for path in (corrected / "overlays").iterdir()}
    for copy in copies:
        overlay = overlays.read(corrected / "overlays" / f"{copy.stem}.yaml")
        applied = overlays.apply(load(corrected / copy.name), (overlay,)).document
        assert load(copy).data == applied.data


@needs_samples
def test_the_proposed_corrections_leave_only_wrong_samples(corrected: Path) -> None:
    """What voice and messaging still disagree with after the corrections are samples that are wrong themselves."""
    run(corrected, *WITNESSES, "--contract", "corrected", "--findings", "after.ndjson")
    left = [line for line in found("after.ndjson") if line["rule"] in WIRE and Path(line["spec"]).stem in CORRECTED]
    assert left
    assert {line["verdict"] for line in left} == {"sample wrong"}


@needs_samples
def test_the_samples_that_still_disagree_are_wrong_themselves(corrected: Path) -> None:
    """The same by the other way round: what `check` says of the samples under the corrected contract."""
    arguments = ["check", WITNESSES[1], "--specs", corrected, "--findings", "left.ndjson"]
    answers = {}
    left: list[dict[str, Any]] = []
    for contract in ("as-written", "corrected"):
        CliRunner().invoke(main, [*map(str, arguments), "--contract", contract], catch_exceptions=False)
        errors = [line for line in found("left.ndjson") if line["severity"] == "error"]
        left = [each for each in errors if Path(each["spec"]).stem in CORRECTED and not is_placeholder(each["actual"])]
        answers[contract] = {line["exchange"] for line in left if line["side"] == "response"}
    assert {(line["rule"], line["instance_pointer"]) for line in left} <= WRONG_SAMPLES
    assert answers["corrected"] <= answers["as-written"]
    assert len(answers["corrected"]) < len(answers["as-written"]) / 20
