// SPDX-License-Identifier: Apache-2.0
// What is looked at: blurred, grey, muted and paused at first. Nothing is fetched before the blur is known to work.

import { element, worded } from "./words.js";

let player = null; // the picture or video on the page
let mediaUrl = null; // its newest address
let spans = []; // what of it matched
let spanNumber = -1;

const NAMES = { image: "img", video: "video" };

export function show(shown) {
  spans = shown.match.matched_spans;
  mediaUrl = shown.media_url;
  tryKinds(shown.media_kinds, shown.match.content_id === null ? "no_content_id" : "no_media");
}

export function renew(url) {
  mediaUrl = url;
}

function tryKinds([kind, ...others], otherwise) {
  const frame = element("media");
  element("media-note").textContent = "";
  if (kind === undefined || mediaUrl === null) {
    frame.hidden = true;
    element("media-tools").hidden = true;
    element("media-note").textContent = worded(otherwise);
    return;
  }
  frame.hidden = false;
  element("media-tools").hidden = false;
  player = document.createElement(NAMES[kind]);
  player.referrerPolicy = "no-referrer";
  player.draggable = false;
  if (kind === "video") {
    Object.assign(player, { muted: true, playsInline: true, preload: "metadata", disablePictureInPicture: true, disableRemotePlayback: true });
    player.setAttribute("aria-label", worded("media_alt"));
    player.addEventListener("play", paint);
    player.addEventListener("pause", paint);
  } else {
    player.alt = worded("media_alt");
  }
  frame.replaceChildren(player);
  if (!getComputedStyle(player).filter.includes("blur(")) {
    frame.replaceChildren();
    player = null;
    element("media-note").textContent = worded("no_blur");
    return;
  }
  const own = player;
  own.addEventListener("error", () => own === player && (own.dataset.loaded ? again(own) : tryKinds(others, otherwise)));
  own.addEventListener(kind === "video" ? "loadedmetadata" : "load", () => (own.dataset.loaded = "yes"));
  own.src = mediaUrl;
  paint();
}

function again(video) {
  // Its address has run out: go on under the newest one, once.
  if (video.dataset.again !== mediaUrl) {
    const place = video.currentTime;
    video.dataset.again = mediaUrl;
    video.src = mediaUrl;
    video.currentTime = place;
  }
}

export function forget() {
  player?.removeAttribute("src"); // ends a download too
  player?.remove();
  player = null;
  mediaUrl = null;
  spans = [];
  spanNumber = -1;
  cover();
}

export function cover() {
  element("media").classList.add("is-blurred", "is-grey");
  if (player instanceof HTMLVideoElement) {
    player.muted = true;
    player.pause();
  }
  paint();
}

function paint() {
  const classes = element("media").classList;
  const isVideo = player instanceof HTMLVideoElement;
  const label = (id, name) => (element(id).firstElementChild.textContent = worded(name));
  label("blur", classes.contains("is-blurred") ? "blur_on" : "blur_off");
  label("grey", classes.contains("is-grey") ? "grey_on" : "grey_off");
  label("sound", isVideo && !player.muted ? "sound_on" : "sound_off");
  label("play", isVideo && !player.paused ? "stop" : "play");
  element("sound").hidden = element("play").hidden = !isVideo;
  element("spans").hidden = !isVideo;
}

export function toggle(name) {
  element("media").classList.toggle(name);
  paint();
}

export function toggleSound() {
  if (player instanceof HTMLVideoElement) {
    player.muted = !player.muted;
    paint();
  }
}

export function togglePlay() {
  if (player instanceof HTMLVideoElement) {
    if (player.paused) {
      player.play().catch(() => paint());
    } else {
      player.pause();
    }
  }
}

export function jump(number) {
  if (player instanceof HTMLVideoElement && spans.length > 0) {
    spanNumber = number % spans.length;
    player.currentTime = spans[spanNumber].upload_start_seconds;
  }
}

export function jumpOn() {
  jump(spanNumber + 1);
}

export function blurAgain() {
  element("media").classList.add("is-blurred");
  paint();
}
