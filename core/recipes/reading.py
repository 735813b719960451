"""Reads a recipe file. What is wrong with it is said with the line, the field, the reason and what to do."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from core.errors import InputError
from core.jobs.registry import KINDS, kind_of
from core.recipes.recipe import Job, Recipe, Wanted, references
from core.specs import Spec
from core.specs.wording import reason
from core.workspace.workspace import check_name

VERSION = 1
_LARGEST_BYTES = 1 << 20
_MOST_EVENTS = 20_000
_DEEPEST = 12
_MOST_STEPS = 200
_TOP = ("version", "title", "inputs", "steps")
_STEP = ("name", "kind", "set")
_INPUT = ("name", "type", "digest")
_TYPES = ("model", "dataset", "report")


def read(path: Path) -> Recipe:
    """The recipe of a YAML file.

    Raises:
        InputError: It cannot be read, is too large, or says something that no job understands.
    """
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            _refuse(
                path.name, None, f"it has {size} bytes; a recipe has a few thousand", "Choose a recipe file."
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read.", why=str(error), fix="Choose a recipe file that you may read."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is no recipe.", why="It is not text in UTF-8.", fix="Save it as UTF-8."
        ) from error
    return parse(text, path.name)


def parse(text: str, file: str) -> Recipe:
    """The recipe of a YAML text; `file` names it in refusals.

    Raises:
        InputError: As `read`.
    """
    return _Reader(file).recipe(_document(text, file))


def _document(text: str, file: str) -> yaml.Node:
    """The file's one document, after limits on what its text may unfold to."""
    try:
        depth = 0
        for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if isinstance(event, yaml.AliasEvent):
                _refuse(file, event, "it repeats another part by an alias (*name)", "Write the part out.")
            if depth > _DEEPEST:
                _refuse(file, event, "it is nested too deep", "A recipe is a list of steps with settings.")
            if number > _MOST_EVENTS:
                _refuse(file, event, "it has too many entries", "Split it into several recipes.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(
            f"{file}{place} is not YAML.",
            why=f"{problem[:1].upper()}{problem[1:]}.",
            fix="Correct the line; indentation and colons matter in YAML.",
            code="recipe.yaml",
        ) from error
    if node is None:
        _refuse(file, None, "it is empty", "`slm-workbench runs save R --out FILE` writes a recipe.")
    return node


def _refuse(file: str, at: Any, reason: str, fix: str, field: str = "") -> NoReturn:
    line = f", line {at.start_mark.line + 1}" if at is not None else ""
    raise InputError(
        f"{file}{line}{f', {field}' if field else ''}: this recipe cannot be run.",
        why=f"{reason[:1].upper()}{reason[1:]}.",
        fix=fix,
        code="recipe.invalid",
    )


