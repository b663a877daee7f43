"""results.json: a report, lossless and versioned; and the collector that makes one from judgements.

`docs/results.md` describes the file, `docs/schemas/results.json` is its JSON Schema.
"""

from conformance.results.collector import Collector, api_facts, facts
from conformance.results.evidence import More, evidence, nothing_more, sample, spec_excerpt
from conformance.results.file import FORMAT, occurrence, parse, read, recognizes, text, to_json, write

__all__ = [
    "FORMAT",
    "Collector",
    "More",
    "api_facts",
    "evidence",
    "facts",
    "nothing_more",
    "occurrence",
    "parse",
    "read",
    "recognizes",
    "sample",
    "spec_excerpt",
    "text",
    "to_json",
    "write",
]
