// SPDX-License-Identifier: Apache-2.0
/*
 * When regions lie alike, and when a copy is found by them: the server's own numbers.
 * Made by tools/portal_limits.py from stillmine.matching; change it there and run the tool.
 */

/** Pixels of each view that is asked about first, and how many regions of it. */
export const VIEWS = [[65_536, 100], [262_144, 200]] as const;
/** Root of the area, in pixels, to which pictures are scaled. */
export const SMALL_SIDE = 256;
/** Of a whole turn. */
export const ANGLES = 256;
/** Of width and height, in which a region's centre is counted. */
export const PLACES = 4_096;
/** In pixels: what a radius byte of 0 stands for. */
export const RADIUS_UNIT = 6;
export const RADII_A_DOUBLING = 48;
/** What a map divides by at a place that is looked at: more than this. */
export const NEAREST_DEPTH = 0.2;
/** Of the vote, nearest first. */
export const MAXIMUM_PAIRS = 256;
/** No further place is tried once so many agree on one. */
export const ENOUGH_PAIRS = 12;
export const MAXIMUM_GROUPS = 3;
/** Of the query region's radius. */
export const CENTRE_ERROR = 0.35;
/** Between the area that one pair expects of another and the area it has, either way. */
export const AREA_RATIO = 2;
/** Of the angle between the expected direction and the one it has. */
export const TURN_COSINE = 0.9;
/** Largest part of stretching, of turning and scaling. */
export const STRETCH = 0.25;
/** Bits in which a region may differ that is where it should be. */
export const GUIDED_DISTANCE = 80;
/** Different regions that agree in the vote are a candidate. */
export const MINIMUM_VOTED = 2;
/** Where none do: so many that lie where one pair says. */
export const MINIMUM_SUPPORT = 3;
/** Pairs looked at, nearest in bits first. */
export const MAXIMUM_GUIDED = 4_096;
/** How far from where it should be, in radii, a region may lie, in each round. */
export const ROUNDS = [0.5, 0.35, 0.35, 0.35] as const;
export const PERSPECTIVE_FROM_ROUND = 2;
/** Without so many stored regions the map stays affine. */
export const PERSPECTIVE_PAIRS = 6;
export const GUIDED_AREA_RATIO = 2.5;
/** Of what a region's size and direction say, beside what its centre says. */
export const AXES_WEIGHT = 0.3;
/** In radii; what lies further off counts less and less. */
export const USUAL_ERROR = 0.12;
/** Steps of fitting. */
export const REWEIGHTED = 3;
/** How much is paid, in radii, for perspective that no region asks for. */
export const FLATNESS = 0.3;
/** How far a refined map may move the regions of the vote, in radii. */
export const LARGEST_MOVE = 0.6;
/** How often it may change their area, either way. */
export const LARGEST_CHANGE = 2.5;
/** Up to this a region is there, */
export const THERE_BITS = 48;
/** from this on it is missing, between them it is there in part. */
export const MISSING_BITS = 104;
/** Up to this it counts as one that agrees. */
export const AGREEING_BITS = 56;
/** For a match: the least share times spread, */
export const MATCH_EVIDENCE = 0.45;
/** the least number of regions that agree, */
export const MATCH_AGREEING = 6;
/** and of those that lie apart. */
export const MATCH_APART = 4;
/** For a person to look at: the least share, */
export const PART_SHARE = 0.32;
/** that where fewer agree, */
export const FEW_SHARE = 0.8;
/** and their least number. */
export const FEW_AGREEING = 4;
/** In pixels, below which a place says nothing. */
export const SMALLEST_RADIUS = 6;
/** Part of its radius by which a place may reach beyond the picture. */
export const OUTSIDE = 0.15;
/** Of width and height, in a frame as the kernel takes it: six numbers of 16 bits. */
export const STEPS = 8_192;
export const MOST_STEPS = 32_767;
/** By as many, into which a stored picture is divided to measure areas. */
export const CELLS = 64;
