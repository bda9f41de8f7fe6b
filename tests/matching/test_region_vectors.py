# SPDX-License-Identifier: Apache-2.0
"""What vectors/region_matching.json says holds here, and what it says is what was made: the portal is held to the same file."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillmine.matching.region_frames import points_through
from stillmine.matching.region_look import look, places, to_wire, verdict
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import located
from stillmine.matching.region_values import View, distances_between, query_regions, stored_regions
from stillmine.matching.region_words import describe
from vectors.makers.region_matching import scenes

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors/region_matching.json").read_text(encoding="utf-8")
)
SCENES = {scene.name: scene for scene in scenes()}


@pytest.mark.parametrize("vector", VECTORS["scenes"], ids=lambda vector: vector["name"])
def test_a_scene(vector: dict[str, Any]) -> None:
    stored = stored_regions(base64.b64decode(vector["stored"]))
    asked = vector["query"]
    views = [View(width, height, base64.b64decode(regions)) for width, height, regions in asked["views"]]
    query = query_regions(asked["width"], asked["height"], views)
    bits = distances_between(stored.hashes, query.hashes)
    pairs = np.argwhere(bits <= 31)
    assert [[*pair, bits[tuple(pair)]] for pair in pairs.tolist()] == vector["pairs"]
    found = located(stored, query, pairs, bits[bits <= 31])
    assert len(found) == len(vector["places"])
    for place, expected in zip(found, vector["places"], strict=True):
        assert np.allclose(place.map, expected["map"], rtol=1e-5, atol=1e-7)
        assert place.support == expected["support"]
        is_visible, frames = places(stored.frames, place.map, query.width, query.height)
        steps = to_wire(frames, query.width, query.height).astype(int) * is_visible[:, None]
        assert np.abs(steps - np.array(expected["frames"])).max() <= 1
        hashes = np.frombuffer(base64.b64decode(expected["hashes"]), np.uint8).reshape(-1, 32)
        seen = look(stored, is_visible, hashes)
        assert (seen.visible, seen.agreeing) == (expected["visible"], expected["agreeing"])
        assert (seen.share, seen.spread) == pytest.approx((expected["share"], expected["spread"]), rel=1e-5)
        assert verdict(seen) == expected["verdict"]
        made = describe(place.map, (stored.width, stored.height), (query.width, query.height))
        said = expected["transform"]
        assert (made.share, made.share_of_query) == pytest.approx((said["share"], said["share_of_query"]), rel=1e-4)
        assert (made.where, made.turned_degrees, made.is_mirrored) == (said["where"], said["turned_degrees"], said["is_mirrored"])
        assert made.stretched_percent == said["stretched_percent"]


@pytest.mark.parametrize("vector", VECTORS["scenes"], ids=lambda vector: vector["name"])
def test_what_is_found_is_what_was_made(vector: dict[str, Any]) -> None:
    scene = SCENES[vector["name"]]
    assert len(vector["places"]) == (scene.kept >= 2)
    for place in vector["places"]:
        kept = stored_regions(base64.b64decode(vector["stored"])).frames[: scene.kept, :2]
        off = points_through(np.array(place["map"]), kept) - points_through(scene.map, kept)
        assert np.abs(off).max() < 4
        assert place["support"] == scene.kept


@pytest.mark.parametrize("vector", VECTORS["implied"], ids=lambda vector: str(vector["turn"]))
def test_a_map_that_pdq_implies(vector: dict[str, Any]) -> None:
    left, top, right, bottom = vector["box"]
    made = implied_map(vector["width"], vector["height"], vector["turn"], (left, top, right, bottom))
    assert np.allclose(made, vector["map"], rtol=1e-5)
