"""Laws of audits: what does not concern a finding does not change its identity, and nothing is random."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import checks
from conformance.checks.auditor import Audit, audit
from conformance.model.audit import Edit
from conformance.model.rule import Check, Subject
from conformance.openapi.document import Document, load, parse
from conformance.openapi.edits import Inapplicable, edited
from conformance.openapi.survey import Survey
from conformance.run.suite import compiler
from conformance.schemas.audited import Audited

SPECS = sorted(Path(__file__).parents[2].joinpath("specs").glob("twilio_*"))


@cache
def audits() -> tuple[Check, ...]:
    return tuple(check for check in checks.every() if check.subject is Subject.SPEC)


def findings(document: Document) -> Audit:
    survey = Survey(document)
    found = audit(Audited(survey=survey, crowd=(survey,), compiler=compiler()), checks=audits())
    assert not found.crashed
    return found


@cache
def known(path: Path) -> tuple[Document, Audit]:
    document = load(path)
    return document, findings(document)


def shuffled(node: Any, chance: random.Random) -> Any:
    """The same document with the members of its objects in another order; lists mean what they are."""
    if isinstance(node, dict):
        names = list(node)
        chance.shuffle(names)
        return {name: shuffled(node[name], chance) for name in names}
    return [shuffled(item, chance) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_same_document_gives_the_same_findings(path: Path) -> None:
    document, found = known(path)
    assert findings(document).findings == found.findings
    assert len({finding.fingerprint for finding in found.findings}) == len(found.findings)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_members_changes_no_identity(path: Path, seed: int) -> None:
    document, found = known(path)
    text = json.dumps(shuffled(document.data, random.Random(seed))).encode()
    other = findings(parse(text, path=document.path))
    assert {each.fingerprint for each in other.findings} == {each.fingerprint for each in found.findings}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_an_unrelated_edit_changes_no_identity(path: Path) -> None:
    document, found = known(path)
    unrelated = {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}}
    data = edited(document, [Edit(pointer="/components/schemas/AUnrelated", value=unrelated)]).data
    data["paths"] = {
        "/a-unrelated": {
            "parameters": [{"name": "X-A", "in": "header", "schema": {"type": "string"}}],
            "get": {
                "operationId": next(iter(_operations(data)))["operationId"] + "A",
                "security": [],
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AUnrelated"}}},
                    }
                },
            },
        },
        **data["paths"],
    }
    other = findings(parse(json.dumps(data).encode(), path=document.path))
    lost = {each.fingerprint: each for each in found.findings if each.fingerprint not in _names(other)}
    assert not lost, [(each.rule_id, each.problem.spec_pointer) for each in lost.values()]


def _operations(data: Any) -> list[dict[str, Any]]:
    return [item[method] for item in data["paths"].values() for method in ("get", "post") if method in item]


def _names(found: Audit) -> set[str]:
    return {each.fingerprint for each in found.findings}


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=3)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_rule_crashes_on_a_broken_document(data: st.DataObject) -> None:
    document, _ = known(data.draw(st.sampled_from(SPECS[:1] + SPECS[3:])))
    survey = Survey(document)
    node = data.draw(st.sampled_from(survey.nodes[1:]))
    names = sorted(node.value) if isinstance(node.value, dict) else []
    pointer = (
        f"{node.pointer}/{data.draw(st.sampled_from(names)).replace('~', '~0').replace('/', '~1')}"
        if names
        else node.pointer
    )
    broken = edited(document, [Edit(pointer=pointer, value=data.draw(VALUES))])
    findings(Document(path="broken", text=json.dumps(broken.data).encode(), data=broken.data, is_json=True))


def test_edits_that_lead_nowhere_are_refused() -> None:
    document, _ = known(SPECS[0])
    with pytest.raises(Inapplicable):
        edited(document, [Edit(pointer="/components/nothing/here", value=1)])
