"""What managers edit."""

import factory

from knowledge.models import IssueType, ReplyScript


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

    code = factory.Sequence(lambda n: f"S{n}")
    name = factory.Sequence(lambda n: f"话术{n}")
    stage = ReplyScript.Stage.ACCEPT
    text = "您好 {customer_name}，您的单号是 {case_no}。"

    class Params:
        switched_off = factory.Trait(active=False)
        next_step = factory.Trait(step=ReplyScript.Step.NEXT)
        listening = factory.Trait(step=ReplyScript.Step.LISTEN)
