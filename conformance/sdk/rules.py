"""What can be wrong with an SDK: the rules, by the side of the conversation that they look at."""

from __future__ import annotations

from enum import Enum
from typing import Final

from conformance.model.rule import Severity
from conformance.model.value import Value


class SdkSide(Enum):
    """A side of the conversation, each with a verdict of its own."""

    REACH = "reach"
    """Host, path and method."""
    REQUEST = "request"
    """What is sent for the arguments that are given."""
    RESPONSE = "response"
    """What a call returns for the fields that come back."""
    FAILURE = "failure"
    """What happens when something goes wrong, and how pages end."""


class SdkRule(Value, frozen=True, kw_only=True):
    """One thing that can be wrong."""

    id: str
    side: SdkSide
    severity: Severity
    title: str
    why: str

    @property
    def explanation(self) -> str:
        """Everything there is to say, as text."""
        head = f"{self.id} ({self.severity.value}, side: {self.side.value})"
        return f"{head}\n\n{self.title}\n{self.why}\n\n`conformance sdk` looks for it; see docs/sdk.md."


_NOTE, _WARNING, _ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR


def _rules() -> tuple[SdkRule, ...]:
    def rule(side: SdkSide, severity: Severity, name: str, title: str, why: str) -> SdkRule:
        return SdkRule(id=name, side=side, severity=severity, title=title, why=why)

    reach, request, response, failure = SdkSide
    return (
        rule(reach, _ERROR, "sdk-other-host", "The call goes to a host that the document does not name.",
             "Whoever follows the document and whoever uses the SDK talk to different servers."),
        rule(reach, _ERROR, "sdk-other-method", "The call uses a method that the document does not have.",
             "A server that follows the document answers 405."),
        rule(reach, _ERROR, "sdk-other-path", "The call goes to a path that the document does not have.",
             "A server that follows the document answers 404."),
        rule(reach, _WARNING, "sdk-unused-server", "No call goes to a server that the document offers.",
             "A document with several servers says that each of them serves the operation."),
        rule(request, _ERROR, "sdk-call-refused", "The call raises before it sends anything.",
             "The operation cannot be used through the SDK with arguments that the document allows."),
        rule(request, _ERROR, "sdk-lost-argument", "An argument that was given is not sent.",
             "The server acts on less than the caller said."),
        rule(request, _ERROR, "sdk-changed-argument", "An argument is sent with another value.",
             "The server acts on something else than the caller said."),
        rule(request, _WARNING, "sdk-unasked-field", "A body has a field that nobody asked for.",
             "A strict server refuses it, a lenient one ignores it."),
        rule(request, _WARNING, "sdk-missing-argument", "No argument becomes a parameter that the document has.",
             "What the document offers cannot be said through the SDK."),
        rule(request, _NOTE, "sdk-undocumented-argument", "An argument becomes a parameter that the document lacks.",
             "The SDK knows more than the document: one of them is behind."),
        rule(request, _WARNING, "sdk-stricter-argument", "The SDK requires what the document leaves optional.",
             "A request that the document allows cannot be made."),
        rule(request, _ERROR, "sdk-mislabelled-body", "The body is JSON under the Content-Type of a form.",
             "A server decodes by the header, and finds no field in such bytes."),
        rule(request, _NOTE, "sdk-oversized-page", "A page size beyond the documented maximum is sent as it is.",
             "The server refuses it (20007) or silently gives less."),
        rule(response, _ERROR, "sdk-answer-raises", "The call raises on an answer that the document allows.",
             "The request was done, yet the caller hears of a failure."),
        rule(response, _WARNING, "sdk-intolerance", "An answer that an API may grow into is not read.",
             "New fields, members and date styles should not break old clients."),
        rule(response, _ERROR, "sdk-lost-field", "A field of the answer does not come out.",
             "What the server said cannot be read."),
        rule(response, _ERROR, "sdk-changed-field", "A field comes out with another value.",
             "The caller acts on something else than the server said."),
        rule(response, _WARNING, "sdk-unsteady-type", "The type of an attribute depends on how a date is written.",
             "Code that works with one valid answer fails with the next."),
        rule(response, _NOTE, "sdk-dropped-unknown-field", "A field that the SDK does not know cannot be read.",
             "What an API adds is out of reach until the next release."),
        rule(response, _NOTE, "sdk-undocumented-attribute", "An attribute comes from a field that the document lacks.",
             "The SDK knows more than the document: one of them is behind."),
        rule(failure, _ERROR, "sdk-swallowed-error", "The call returns although the request failed.",
             "The caller takes a failure for a success."),
        rule(failure, _ERROR, "sdk-error-without-status", "The exception does not carry the HTTP status.",
             "Callers cannot tell a wrong request from a server in trouble."),
        rule(failure, _WARNING, "sdk-error-without-code", "The exception does not carry the code of the body.",
             "The code is what the documentation of errors is indexed by."),
        rule(failure, _WARNING, "sdk-error-without-message", "The exception does not carry the message of the body.",
             "The message is what tells the reader what to change."),
        rule(failure, _ERROR, "sdk-repeated-post", "A request that is not idempotent is sent again.",
             "There is no idempotency key: the second request may place a second call."),
        rule(failure, _ERROR, "sdk-ignored-timeout", "The time-out that was set does not hold.",
             "A server that hangs takes its callers with it."),
        rule(failure, _ERROR, "sdk-ignored-proxy", "The proxy that was set is not used.",
             "Traffic leaves by a way that was meant to be closed."),
        rule(failure, _WARNING, "sdk-ignored-retries", "The retries that were set do not happen.",
             "A 429 was never processed and is safe to repeat."),
        rule(failure, _WARNING, "sdk-endless-paging", "A page that links to itself is read again and again.",
             "One wrong link keeps a client busy for ever."),
        rule(failure, _ERROR, "sdk-leaked-credentials", "Credentials follow a page link to another host.",
             "Whoever can set a link in an answer learns the credentials."),
        rule(failure, _ERROR, "sdk-short-paging", "Records of a later page do not come out.",
             "The caller takes a part for the whole."),
    )  # fmt: skip


def table() -> str:
    """Give every rule as a row of a Markdown table, for docs/sdk.md."""
    rows = [f"| `{each.id}` | {each.side.value} | {each.severity.value} | {each.title} |" for each in RULES.values()]
    return "\n".join(["| rule | side | severity | what is wrong |", "|---|---|---|---|", *rows])


HABITS: Final = frozenset({
    "sdk-oversized-page", "sdk-intolerance", "sdk-unsteady-type", "sdk-dropped-unknown-field",
})  # fmt: skip
"""Rules outside the failure side that no description decides: where all SDKs do the same, it is not at fault."""
RULES: Final[dict[str, SdkRule]] = {rule.id: rule for rule in _rules()}
"""Every rule by its id."""