class _Reader:
    """Turns nodes, which know their lines, into a recipe."""

    def __init__(self, file: str) -> None:
        self._file = file

    def recipe(self, node: yaml.Node) -> Recipe:
        top = self._mapping(node, _TOP, "a recipe")
        if "version" in top and self._value(top["version"]) != VERSION:
            self._no(
                top["version"],
                f"it is of version {top['version'].value}; this program knows {VERSION}",
                "Update SLM Workbench.",
                "version",
            )
        if "steps" not in top:
            self._no(node, "it has no steps", "Write `steps:` and below it a list of jobs.")
        title = self._text(top["title"], "title") if "title" in top else ""
        wanted = self._inputs(top["inputs"]) if "inputs" in top else ()
        steps = top["steps"]
        if not isinstance(steps, yaml.SequenceNode) or not steps.value:
            self._no(
                steps, "`steps` is no list of jobs", "Write each step below `steps:` after a dash.", "steps"
            )
        if len(steps.value) > _MOST_STEPS:
            self._no(
                steps, f"it has {len(steps.value)} steps", f"A recipe has at most {_MOST_STEPS}.", "steps"
            )
        jobs: list[Job] = []
        for step in steps.value:
            jobs.append(self._job(step, jobs))
        return Recipe(title, tuple(jobs), wanted, self._file)

    def _inputs(self, node: yaml.Node) -> tuple[Wanted, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self._no(
                node,
                "`inputs` is no list",
                "Write each input after a dash: - {name: N, type: model}.",
                "inputs",
            )
        found = []
        for value in node.value:
            entry = self._mapping(value, _INPUT, "an input")
            for key in ("name", "type"):
                if key not in entry:
                    self._no(value, f"the input has no {key}", f"Write `{key}: …` in it.", key)
            type = self._text(entry["type"], "type")
            if type not in _TYPES:
                self._no(entry["type"], f"{type!r} is no type of artifact", self._near(type, _TYPES), "type")
            digest = self._text(entry["digest"], "digest") if "digest" in entry else ""
            found.append(Wanted(self._text(entry["name"], "name"), type, digest))
        return tuple(found)

    def _job(self, node: yaml.Node, earlier: Sequence[Job]) -> Job:
        step = self._mapping(node, _STEP, "a step")
        for wanted in ("name", "kind"):
            if wanted not in step:
                self._no(node, f"the step has no {wanted}", f"Write `{wanted}: …` in it.", wanted)
        name, kind = self._text(step["name"], "name"), self._text(step["kind"], "kind")
        known = [key for key, value in KINDS.items() if value.makes]
        if kind not in known:
            self._no(
                step["kind"], f"there is no job kind {kind!r} for recipes", self._near(kind, known), "kind"
            )
        try:
            name = check_name(name)
        except InputError as error:
            self._no(step["name"], error.why.rstrip("."), "Choose another name.", "name")
        makes = kind_of(kind).makes
        if any(job.name == name and job.makes == makes for job in earlier):
            self._no(step["name"], f"two steps make {name!r}", "Give each step a name of its own.", "name")
        spec = kind_of(kind).spec
        set_node = step.get("set")
        pairs = self._pairs(set_node, "set") if set_node is not None else {}
        values, places = {}, {}
        for key, (at, value) in pairs.items():
            if key not in spec.model_fields:
                self._no(at, f"{spec.title} has no setting {key!r}", self._near(key, spec.model_fields), key)
            values[key] = self._setting(value, spec.model_fields[key])
            places[key] = value
        if "name" in spec.model_fields:
            values.setdefault("name", name)
        self._check(spec, values, places, set_node if set_node is not None else node)
        job = Job(name, kind, values, node.start_mark.line + 1)
        self._no_step_ahead(job, places)
        return job

    def _check(
        self, spec: type[Spec], values: dict[str, Any], places: dict[str, yaml.Node], node: yaml.Node
    ) -> None:
        """The spec itself says which values it takes; names stand where it wants ids, which are text too."""
        try:
            spec.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0]) if first["loc"] else "set"
            if first["type"] == "missing":
                self._no(
                    node,
                    f"{spec.title} needs the setting {field}",
                    f"Write `{field}: …` below `set:`.",
                    field,
                )
            info = spec.model_fields.get(field)
            why = reason(first)
            said = f"{values.get(field)!r} is not possible here: {why[:1].lower()}{why[1:].rstrip('.')}"
            about = f" {field}: {info.description}" if info and info.description else ""
            self._no(places.get(field, node), said, f"Write another value.{about}", field)

    def _no_step_ahead(self, job: Job, places: dict[str, yaml.Node]) -> None:
        for field, type, ref in references(job):
            if (type, ref) == (job.makes, job.name):
                self._no(
                    places.get(field),
                    f"the step uses its own result {ref!r}",
                    "Give it another name, or use an earlier step's.",
                    field,
                )

    # --- nodes ---

    def _setting(self, node: yaml.Node, info: FieldInfo) -> Any:
        """A value; where the spec wants text alone, `on`, `no` or `1.10` are the text that was written."""
        if (
            isinstance(node, yaml.ScalarNode)
            and _is_text(info.annotation)
            and node.tag != "tag:yaml.org,2002:null"
        ):
            return node.value
        return self._value(node)

    def _value(self, node: yaml.Node) -> Any:
        self._no_twins(node)
        try:
            return yaml.SafeLoader("").construct_document(node)
        except (yaml.YAMLError, ValueError) as error:
            self._no(
                node,
                f"the value cannot be read: {str(error).splitlines()[0]}",
                "Write plain text or numbers.",
            )

    def _no_twins(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            self._pairs(node, "")
            for _key, value in node.value:
                self._no_twins(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._no_twins(value)

    def _text(self, node: yaml.Node, field: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._no(node, f"{field} is no text", "Write it on one line.", field)
        return str(node.value)

    def _pairs(self, node: yaml.Node, field: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Key → (its node, the value's node)."""
        if not isinstance(node, yaml.MappingNode):
            self._no(
                node, f"`{field or 'this'}` is no list of `name: value`", "Indent the lines below it.", field
            )
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            text = self._text(key, field)
            if text in found:
                self._no(key, f"`{text}` stands here twice", "Keep one of them.", text)
            found[text] = (key, value)
        return found

    def _mapping(self, node: yaml.Node, known: Iterable[str], what: str) -> dict[str, yaml.Node]:
        pairs = self._pairs(node, what)
        names = tuple(known)
        for key, (at, _value) in pairs.items():
            if key not in names:
                self._no(at, f"{what} has no {key!r}", self._near(key, names), key)
        return {key: value for key, (_at, value) in pairs.items()}

    def _near(self, word: str, known: Iterable[str]) -> str:
        names = list(known)
        near = difflib.get_close_matches(word, names, 1)
        return f"Did you mean {near[0]}?" if near else f"Known are {', '.join(names)}."

    def _no(self, node: yaml.Node | None, reason: str, fix: str, field: str = "") -> NoReturn:
        _refuse(self._file, node, reason, fix, field)


def _is_text(annotation: Any) -> bool:
    """Whether a field takes nothing but text (or nothing)."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return all(part is type(None) or _is_text(part) for part in get_args(annotation))
    if origin is Literal:
        return all(isinstance(value, str) for value in get_args(annotation))
    return annotation is str
