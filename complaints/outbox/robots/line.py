"""The way to one robot, kept to its platform's hosts and pace."""

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlsplit

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import OutboxMessage, Robot
from complaints.outbox import wire
from complaints.outbox.claims import from_now

from .answers import MINUTE, NotNow, Refusal, Unclear, Withheld, read_answer
from .requests import request

Kind = Robot.Kind

BEGINNINGS: dict[str, tuple[str, ...]] = {
    Kind.WECOM: ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",),
    Kind.DINGTALK: ("https://oapi.dingtalk.com/robot/send?access_token=",),
    Kind.FEISHU: ("https://open.feishu.cn/open-apis/bot/", "https://open.larksuite.com/open-apis/bot/"),
}
"""How the address of such a robot begins; a webhook may be anywhere in the open internet."""

PER_MINUTE: dict[str, int] = {Kind.WECOM: 18, Kind.DINGTALK: 18, Kind.FEISHU: 90}
"""A little below the platforms' own limits: another worker may look at the same moment."""


def check(kind: str, url: str) -> wire.Place:
    """Where such a robot's address leads. Raises wire.Forbidden with a sentence for who typed it."""
    where = wire.place(url)
    begins = BEGINNINGS.get(kind)
    if begins and not where.trusted and not url.startswith(begins):
        raise wire.Forbidden(_("The address of such a robot begins with %(start)s") % {"start": begins[0]})
    return where


class Line:
    """The way to one robot. Each message has a connection of its own: there are few of them a minute."""

    def __init__(self, robot: Robot) -> None:
        self.robot = robot
        self._wire: wire.Wire | None = None

    def open(self) -> None:
        """Connect. Raises Withheld if the robot is off, Refusal if it must not be told, OSError if it is not there."""
        if not self.robot.active:
            raise Withheld(_("The robot is switched off."))
        self._keep_pace()
        try:
            self._wire = wire.Wire(check(self.robot.kind, self.robot.url))
            self._wire.open()
        except wire.Forbidden as error:
            raise Refusal("%(why)s", for_good=True, why=error) from None

    def send(self, message: OutboxMessage, before_data: Callable[[], None]) -> None:
        """Hand the message over and close. Raises Refusal, Unclear, OSError and HTTPException."""
        if self._wire is None:
            raise ConnectionError("not open")
        asked = request(self.robot, message, now=timezone.now())
        before_data()
        status, body = self._wire.post(wire.place(asked.url).path, asked.body, asked.headers)
        self.close()
        read_answer(self.robot.kind, status, body)

    def close(self) -> None:
        if self._wire:
            self._wire.close()
            self._wire = None

    def _keep_pace(self) -> None:
        most = PER_MINUTE.get(self.robot.kind)
        recent = OutboxMessage.objects.filter(robot=self.robot, data_started_at__gt=from_now(-MINUTE))
        if most and recent.count() >= most:
            raise NotNow


def words(error: Exception) -> str:
    """The error for a reader; ours are sentences already."""
    return str(error) if isinstance(error, Refusal | Unclear) else f"{type(error).__name__}: {error}"


def without_secrets(text: str, robot: Robot) -> str:
    """The text without what gives power over the robot, should an error or a platform repeat it."""
    parts = urlsplit(robot.url)
    keys = [value for _name, value in parse_qsl(parts.query)] + parts.path.split("/")[-1:]
    for secret in (robot.url, parts.query, robot.secret, *keys):
        if secret and len(secret) >= 6:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return text
