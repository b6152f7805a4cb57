"""The pointer on a real storage server: forward only, held by a person, moved by one of many."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from google.cloud.storage import Bucket

from biaac import objects, releases
from biaac.errors import PermanentError
from biaac.releases import PromotionOutcome
from tests.component.functions.published import candidate


def test_before_the_first_promotion_there_is_no_release_to_see(lake: Bucket) -> None:
    assert releases.pointer(lake, "prod") is None
    assert releases.current(lake, "prod") is None


def test_a_candidate_is_not_seen_until_it_is_promoted(lake: Bucket) -> None:
    first = candidate(lake)
    releases.promote(lake, "prod", first)
    candidate(lake)
    assert releases.current(lake, "prod").id == first


def test_an_overtaken_candidate_is_superseded(lake: Bucket) -> None:
    older, newer = candidate(lake), candidate(lake)
    releases.promote(lake, "prod", newer)
    assert releases.promote(lake, "prod", older) == (PromotionOutcome.SUPERSEDED, newer)


def test_a_candidate_with_a_failed_blocking_audit_is_never_promoted(lake: Bucket) -> None:
    failed = releases.AuditOutcome(model="gold.sales", audit="not_null", blocking=True, rows=3, query="SELECT 1")
    release = candidate(lake, audits=[failed])
    with pytest.raises(PermanentError, match=r"failed audit not_null of gold\.sales"):
        releases.promote(lake, "prod", release)
    assert releases.pointer(lake, "prod") is None


def test_a_rollback_holds_the_pointer_until_a_person_resumes(lake: Bucket) -> None:
    first, second = candidate(lake), candidate(lake)
    releases.promote(lake, "prod", first)
    releases.promote(lake, "prod", second)
    pointer = releases.roll_back(lake, "prod", None, by="ana", reason="wrong prices")
    assert pointer.release == first
    assert pointer.held and (pointer.held.by, pointer.held.reason) == ("ana", "wrong prices")
    third = candidate(lake)
    assert releases.promote(lake, "prod", third) == (PromotionOutcome.HELD, first)
    assert releases.resume(lake, "prod") == (PromotionOutcome.PROMOTED, third)


def test_a_rollback_to_an_unknown_release_changes_nothing(lake: Bucket) -> None:
    first = candidate(lake)
    releases.promote(lake, "prod", first)
    with pytest.raises(PermanentError, match="000009-nothing does not exist"):
        releases.roll_back(lake, "prod", "000009-nothing", by="ana", reason="typo")
    assert releases.pointer(lake, "prod") == releases.Pointer(release=first)


def test_under_concurrent_promoters_the_newest_stays(lake: Bucket) -> None:
    made = [candidate(lake) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda release: releases.promote(lake, "prod", release), made))
    assert releases.current(lake, "prod").id == made[-1]


def test_a_release_edited_by_hand_is_refused(lake: Bucket) -> None:
    release = candidate(lake)
    objects.update(lake, f"releases/prod/{release}.json", lambda value: {**value, "revision": "edited"})
    with pytest.raises(PermanentError, match="does not match its name"):
        releases.read(lake, "prod", release)


def test_a_data_file_with_flipped_bits_is_refused(lake: Bucket) -> None:
    lake.blob("gold/sales/x.parquet").upload_from_string(b"flipped")
    file = releases.DataFile(path="gold/sales/x.parquet", digest="0" * 64, bytes=7, rows=1, fingerprint="f")
    with pytest.raises(PermanentError, match="does not match its digest"):
        releases.read_file(lake, file)
