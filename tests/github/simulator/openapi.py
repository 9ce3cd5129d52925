"""GitHub's own description of its API: what a request and an answer must look like."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

DATA = Path(__file__).parents[1] / "data"
_MISSING = object()
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
_DEFAULTS: dict[str, Any] = {"integer": 0, "number": 0, "boolean": False, "array": []}
_FORMATS = {"date-time": "2026-01-01T00:00:00Z", "uri": "https://github.example.org/", "date": "2026-01-01"}
# Paths of GitHub's that the description was cut without, each because the gate cannot do without it.
ALSO_ALLOWED = (
    # Asking an App's delivery again; the description has the repository's twin of it.
    r"POST /app/hook/deliveries/[0-9]+/attempts",
    # Where GitHub redirects after a repository was renamed, as PyGithub follows it.
    r"[A-Z]+ /repositories/[0-9]+(/.*)?",
    # The address of an App's webhook.
    r"GET /app/hook/config",
    # Taking one label off; setting all of them at once would take off what a person just put on.
    r"DELETE /repos/[^/]+/[^/]+/issues/[0-9]+/labels/.+",
    # What `github setup` reads of rulesets, where there are any.
    r"GET /repos/[^/]+/[^/]+/(rules/branches/.+|rulesets(/[0-9]+)?)",
)


@dataclass(frozen=True)
class Operation:
    """One method of one path: schemas by status, of the request's body, and of its parameters."""

    id: str
    body: Any
    needs_body: bool
    parameters: dict[str, Any]
    answers: dict[str, Any]


class Description:
    """The OpenAPI description, with what version 3.0 spells in its own way put into JSON Schema's words."""

    def __init__(self, path: Path) -> None:
        self._text = _as_json_schema(json.loads(path.read_text()))
        self._operations = [
            (
                re.compile(f"{method.upper()} {_pattern(template)}"),
                len(re.sub(r"\{.*?\}", "", template)),
                operation,
            )
            for template, operations in self._text["paths"].items()
            for method, operation in operations.items()
            if isinstance(operation, dict) and "responses" in operation
        ]
        self._validators: dict[int, Draft202012Validator] = {}
        self._known: dict[str, Operation] = {}

    def operation(self, method: str, path: str) -> Operation | None:
        asked = f"{method} {path}"
        found = [(fixed, one) for form, fixed, one in self._operations if form.fullmatch(asked)]
        if not found:
            return None
        # The path that says most by itself.
        return self._operation(max(found, key=lambda pair: pair[0])[1])

    def _operation(self, operation: dict[str, Any]) -> Operation:
        known = self._known.get(operation["operationId"])
        if known is None:
            body = operation.get("requestBody", {})
            parameters = [self._resolved(one) for one in operation.get("parameters", ())]
            known = self._known[operation["operationId"]] = Operation(
                operation["operationId"],
                body.get("content", {}).get("application/json", {}).get("schema"),
                bool(body.get("required")),
                {one["name"]: one["schema"] for one in parameters if one["in"] == "query"},
                {status: self._answer(answer) for status, answer in operation["responses"].items()},
            )
        return known

    def faults_of_request(self, operation: Operation, body: Any, parameters: dict[str, str]) -> list[str]:
        """What is wrong with a request's body, and with what follows the question mark."""
        faults = []
        if body is None:
            faults += ["it has no body"] if operation.needs_body else []
        elif operation.body is not None:
            faults += self.faults(operation.body, body)
        for name, text in parameters.items():
            schema = operation.parameters.get(name)
            if schema is None:
                faults.append(f"{name}: no parameter of this path")
            else:
                faults += [f"{name}: {one}" for one in self.faults(schema, _of_text(schema, text))]
        return faults

    def faults_of_answer(self, operation: Operation, status: int, body: Any) -> list[str]:
        """What is wrong with an answer. Refusals that the description leaves out are let pass."""
        schema = operation.answers.get(str(status), _MISSING)
        if schema is _MISSING:
            return [] if status >= 400 else ["a status that GitHub does not answer with"]
        return [] if schema is None or body is None else self.faults(schema, body)

    def faults(self, schema: Any, value: Any) -> list[str]:
        """What is wrong with a value, as one line each."""
        # The schemas are parts of the one description, and live as long as this.
        key = id(schema)
        if key not in self._validators:
            whole = {"allOf": [schema], "components": self._text["components"]}
            self._validators[key] = Draft202012Validator(whole, format_checker=_CHECKER)
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in self._validators[key].iter_errors(value)
        ]

    def filled(self, name: str, given: Any) -> Any:
        """An object of this schema with everything that is required: what is given, and harmless defaults."""
        return self._fill({"$ref": f"#/components/schemas/{name}"}, given)

    def _answer(self, answer: dict[str, Any]) -> Any:
        content: dict[str, Any] = self._resolved(answer).get("content", {})
        return content.get("application/json", {}).get("schema")

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self._text
            for word in schema["$ref"].removeprefix("#/").split("/"):
                found = found[word]
            schema = found
        return schema

    def _fill(self, schema: dict[str, Any], given: Any = _MISSING) -> Any:
        schema = self._resolved(schema)
        if given is _MISSING:
            return self._default(schema)
        if isinstance(given, list) and isinstance(schema.get("items"), dict):
            return [self._fill(schema["items"], one) for one in given]
        if not isinstance(given, dict):
            return given
        return self._fill_object(schema, given)

    def _fill_object(self, schema: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        for way in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(way, ()):
                resolved = self._resolved(part)
                if "properties" in resolved or way == "allOf":
                    given = self._fill_object(resolved, given)
                    if way != "allOf":
                        break
        properties = schema.get("properties", {})
        filled = {
            name: self._fill(properties[name], value) if name in properties else value
            for name, value in given.items()
        }
        for name in schema.get("required", ()):
            if name not in filled:
                filled[name] = self._fill(properties.get(name, {}))
        return filled

    def _default(self, schema: dict[str, Any]) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list) or None in schema.get("enum", ()):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        for way in ("allOf", "anyOf", "oneOf"):
            if way in schema:
                return self._fill(schema[way][0])
        if kind == "object" or "properties" in schema:
            return self._fill_object(schema, {})
        if kind == "string":
            return _FORMATS.get(schema.get("format", ""), "x" * schema.get("minLength", 0))
        return _DEFAULTS.get(str(kind))


