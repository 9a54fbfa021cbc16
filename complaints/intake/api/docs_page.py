"""The documentation for people: made of the OpenAPI document, drawn on the server, in Chinese and English."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from complaints.models import Scope

from .api import api
from .document import document
from .problems import TITLES

EXAMPLE_KEY = "am_k7w3mx9r2p_Jr0vY1s8T4qLw6ZbN5cXeHd2FgKu7MiPoA3RtV9yBzE"
"""Looks like one and is none: its secret is too long by a letter."""

_NUMBER = "A20261122-0007"


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a table: a parameter, or a member of what is sent or answered."""

    name: str
    kind: str
    limits: str
    words: str
    required: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str
    method: str
    path: str
    title: str
    words: str
    scope: str
    parameters: tuple[Field, ...]
    content_type: str
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]
    problems: tuple[str, ...]
    example: str


@require_safe
@cache_control(private=True, max_age=0)
def docs(request: HttpRequest) -> HttpResponse:
    """By `?language=`, else as the visitor's other pages are."""
    wanted = request.GET.get("language", "")
    language = wanted if wanted in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        context = {
            "language": language,
            "languages": [
                (code, translation.get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES
            ],
            "endpoints": endpoints(request.build_absolute_uri("/").rstrip("/")),
            "problems": [(code, status, title) for code, (status, title) in TITLES.items()],
            "scopes": Scope.choices,
            "key": EXAMPLE_KEY,
            "base": request.build_absolute_uri(reverse("api-issue-types")).removesuffix("/issue-types"),
        }
        return render(request, "complaints/api/docs.html", context)


def endpoints(base: str) -> list[Endpoint]:
    """All of them, in the order of the document, in the language that is active."""
    found, scopes = document(), _scopes()
    return [
        _endpoint(found, path, method, operation, scopes, base)
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]


def _scopes() -> dict[str, str]:
    """Operation -> what its key must be allowed."""
    return {
        operation.operation_id or "": str(getattr(operation.auth_callbacks[0], "scope", None) or "")
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
    }


def _endpoint(
    whole: dict[str, Any], path: str, method: str, operation: dict[str, Any], scopes: dict[str, str], base: str
) -> Endpoint:
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    content_type = next(iter(content), "")
    body = _resolved(whole, content[content_type]["schema"]) if content else {}
    answers = operation["responses"]
    return Endpoint(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        title=gettext(operation["summary"]),
        words=gettext(operation.get("description", "")) if operation.get("description") else "",
        scope=scopes[operation["operationId"]],
        parameters=tuple(_parameter(whole, one) for one in operation["parameters"]),
        content_type=content_type,
        body=tuple(_fields(whole, body)),
        answers=tuple(_answer(whole, status, one) for status, one in answers.items() if status < "400"),
        problems=tuple(status for status in answers if status >= "400"),
        example=_example(whole, base, path, method, content_type, body),
    )


def _answer(whole: dict[str, Any], status: str, answer: dict[str, Any]) -> Answer:
    schema = next(iter(answer["content"].values()))["schema"]
    return Answer(status, answer["description"], tuple(_fields(whole, _resolved(whole, schema))))


def _parameter(whole: dict[str, Any], one: dict[str, Any]) -> Field:
    schema = one["schema"] | {"description": one.get("description", "")}
    return _field(whole, one["name"], schema, required=one["required"], place=one["in"])


def _fields(whole: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> list[Field]:
    """Members, with those of an object below it; of a list as `items[].number`."""
    required, lines = schema.get("required", []), []
    for name, member in schema.get("properties", {}).items():
        found, full = _resolved(whole, member), f"{prefix}{name}"
        lines.append(_field(whole, full, found, required=name in required))
        inner = _resolved(whole, found.get("items", {})) if found.get("type") == "array" else found
        mark = "[]" if found.get("type") == "array" else ""
        lines += _fields(whole, inner, f"{full}{mark}.")
    return lines


def _field(whole: dict[str, Any], name: str, schema: dict[str, Any], *, required: bool, place: str = "") -> Field:
    found = _resolved(whole, schema)
    words = found.get("description", "")
    shown = gettext(words) if words and "$ref" not in schema else ""
    return Field(name, _kind(found), _limits(found), shown, required, place)


def _resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Behind references and `or null`; what is said beside them stays."""
    own = {name: value for name, value in schema.items() if name not in ("$ref", "anyOf", "allOf")}
    if "$ref" in schema:
        target = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return {name: value for name, value in _resolved(whole, target).items() if name != "description"} | own
    kinds = [one for one in schema.get("anyOf", schema.get("allOf", [])) if one != {"type": "null"}]
    if kinds:
        nullable = {"nullable": True} if len(kinds) < len(schema.get("anyOf", kinds)) else {}
        return _resolved(whole, kinds[0]) | own | nullable
    return schema


def _kind(schema: dict[str, Any]) -> str:
    kind = str(schema.get("format") or schema.get("contentMediaType") or schema.get("type") or "")
    kind = {"date-time": "date-time", "binary": "file", "application/octet-stream": "file"}.get(kind, kind)
    return f"{kind} | null" if schema.get("nullable") and "default" not in schema else kind


def _limits(schema: dict[str, Any]) -> str:
    told = []
    if "enum" in schema:
        told.append(" ".join(map(str, schema["enum"])))
    if "const" in schema:
        told.append(str(schema["const"]))
    least, most = schema.get("minLength", schema.get("minimum")), schema.get("maxLength", schema.get("maximum"))
    if most is not None:
        told.append(f"{least or 0}–{most}")
    return " ".join(told)


def _example(whole: dict[str, Any], base: str, path: str, method: str, content_type: str, body: dict[str, Any]) -> str:
    url = base + path.replace("{number}", _NUMBER)
    if path.endswith("/complaints") and method == "get":
        url = f'"{url}?updated_since=2026-11-22T08:00:00%2B08:00&limit=100"'
    lines = [f"curl {url}", f'  -H "Authorization: Bearer {EXAMPLE_KEY}"']
    if method == "post":
        lines.append('  -H "Idempotency-Key: order-2026112212345-1"')
    if content_type == "application/json":
        lines.append('  -H "Content-Type: application/json"')
        lines.append(f"  -d '{json.dumps(_sample(whole, body), ensure_ascii=False, indent=2)}'")
    elif content_type:
        lines.append("  -F file=@broken-cup.jpg -F kind=photo")
    return " \\\n".join(lines)


def _sample(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A body of the members that have an example."""
    found: dict[str, Any] = {}
    for name, member in schema.get("properties", {}).items():
        one = _resolved(whole, member)
        if one.get("examples"):
            found[name] = one["examples"][0]
        elif one.get("properties"):
            found[name] = _sample(whole, one)
    return found
