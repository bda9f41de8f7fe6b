// SPDX-License-Identifier: Apache-2.0
// The desk of one reviewer: one match at a time, blurred, grey and muted at first, by keys alone if wanted.
// Nothing is fetched before the blur is known to work, nothing is kept, and no address names a match.

import { blurAgain, cover, forget, jump, jumpOn, renew, show, toggle, togglePlay, toggleSound } from "./media.js";
import { element, worded } from "./words.js";

const token = document.body.dataset.token;
const LOOK_MILLISECONDS = 15_000;
const HELD_MILLISECONDS = 400;
const DECISIONS = [
  ["removed", null],
  ["not_removed", "not_the_same"],
  ["not_removed", "not_intimate"],
  ["not_removed", "not_against_rules"],
  ["not_removed", "already_gone"],
];
const VOTES = [
  ["vote_none", null, null],
  ["vote_agree", "agree", null],
  ["vote_not_the_same", "disagree", "not_the_same"],
  ["vote_not_intimate", "disagree", "not_intimate"],
  ["vote_not_against_rules", "disagree", "not_against_rules"],
  ["vote_lawful_publication", "disagree", "lawful_publication"],
];

let shown = null; // what is looked at
let onEnter = null; // what Enter does while a message is shown
let mayPoll = false;
let isBusy = false;
let hasKeys = true;
let undoUntil = 0;
let restUntil = 0;

function say(name, values) {
  element("notice").textContent = name ? worded(name, values) : "";
}

// --- asking the service ---

