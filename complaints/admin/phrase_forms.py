"""The forms of a phrase rule and of the bench where a text is tried."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge.linting import RuleSet, check_pattern
from knowledge.models import PhraseRule, ReplyScript
from knowledge.models.phrase import lines_of
from knowledge.operations.phrases import DETAILS, ExampleNotFound, InnocentFound, NothingToFind
from knowledge.refusals import Refused

TEXT_LENGTH = 10_000
LINES_LENGTH = 20_000

CODE = RegexValidator(
    r"^[A-Z0-9][A-Z0-9-]*\Z", gettext_lazy("Use capital letters, digits and hyphens, such as VAGUE-SOON.")
)


class LinesField(forms.CharField):
    """Several entries, one a line; browsers send line ends in two characters."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "class": "phrase-lines"})
        super().__init__(max_length=LINES_LENGTH, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        return str(super().clean(str(value or "").replace("\r\n", "\n")))


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


class RuleForm(forms.Form):
    """One rule. Each line that is wrong is named, and each example that does not hold."""

    fields: dict[str, Any]

    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=PhraseRule.Category.choices)
    level = forms.ChoiceField(label=gettext_lazy("Level"), choices=PhraseRule.Level.choices)
    scope = forms.ChoiceField(label=gettext_lazy("Holds for"), choices=PhraseRule.Scope.choices)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=PhraseRule.Kind.choices)
    effective_from = _day(gettext_lazy("Holds from"))
    effective_until = _day(gettext_lazy("Holds until, this day included"))
    patterns = LinesField(
        label=gettext_lazy("Looks for"), rows=6, required=False,
        help_text=gettext_lazy(
            "One phrase a line. Traditional and full-width characters, capitals, spaces and signs between Chinese "
            "characters do not matter."
        ),
    )  # fmt: skip
    exceptions = LinesField(
        label=gettext_lazy("But not in"), rows=4, required=False,
        help_text=gettext_lazy(
            "Words around it in which it is innocent, one a line: “左右” is left alone in “左右两侧”."
        ),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    reason_en = forms.CharField(label=gettext_lazy("Reason in English"), max_length=300, required=False)
    suggestion = forms.CharField(label=gettext_lazy("Advice"), max_length=200, required=False)
    suggestion_en = forms.CharField(label=gettext_lazy("Advice in English"), max_length=300, required=False)
    replacement = forms.CharField(
        label=gettext_lazy("Put instead with one click"), max_length=200, required=False,
        help_text=gettext_lazy("May hold placeholders, such as {deadline}."),
    )  # fmt: skip
    replacement_en = forms.CharField(label=gettext_lazy("The same in English"), max_length=300, required=False)
    script = forms.TypedChoiceField(
        label=gettext_lazy("Script that says it better"), required=False, coerce=int, empty_value=None
    )
    examples_found = LinesField(
        label=gettext_lazy("Sentences that it must find"), rows=4, required=False,
        help_text=gettext_lazy("One a line. The rule is saved only if all of them hold."),
    )  # fmt: skip
    examples_innocent = LinesField(label=gettext_lazy("Sentences that it must leave alone"), rows=4, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, data: Any = None, *, rule: PhraseRule | None = None, trying: bool = False, **kwargs: Any
    ) -> None:
        """`trying`: only what the rule finds matters, so that it may be tried before all of it is written."""
        super().__init__(data, initial=_initial(rule), **kwargs)
        self._trying = trying
        if trying:
            for name in {"code", "reason"} & self.fields.keys():
                self.fields[name].required = False
        scripts = ReplyScript.objects.only("pk", "code", "name", "name_en").order_by("code")
        self.fields["script"].choices = [("", "—"), *((one.pk, f"{one.code} {one.label}") for one in scripts)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == PhraseRule.Kind.PATTERN:
            for name in ("patterns", "exceptions"):
                for problem in _wrong_lines(data.get(name, "")):
                    self.add_error(name, problem)
        if not self.errors and not lines_of(data["patterns"]):
            self.add_error("patterns", NothingToFind().text)
        if not self.errors and not self._trying:
            self._check_examples()
        return data

    def details(self) -> dict[str, Any]:
        """What was typed, as the operations take it; call after `is_valid()`."""
        data = self.cleaned_data | {"script_id": self.cleaned_data["script"]}
        return {name: data[name] for name in DETAILS}

    def rules(self) -> RuleSet:
        """The rule as it was typed, saved or not; call after `is_valid()`."""
        return RuleSet([PhraseRule(**self.details() | {"script_id": None}).spec])

    def _check_examples(self) -> None:
        rules, data = self.rules(), self.cleaned_data
        for sentence in lines_of(data["examples_found"]):
            if not rules.finds(sentence):
                self.add_error("examples_found", ExampleNotFound(sentence=sentence).text)
        for sentence in lines_of(data["examples_innocent"]):
            if rules.finds(sentence):
                self.add_error("examples_innocent", InnocentFound(sentence=sentence).text)


class NewRuleForm(RuleForm):
    code = forms.CharField(label=gettext_lazy("Code"), max_length=24, validators=[CODE])


class BenchForm(forms.Form):
    """A text that somebody tries; nothing of it is kept."""

    scope = forms.ChoiceField(
        label=gettext_lazy("Check as"), choices=[choice for choice in PhraseRule.Scope.choices if choice[0] != "both"]
    )
    text = forms.CharField(
        label=gettext_lazy("Text"), strip=False, required=False, max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8, "class": "phrase-text"}),
    )  # fmt: skip

    def clean_text(self) -> str:
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


def _wrong_lines(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if pattern := line.strip():
            try:
                check_pattern(pattern)
            except Refused as refusal:
                yield _("Line %(n)s: %(problem)s") % {"n": number, "problem": refusal.text}


def _initial(rule: PhraseRule | None) -> dict[str, Any]:
    if rule is None:
        return {"level": PhraseRule.Level.WARN, "scope": PhraseRule.Scope.REPLY, "kind": PhraseRule.Kind.LITERAL}
    names = [name for name in DETAILS if name != "script_id"]
    return {name: getattr(rule, name) for name in names} | {"script": rule.script_id, "seen": rule.edition}
