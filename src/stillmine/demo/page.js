// SPDX-License-Identifier: Apache-2.0
// Sends each picked picture to the platform and says what became of it; a reviewer's two buttons stand beside a stopped one.

const uploads = document.querySelector("#uploads");
const picker = document.querySelector("#file");

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function reviewButton(entry, match, label, review, done) {
  const button = element("button", label, entry);
  button.addEventListener("click", async () => {
    for (const each of entry.querySelectorAll("button")) each.disabled = true;
    const answer = await fetch(`/review/${match.match_id}`, { method: "POST", body: JSON.stringify({ version: 1, ...review }) });
    element("p", answer.ok ? done : "The decision was not taken. Try again.", entry);
    if (!answer.ok) for (const each of entry.querySelectorAll("button")) each.disabled = false;
  });
}

function show(entry, result) {
  if (result.outcome === "match") {
    const [match] = result.matches;
    const undone = [...match.undone, ...(match.variant && match.variant !== "original" ? [match.variant] : [])];
    const how = undone.length === 0 ? "" : ` after undoing: ${undone.join(", ").replaceAll("_", " ")}`;
    const seen = match.transform ? ` (it shows: ${match.transform.words})` : "";
    const near = match.distance_bucket ? ` (bits that differ: ${match.distance_bucket}${how})` : seen;
    entry.className = "stopped";
    element("strong", "Stopped.", entry);
    element("span", `It is near a fingerprint that someone asked to have stopped${near}. A reviewer decides:`, entry);
    element("br", "", entry);
    reviewButton(entry, match, "Remove it", { decision: "removed" }, "Removed. The person sees this in their case.");
    reviewButton(entry, match, "Not the same picture", { decision: "not_removed", reason: "not_the_same" }, "Left up. The person sees why.");
  } else if (result.outcome === "no_match") {
    entry.className = "accepted";
    element("strong", "Accepted.", entry);
    element("span", "It is near no fingerprint that someone asked to have stopped. (This pretend platform forgets it at once.)", entry);
  } else {
    element("strong", "Not screened.", entry);
    element("span", `The platform decides by other means. Reason: ${result.reason ?? result.code ?? "unknown"}.`, entry);
  }
}

picker.addEventListener("change", async () => {
  for (const file of picker.files) {
    const entry = document.createElement("li");
    uploads.prepend(entry);
    const waiting = element("span", "Checking…", entry);
    try {
      const answer = await fetch("/upload", { method: "POST", body: file });
      const result = await answer.json();
      waiting.remove();
      show(entry, result);
    } catch {
      waiting.textContent = "The platform did not answer. Is the demo still running?";
    }
  }
  picker.value = "";
});
