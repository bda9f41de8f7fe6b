# SPDX-License-Identifier: Apache-2.0
"""Regions of a picture in the negative bank are held, under whatever file number they come, and when a list is added later."""

from collections.abc import Callable
from pathlib import Path

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import PartnerClient, Phone
from tests.exchange.region_parts import WHOLE, Picture, Upload, found
from tests.exchange.test_negative_bank import BANK, add, hashes, open_with, states, with_bits_changed

OWN, OTHER = Picture(1), Picture(2)


def test_regions_of_a_picture_in_the_bank_are_held(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None], tmp_path: Path
) -> None:
    add(exchange, hashes(tmp_path, with_bits_changed(str(OWN.pdq["value"]), 20)))
    case = open_with(
        phone, OWN.pdq, {**OWN.regions, "file_number": 2}, {**OTHER.pdq, "file_number": 3}, {**OTHER.regions, "file_number": 3}
    )
    assert states(case) == [("suspended", BANK), ("suspended", BANK), ("active", None), ("active", None)]
    follower()
    assert (found(partner, Upload([(OWN, WHOLE)])), len(found(partner, Upload([(OTHER, WHOLE)])))) == ([], 1)


def test_a_list_that_is_added_later_holds_them_too(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    from stillmine.exchange.quarantine.sweep import sweep

    open_with(phone, OWN.pdq, {**OWN.regions, "file_number": 2})
    add(exchange, hashes(tmp_path, str(OWN.pdq["value"])))
    assert sweep(exchange) == (2, 0)
    assert states(phone.show()) == [("suspended", BANK)] * 2