def _of_text(schema: dict[str, Any], text: str) -> Any:
    """What stands in an address, as the type that it is meant to be."""
    if schema.get("type") == "integer" and text.lstrip("-").isdigit():
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(_TIME, value))


def _is_address(value: object) -> bool:
    return not isinstance(value, str) or bool(re.match(r"[a-z][a-z0-9+.-]*://?[^ ]", value))


_CHECKER = FormatChecker(formats=())
_CHECKER.checks("date-time")(_is_time)
_CHECKER.checks("uri")(_is_address)


@cache
def description() -> Description:
    return Description(DATA / "rest-openapi-subset.json")


def is_also_allowed(method: str, path: str) -> bool:
    return any(re.fullmatch(form, f"{method} {path}") for form in ALSO_ALLOWED)


def _pattern(template: str) -> str:
    """A path's form. What ends a path may have slashes in it: a branch, a ref, a file."""
    form = re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(template))
    last = template.rsplit("/", 1)[-1]
    whole_rest = last in ("{ref}", "{path}", "{branch}", "{basehead}")
    return form.removesuffix("[^/]+") + ".+" if whole_rest else form


def _as_json_schema(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json_schema(one) for one in value]
    if not isinstance(value, dict):
        return value
    schema = {key: _as_json_schema(one) for key, one in value.items()}
    if schema.pop("nullable", None) is True:
        if isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list):
            schema["enum"] = [*schema["enum"], None]
        for way in ("anyOf", "oneOf"):
            if way in schema:
                schema[way] = [*schema[way], {"type": "null"}]
    return schema
