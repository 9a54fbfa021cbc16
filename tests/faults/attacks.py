"""All attacks by their number in reliability.md, section 4."""

from types import ModuleType

from tests.faults import (
    f1_kills,
    f2_crashes,
    f3_flushes,
    f4_silent_broker,
    f5_restarts,
    f6_three_beats,
    f7_standstill,
    f8_fifty_agents,
    f10_fuzzed_requests,
    f11_same_request,
    f12_mails,
)

ATTACKS: dict[str, ModuleType] = {
    "F1": f1_kills,
    "F2": f2_crashes,
    "F3": f3_flushes,
    "F4": f4_silent_broker,
    "F5": f5_restarts,
    "F6": f6_three_beats,
    "F7": f7_standstill,
    "F8": f8_fifty_agents,
    "F10": f10_fuzzed_requests,
    "F11": f11_same_request,
    "F12": f12_mails,
}
