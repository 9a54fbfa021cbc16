"""What managers edit."""

import factory

from knowledge.models import IssueType, ReplyScript, ScriptVersion
from knowledge.versioning import Status


class IssueTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IssueType

    code = factory.Sequence(lambda n: f"T{n}")
    name = factory.Sequence(lambda n: f"类型{n}")

    class Params:
        second_level = factory.Trait(parent=factory.SubFactory("tests.factories.knowledge.IssueTypeFactory"))
        switched_off = factory.Trait(active=False)


class ReplyScriptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReplyScript
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"S{n}")
    name = factory.Sequence(lambda n: f"话术{n}")
    stage = ReplyScript.Stage.ACCEPT

    @factory.post_generation
    def text(self, create: bool, extracted: str | None, **kwargs: object) -> None:
        """Published as version 1, unless `text=""`."""
        if create and extracted != "":
            words = extracted or "您好 {customer_name}，您的单号是 {case_no}。"
            ScriptVersion.objects.create(script=self, number=1, text=words, status=Status.PUBLISHED)

    class Params:
        switched_off = factory.Trait(active=False)
        next_step = factory.Trait(step=ReplyScript.Step.NEXT)
        listening = factory.Trait(step=ReplyScript.Step.LISTEN)
