"""Named reads of what managers edit."""

from knowledge.models import ReplyScript

_STAGE_OF_STATE = {
    "new": ReplyScript.Stage.ACCEPT,
    "accepted": ReplyScript.Stage.VERIFY,
    "verifying": ReplyScript.Stage.VERIFY,
    "proposing": ReplyScript.Stage.PROPOSE,
    "negotiating": ReplyScript.Stage.PROPOSE,
    "executing": ReplyScript.Stage.EXECUTE,
    "awaiting_followup": ReplyScript.Stage.FOLLOWUP,
}
_STEP_ORDER = ["listen", "soothe", "next"]


def scripts_for(state: str) -> list[ReplyScript]:
    """Active scripts, those of the complaint's stage first, each stage in the order listen -> soothe -> next step."""
    stage = _STAGE_OF_STATE.get(state, ReplyScript.Stage.CLOSE)
    scripts = ReplyScript.objects.filter(active=True)
    return sorted(
        scripts, key=lambda script: (script.stage != stage, script.stage, _STEP_ORDER.index(script.step), script.code)
    )
