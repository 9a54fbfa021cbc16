"""Evidence, its waiver, liability and root cause."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError

from complaints.lifecycle import OPEN
from complaints.models import Complaint, Evidence
from complaints.operations import progress, uploads, verification
from complaints.operations.locking import StaleVersion
from complaints.operations.verification import NothingSupplied, PartyTwice, SharesOver, TooLate, TooMuchEvidence
from complaints.refusals import EvidenceMissing, ReasonMissing
from tests.complaints.operations.test_uploads import picture
from tests.factories.complaints import NOW, EvidenceFactory, current, establish
from tests.unchanged import nothing_written


def photo(name: str = "划痕.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture())


def add(case: Complaint, agent: Any, **values: Any) -> Evidence:
    return verification.add_evidence(case.pk, **{"kind": "photo", "actor": agent, "now": NOW} | values)


def settle(case: Complaint, agent: Any, *shares: tuple[str, int, str], **values: Any) -> Complaint:
    step = {"root_cause": "运输挤压", "actor": agent, "version": current(case).version, "now": NOW} | values
    return verification.settle_liability(case.pk, list(shares), **step)


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


# ---------------------------------------------------------------- evidence


def test_a_photo_is_stored_under_a_generated_name(case: Callable[..., Any], agent: Any, media: Path) -> None:
    complaint = case("verifying")
    evidence = add(complaint, agent, upload=photo("../../划痕 <x>.jpg"), note="左侧")
    (stored,) = files(media)
    assert stored.parent == media / "evidence" / str(complaint.pk)
    assert stored.suffix == ".jpg"
    assert len(stored.stem) == 32
    assert evidence.original_name == "划痕 <x>.jpg"
    assert (evidence.content_type, evidence.size, evidence.added_by) == ("image/jpeg", stored.stat().st_size, agent)
    assert len(evidence.sha256) == 64
    event = complaint.events.get(kind="evidence_added")
    assert (event.actor, event.at, event.data) == (agent, NOW, {"evidence": evidence.pk, "evidence_kind": "photo"})


def test_a_reference_is_evidence_without_a_file(case: Callable[..., Any], agent: Any, media: Path) -> None:
    evidence = add(case("verifying"), agent, kind="qc_record", reference=" QC-2026-0815 ")
    assert (evidence.reference, evidence.file.name, evidence.size) == ("QC-2026-0815", "", 0)
    assert not media.exists()


def test_adding_evidence_makes_nobody_stale(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    add(complaint, agent, reference="IMG-1")
    assert current(complaint).version == complaint.version


@pytest.mark.parametrize("values", [{}, {"reference": "  "}, {"note": "只有说明"}])
def test_nothing_is_no_evidence(case: Callable[..., Any], agent: Any, values: dict[str, Any]) -> None:
    complaint = case("verifying")
    with nothing_written(complaint), pytest.raises(NothingSupplied):
        add(complaint, agent, **values)


@pytest.mark.parametrize(
    ("upload", "error"),
    [
        (SimpleUploadedFile("photo.jpg", b"<svg onload='alert(1)'/>"), uploads.FileTypeRefused),
        (SimpleUploadedFile("photo.jpg", b""), uploads.FileEmpty),
        (SimpleUploadedFile("photo.jpg", picture()[:40]), uploads.PictureUnreadable),
    ],
    ids=["svg", "empty", "broken"],
)
def test_a_refused_file_leaves_nothing_behind(
    case: Callable[..., Any], agent: Any, media: Path, upload: Any, error: type[Exception]
) -> None:
    complaint = case("verifying")
    upload.seek(0)
    with nothing_written(complaint), pytest.raises(error):
        add(complaint, agent, upload=upload)
    assert not media.exists()


def test_evidence_is_added_while_a_case_is_open(case: Callable[..., Any], agent: Any, media: Path) -> None:
    complaint = case("executing")
    assert add(complaint, agent, reference="IMG-1").pk


@pytest.mark.parametrize("state", ["closed", "withdrawn", "merged"])
def test_a_case_that_is_over_takes_no_evidence_and_keeps_no_file(
    case: Callable[..., Any], agent: Any, media: Path, state: str
) -> None:
    complaint = case(state)
    with nothing_written(complaint), pytest.raises(TooLate):
        add(complaint, agent, upload=photo())
    assert not media.exists()


def test_a_case_holds_fifty_pieces(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    EvidenceFactory.create_batch(49, complaint=complaint)
    add(complaint, agent, reference="IMG-50")
    with nothing_written(complaint), pytest.raises(TooMuchEvidence):
        add(complaint, agent, reference="IMG-51")


def test_a_case_holds_two_hundred_megabytes(case: Callable[..., Any], agent: Any, media: Path) -> None:
    complaint = case("verifying")
    EvidenceFactory(complaint=complaint, size=verification.MAX_TOTAL)
    with nothing_written(complaint), pytest.raises(TooMuchEvidence):
        add(complaint, agent, upload=photo())
    assert not media.exists()


def test_a_file_goes_again_when_the_transaction_fails(
    case: Callable[..., Any], agent: Any, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        assert len(files(media)) == 1
        raise RuntimeError("history cannot be written")

    complaint = case("verifying")
    monkeypatch.setattr(verification, "record", fail)
    with nothing_written(complaint), pytest.raises(RuntimeError):
        add(complaint, agent, upload=photo())
    assert files(media) == []


def test_the_same_file_twice_is_two_files(case: Callable[..., Any], agent: Any, media: Path) -> None:
    complaint = case("verifying")
    one, two = add(complaint, agent, upload=photo()), add(complaint, agent, upload=photo())
    assert one.file.name != two.file.name
    assert one.sha256 == two.sha256
    assert len(files(media)) == 2


# ---------------------------------------------------------------- the waiver


def test_a_waiver_replaces_the_evidence(case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]) -> None:
    complaint, lead = case("verifying"), user_with("team_lead")
    settle(complaint, agent, ("carrier", 100, ""))
    step = {"actor": agent, "now": NOW}
    with pytest.raises(EvidenceMissing):
        progress.conclude_verification(complaint.pk, version=current(complaint).version, **step)
    verification.waive_evidence(complaint.pk, " 快递已承认 ", actor=lead, version=current(complaint).version, now=NOW)
    waived = current(complaint)
    event = complaint.events.get(kind="evidence_waived")
    assert (waived.evidence_waiver, waived.evidence_waived_by) == ("快递已承认", lead)
    assert (event.actor, event.version) == (lead, waived.version)
    progress.conclude_verification(complaint.pk, version=waived.version, **step)


def test_a_waiver_needs_a_reason(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    with nothing_written(complaint), pytest.raises(ReasonMissing):
        verification.waive_evidence(complaint.pk, " ", actor=agent, version=complaint.version, now=NOW)


def test_evidence_that_is_contradicted_shows_nothing(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    establish(complaint, {"actor": agent, "version": complaint.version, "now": NOW})
    complaint.evidence.update(status="contradicted")
    with pytest.raises(EvidenceMissing):
        progress.conclude_verification(complaint.pk, actor=agent, version=current(complaint).version, now=NOW)


# ---------------------------------------------------------------- liability


def test_liability_is_settled_with_its_reasons_and_the_root_cause(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    settle(complaint, agent, ("carrier", 70, "外箱破损"), ("warehouse", 30, "未加护角"), root_cause=" 运输挤压 ")
    after = current(complaint)
    shares = [(share.party, share.percent, share.reason) for share in after.liability.all()]
    assert shares == [("carrier", 70, "外箱破损"), ("warehouse", 30, "未加护角")]
    assert (after.root_cause, after.version) == ("运输挤压", complaint.version + 1)
    event = complaint.events.get(kind="liability_settled")
    assert (event.actor, event.version) == (agent, after.version)
    assert event.data == {"shares": {"carrier": 70, "warehouse": 30}}


def test_settling_again_replaces_what_stood_there(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    settle(complaint, agent, ("carrier", 100, ""))
    settle(complaint, agent, ("supplier", 60, ""), ("carrier", 40, ""))
    assert {share.party: share.percent for share in complaint.liability.all()} == {"supplier": 60, "carrier": 40}
    assert complaint.events.filter(kind="liability_settled").count() == 2


@pytest.mark.parametrize("shares", [[], [("carrier", 60, "")], [("carrier", 99, "")]])
def test_unfinished_liability_may_be_saved(case: Callable[..., Any], agent: Any, shares: list[Any]) -> None:
    complaint = case("verifying")
    settle(complaint, agent, *shares)
    assert complaint.liability.count() == len(shares)


@pytest.mark.parametrize(
    ("shares", "error"),
    [
        ([("carrier", 101, "")], SharesOver),
        ([("carrier", 60, ""), ("warehouse", 41, "")], SharesOver),
        ([("carrier", 50, ""), ("carrier", 50, "")], PartyTwice),
    ],
)
def test_impossible_liability_is_refused(
    case: Callable[..., Any], agent: Any, shares: list[Any], error: type[Exception]
) -> None:
    complaint = case("verifying")
    settle(complaint, agent, ("supplier", 100, ""))
    with nothing_written(complaint), pytest.raises(error):
        settle(complaint, agent, *shares)


@pytest.mark.parametrize("percent", [0, -10])
def test_a_share_of_nothing_never_reaches_the_database(case: Callable[..., Any], agent: Any, percent: int) -> None:
    complaint = case("verifying")
    with nothing_written(complaint), pytest.raises(IntegrityError):
        settle(complaint, agent, ("carrier", percent, ""))


def test_a_stale_settlement_writes_nothing(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    settle(complaint, agent, ("carrier", 100, ""))
    with nothing_written(complaint), pytest.raises(StaleVersion):
        settle(complaint, agent, ("warehouse", 100, ""), version=complaint.version)
    with nothing_written(complaint), pytest.raises(StaleVersion):
        verification.waive_evidence(complaint.pk, "无", actor=agent, version=complaint.version, now=NOW)


@pytest.mark.parametrize("state", [*OPEN, "closed", "unfounded"])
def test_liability_is_settled_before_the_customer_is_offered_anything(
    case: Callable[..., Any], agent: Any, state: str
) -> None:
    complaint = case(state)
    if state in ("new", "accepted", "verifying", "proposing"):
        assert settle(complaint, agent, ("carrier", 100, "")).version == complaint.version + 1
        return
    with nothing_written(complaint), pytest.raises(TooLate):
        settle(complaint, agent, ("carrier", 100, ""))
    with nothing_written(complaint), pytest.raises(TooLate):
        verification.waive_evidence(complaint.pk, "无", actor=agent, version=complaint.version, now=NOW)