async function ask(path, body) {
  const headers = { "Stillmine-Review-Token": token, "Content-Type": "application/json" };
  const answer = await fetch(`desk/${path}`, { method: "POST", headers, body: body === undefined ? "{}" : JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) {
    throw Object.assign(new Error(said.code), { code: said.code });
  }
  return said;
}

async function act(path, { body, done, late } = {}) {
  if (isBusy) {
    return;
  }
  isBusy = true;
  try {
    const desk = await ask(path, body);
    take(desk, desk.was_done ? done : late);
  } catch (error) {
    await failed(error);
  } finally {
    isBusy = false;
  }
}

async function failed(error) {
  if (error.code === "review_signed_out") {
    message("signed_out", "signed_out_text", "sign_in_button", () => location.reload());
  } else if (error.code === "match_decided_meanwhile") {
    take(await ask("look"), "decided_meanwhile");
  } else if (error.code) {
    say("refused");
  } else {
    say("no_answer");
  }
}

async function poll() {
  if (mayPoll && !isBusy && document.visibilityState === "visible") {
    try {
      take(await ask("look"), undefined, { isPoll: true });
    } catch (error) {
      if (error.code) {
        await failed(error);
      }
    }
  }
}

// --- what is shown ---

function take(desk, notice, { isPoll = false } = {}) {
  const many = desk.waiting >= 1000;
  element("counts").textContent =
    worded(many ? "waiting_many" : "waiting", { n: desk.waiting }) +
    " · " +
    worded("until_break", { n: Math.min(desk.decided, desk.break_after), all: desk.break_after });
  element("away").hidden = !desk.is_exchange_away;
  undoUntil = Date.now() + desk.undo_seconds * 1000;
  tick();
  if (desk.view === "break") {
    return rest(desk.rest_seconds, notice);
  }
  restUntil = 0;
  const before = shown;
  const now = desk.shown;
  const isSame = before && now && before.match.match_id === now.match.match_id && before.match.is_withdrawn === now.match.is_withdrawn;
  if (isPoll && isSame) {
    renew(now.media_url);
    return undefined;
  }
  if (isPoll && !before && !now) {
    return undefined;
  }
  const isTakenBack = isPoll && before && now && before.match.match_id === now.match.match_id;
  say(isTakenBack ? "withdrawn_meanwhile" : isPoll && before ? "vanished" : notice);
  if (now === null) {
    message("empty", "empty_text", null, null, { isPolled: true });
  } else if (now.match.is_withdrawn) {
    withdrawn(now);
  } else {
    look(now);
  }
  return undefined;
}

function message(heading, text, button, act, { isPolled = false, isReady = true } = {}) {
  leave();
  element("looking").hidden = true;
  element("message").hidden = false;
  element("message-heading").textContent = worded(heading);
  element("message-text").textContent = worded(text);
  const shownButton = element("message-button");
  shownButton.hidden = button === null;
  shownButton.textContent = button === null ? "" : worded(button);
  shownButton.setAttribute("aria-disabled", String(!isReady));
  onEnter = act;
  mayPoll = isPolled;
  element("message-heading").focus();
}

function withdrawn(now) {
  const close = { match_id: now.match.match_id, review: { version: 1, decision: "not_removed", reason: "not_against_rules" } };
  message("withdrawn", "withdrawn_text", "withdrawn_button", () => act("decide", { body: close, done: "recorded" }), { isPolled: true });
  shown = now;
}

function rest(seconds, notice) {
  const isNew = restUntil === 0;
  restUntil = Date.now() + seconds * 1000;
  if (isNew) {
    say(notice);
    message("break", "break_text", "go_on", () => Date.now() >= restUntil && act("go-on"), { isReady: false });
  }
  tick();
}

function look(now) {
  leave();
  shown = now;
  onEnter = null;
  mayPoll = true;
  element("message").hidden = true;
  element("looking").hidden = false;
  const form = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC", hourCycle: "h23" };
  const when = new Intl.DateTimeFormat(document.documentElement.lang, form);
  element("heading").textContent = worded("heading", { when: when.format(new Date(now.match.matched_at)) });
  element("decide").reset();
  element("facts").replaceChildren(...facts(now).flatMap(([name, text]) => [made("dt", worded(name)), made("dd", text)]));
  element("spans").replaceChildren(...now.match.matched_spans.map(spanButton));
  show(now);
  element("heading").focus();
}

function leave() {
  shown = null;
  forget();
}

function facts({ match, together, is_by_sound_alone: isBySoundAlone }) {
  const turned = [null, "original"].includes(match.variant) ? "" : worded(`variant_${match.variant}`);
  const notes = [
    isBySoundAlone && worded("sound_alone"),
    match.is_flagged && worded("flagged"),
    match.is_in_own_negative_bank && worded("negative_bank"),
    match.is_synthetic && worded("synthetic"),
    match.is_withdrawn === null && worded("perhaps_withdrawn"),
    together > 1 && worded("together", { n: together }),
  ].filter(Boolean);
  return [
    ["source", match.source === "exchange" ? "" : match.source],
    ["content_id", match.content_id ?? worded("no_content_id")],
    ["how", [worded(`class_${match.match_class}`), worded(`kind_${match.kind}`), turned].filter(Boolean).join(" ")],
    ["where", match.transform?.words ?? ""],
    ["undone", match.undone.map((word) => worded(`undone_${word}`)).join(", ")],
    ["note", notes.join(" ")],
  ].filter(([, text]) => text);
}

function made(name, text) {
  const created = document.createElement(name);
  created.textContent = text;
  return created;
}

function spanButton(span, number) {
  const seconds = (value) => String(Math.round(value * 10) / 10);
  const button = made("button", worded("span", { start: seconds(span.upload_start_seconds), end: seconds(span.upload_end_seconds) }));
  button.type = "button";
  if (number === 0) {
    button.append(" ", made("kbd", "j"));
  }
  button.addEventListener("click", () => jump(number));
  return button;
}

// --- deciding ---

function radios(place, name, texts, key) {
  element(place).replaceChildren(
    ...texts.map((text, number) => {
      const label = made("label", "");
      const input = document.createElement("input");
      label.className = "choice";
      Object.assign(input, { type: "radio", name, value: String(number), defaultChecked: name === "vote" && number === 0 });
      label.append(input, made("span", worded(text)));
      if (key) {
        label.append(made("kbd", String(number + 1)));
      }
      return label;
    }),
  );
}

function choose(name, number) {
  const input = element("decide").elements[name][number];
  input.checked = true;
  say(null);
  element("notice").textContent = input.labels[0].querySelector("span").textContent;
}

function nextVote() {
  const votes = element("decide").elements.vote;
  choose("vote", (Number(votes.value) + 1) % VOTES.length);
}

function record() {
  const chosen = element("decide").elements.decision.value;
  if (chosen === "") {
    say("choose_first");
    return;
  }
  const [decision, reason] = DECISIONS[Number(chosen)];
  const [, vote, voteReason] = VOTES[Number(element("decide").elements.vote.value)];
  const review = { version: 1, decision, reason, vote, vote_reason: voteReason };
  act("decide", { body: { match_id: shown.match.match_id, review }, done: "recorded" });
}

function undo() {
  act("undo", { done: "undone_done", late: "undone_late" });
}

async function pause() {
  if (isBusy) {
    return;
  }
  message("paused", "paused_text", "go_on", () => act("look"));
  say(null);
  try {
    await ask("pause");
  } catch (error) {
    await failed(error);
  }
}

function help() {
  element("switch-keys").textContent = worded(hasKeys ? "keys_on" : "keys_off");
  element("keys").showModal();
}

// --- keys ---

let blurHeldSince = null;

const KEYS = {
  g: () => toggle("is-grey"),
  m: toggleSound,
  k: togglePlay,
  j: jumpOn,
  v: nextVote,
  ...Object.fromEntries(DECISIONS.map((_, number) => [String(number + 1), () => choose("decision", number)])),
};

function pressed(event) {
  const isOther = event.ctrlKey || event.metaKey || event.altKey || element("keys").open;
  if (isOther || (!hasKeys && event.key !== "Enter")) {
    return;
  }
  const isLooking = !element("looking").hidden;
  if (event.key === "Enter") {
    enter(event);
  } else if (event.key === "u") {
    undo();
  } else if (event.key === "p") {
    pause();
  } else if (event.key === "?") {
    help();
  } else if (event.key === "b" && isLooking && !event.repeat) {
    blurHeldSince = event.timeStamp;
    toggle("is-blurred");
  } else if (isLooking && !event.repeat && Object.hasOwn(KEYS, event.key)) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function enter(event) {
  if (event.repeat || event.target.closest("button, a")) {
    return; // Enter presses it
  }
  event.preventDefault();
  if (onEnter) {
    onEnter();
  } else if (!element("looking").hidden) {
    record();
  }
}

function released(event) {
  if (event.key === "b" && blurHeldSince !== null) {
    if (event.timeStamp - blurHeldSince > HELD_MILLISECONDS) {
      blurAgain();
    }
    blurHeldSince = null;
  }
}

// --- time ---

function tick() {
  const seconds = Math.ceil((undoUntil - Date.now()) / 1000);
  const isFocused = document.activeElement === element("undo");
  element("undo").hidden = seconds <= 0;
  element("undo-seconds").textContent = worded("undo_seconds", { n: seconds });
  if (seconds <= 0 && isFocused) {
    element("main").focus();
  }
  if (restUntil > 0) {
    const left = Math.ceil((restUntil - Date.now()) / 1000);
    const button = element("message-button");
    const wasReady = button.getAttribute("aria-disabled") === "false";
    button.setAttribute("aria-disabled", String(left > 0));
    button.textContent = left > 0 ? worded("break_seconds", { n: left }) : worded("go_on");
    if (left <= 0 && !wasReady) {
      say("break_over");
    }
  }
}

radios("decisions", "decision", ["removed", "not_the_same", "not_intimate", "not_against_rules", "already_gone"], true);
radios("votes", "vote", VOTES.map(([name]) => name), false);
element("decide").addEventListener("submit", (event) => {
  event.preventDefault();
  record();
});
element("message-button").addEventListener("click", () => onEnter?.());
element("blur").addEventListener("click", () => toggle("is-blurred"));
element("grey").addEventListener("click", () => toggle("is-grey"));
element("sound").addEventListener("click", toggleSound);
element("play").addEventListener("click", togglePlay);
element("undo").addEventListener("click", undo);
element("pause").addEventListener("click", pause);
element("help").addEventListener("click", help);
element("close-keys").addEventListener("click", () => element("keys").close());
element("switch-keys").addEventListener("click", () => {
  hasKeys = !hasKeys;
  element("switch-keys").textContent = worded(hasKeys ? "keys_on" : "keys_off");
});
document.addEventListener("keydown", pressed);
document.addEventListener("keyup", released);
document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? cover() : poll()));
window.addEventListener("pagehide", leave);
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
setInterval(poll, LOOK_MILLISECONDS);
setInterval(tick, 1000);
say("loading");
act("look");
