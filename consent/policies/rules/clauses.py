"""The clauses of a policy: read them from our Markdown, walk them, give them as JSON, list the words they define."""

from consent.policies.rules.dialect import parse
from consent.policies.rules.glossary import Term, glossary
from consent.policies.rules.tree import Chapter, Clause, Mark, PolicyDocument, to_json, walk
from consent.policies.rules.writing import write

__all__ = ["Chapter", "Clause", "Mark", "PolicyDocument", "Term", "glossary", "parse", "to_json", "walk", "write"]
