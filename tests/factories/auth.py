"""People of the desk; roles come from the table of `complaints.roles`."""

from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group


class StaffFactory(factory.django.DjangoModelFactory):
    """`StaffFactory(role="agent", shops=[shop])`; the roles must be loaded (fixture `content`)."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    first_name = factory.Sequence(lambda n: f"员工{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@staff.example")
    password = "!"
    is_staff = True

    class Params:
        gone = factory.Trait(is_active=False)
        customer_account = factory.Trait(is_staff=False)

    @factory.post_generation
    def role(self: Any, create: bool, extracted: str | None, **kwargs: Any) -> None:
        if extracted:
            self.groups.add(Group.objects.get(name=extracted))

    @factory.post_generation
    def shops(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        for shop in extracted or ():
            shop.members.add(self)
