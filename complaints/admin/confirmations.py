"""What buyers confirmed before they ordered: the records, a form for one more, and the texts (R2.2)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import ConfirmationRecord
from complaints.operations import confirmations
from complaints.queries.listings import doubts
from complaints.refusals import Refused
from knowledge.listing import plain_text
from knowledge.models import ConfirmationText
from knowledge.operations import confirmation_texts

from .displays import staff_name
from .listing_forms import ConfirmationForm
from .records import ReadOnlyAdmin

LIST = "admin:complaints_confirmationrecord_changelist"
ERROR_FIELDS = {
    confirmations.BuyerMissing: "order",
    confirmations.ProductMissing: "product",
    confirmations.StillToCome: "confirmed_at",
    confirmations.NotPublishedThen: "text",
}
BEGUN = ("shop", "order", "product_id", "product")
"""What a link from a case fills in."""


@admin.register(ConfirmationRecord)
class ConfirmationRecordAdmin(ReadOnlyAdmin):
    list_display = ("order_number", "shop", "product", "text", "confirmed_at", "channel", "who")
    list_select_related = ("shop", "product", "text", "recorded_by")
    ordering = ("-id",)
    search_fields = ("order_number__exact",)
    search_help_text = gettext_lazy("Order number")
    fields = readonly_fields = (
        "shop", "product", "order_number", "text", "words", "confirmed_at", "channel", "recorded_at", "who",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("complaints.add_confirmationrecord")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        begun = {name: request.GET.get(name, "")[:300].replace("\0", "") for name in BEGUN}
        form = ConfirmationForm(request.POST or None, user=request.user, initial=begun)
        if request.method == "POST" and form.is_valid() and (record := self._record(request, form)):
            messages.success(request, _("Recorded."))
            for doubt in doubts(record):
                messages.warning(request, doubt)
            return redirect(LIST)
        context = self.admin_site.each_context(request) | {
            "title": _("Record a buyer's confirmation"), "opts": self.opts, "form": form,
        }  # fmt: skip
        status = 422 if form.errors else 200
        return render(request, "admin/complaints/confirmationrecord/add.html", context, status=status)

    @admin.display(description=gettext_lazy("recorded by"))
    def who(self, record: ConfirmationRecord) -> str:
        return staff_name(record.recorded_by) or record.via

    @admin.display(description=gettext_lazy("wording"))
    def words(self, record: ConfirmationRecord) -> str:
        return record.text.text

    def _record(self, request: HttpRequest, form: ConfirmationForm) -> ConfirmationRecord | None:
        try:
            one = confirmations.Confirmation(**form.cleaned_data)
            return confirmations.record(one, actor=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(ERROR_FIELDS[type(refusal)], refusal.text)
            return None


class TextForm(forms.ModelForm):
    refusal: Refused | None = None
    """Why what was typed could not be published, when it was tried."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, initial=confirmation_texts.mark)

    class Meta:
        model = ConfirmationText
        fields = ("code", "name", "text", "text_en")
        help_texts = {"code": gettext_lazy("Under the code of another text this becomes that one's next version.")}

    def clean_text(self) -> str:
        return plain_text(self.cleaned_data["text"])

    def clean_text_en(self) -> str:
        return plain_text(self.cleaned_data["text_en"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        words = {name: value for name, value in values.items() if name != "seen"}
        if not self.errors and confirmation_texts.is_in_force(**words):
            self.add_error("text", _("The latest version of this text says the same. Nothing was saved."))
        elif self.refusal:
            self.add_error(getattr(self.refusal, "field", "text"), self.refusal.text)
        return values


@admin.register(ConfirmationText)
class ConfirmationTextAdmin(admin.ModelAdmin):
    """A text is published by adding it; under the code of another one it is that one's next version."""

    form = TextForm
    list_display = ("name", "code", "number", "published_at", "who")
    list_select_related = ("author",)
    search_fields = ("code", "name")
    readonly_fields = ("number", "published_at", "who")
    fields = ("code", "name", "text", "text_en")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.fields, *self.readonly_fields) if obj else (*self.fields, "seen")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.fields, *self.readonly_fields) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """What is refused is said in the form as it was typed; who was overtaken and saves again means it then."""
        try:
            return super().add_view(request, form_url, extra_context)
        except Refused as refusal:
            request.refusal = refusal
            if isinstance(refusal, confirmation_texts.JustPublished):
                typed: Any = request.POST.copy()
                typed["seen"] = str(confirmation_texts.mark())
                request.POST = typed
            return super().add_view(request, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data | {"seen": form.cleaned_data["seen"] or 0}
        published = confirmation_texts.publish(**given, actor=request.user, now=timezone.now())
        obj.pk, obj.number = published.pk, published.number

    @admin.display(description=gettext_lazy("author"))
    def who(self, text: ConfirmationText) -> str:
        return staff_name(text.author) or _("default content")
