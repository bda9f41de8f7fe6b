// SPDX-License-Identifier: Apache-2.0
/*
 * "Will this reach Instagram?": the page holds a card for each site; this shows those that the person names, says who takes part here, and
 * keeps her list. What she names is in no request and no address: the exchange is asked for all partners at once.
 */

import { pageTranslator } from "../messages/page_words";
import { showForPlace } from "../place/place";
import { fetchNamedPartners } from "../wire/requests";
import type { NamedPartner } from "../wire/types";
import { areSitesKept, keepSites, keptSites, siteName } from "./remembered";
import { saidOfAll, saidOfSite } from "./takes_part";

/** So many buttons stand there before anything is typed. */
const FIRST = 8;
const OTHER = "other:";

function found(within: ParentNode, name: string): HTMLElement {
  const part = within.querySelector<HTMLElement>(`[data-${name}]`);
  if (!part) throw new Error(`the page has no ${name}`);
  return part;
}

function input(within: ParentNode, name: string): HTMLInputElement {
  const part = found(within, name);
  if (!(part instanceof HTMLInputElement)) throw new Error(`${name} is no input`);
  return part;
}

class SitesPage {
  private readonly words = pageTranslator();
  private readonly cards: HTMLElement;
  private readonly search: HTMLInputElement;
  private readonly picks: readonly HTMLButtonElement[];
  private readonly keep: HTMLInputElement;
  private named: readonly NamedPartner[] | null = null;
  private wasAsked = false;

  constructor(private readonly root: HTMLElement) {
    this.cards = found(root, "site-cards");
    this.search = input(root, "site-search");
    this.picks = [...root.querySelectorAll<HTMLButtonElement>("[data-pick]")];
    this.keep = input(root, "keep-sites");
  }

  begin(): void {
    for (const part of this.root.querySelectorAll<HTMLElement>("[data-sites-script]")) part.hidden = false;
    const kept = keptSites();
    this.keep.checked = kept !== null;
    for (const card of this.every()) card.hidden = !(kept?.sites.includes(card.dataset["site"] ?? "") ?? false);
    for (const name of kept?.others ?? []) this.addOther(name);
    for (const box of this.boxes()) box.checked = kept?.done.includes(box.dataset["mark"] ?? "") ?? false;
    for (const pick of this.picks) pick.addEventListener("click", () => this.turn(pick));
    this.search.addEventListener("input", () => this.showPicks());
    found(this.root, "add-other").addEventListener("click", () => this.addTyped());
    found(this.root, "print-sites").addEventListener("click", () => print());
    this.keep.addEventListener("change", () => this.switchKeeping());
    this.root.addEventListener("change", () => this.store());
    this.root.addEventListener("click", (event) => this.drop(event));
    this.showAll();
    this.askWhenSeen();
  }

  private every(): readonly HTMLElement[] {
    return [...this.cards.querySelectorAll<HTMLElement>("[data-site]")];
  }

  private boxes(): readonly HTMLInputElement[] {
    return [...this.root.querySelectorAll<HTMLInputElement>("[data-mark]")];
  }

  private card(id: string): HTMLElement | undefined {
    return this.every().find((card) => card.dataset["site"] === id);
  }

  private turn(pick: HTMLButtonElement): void {
    const card = this.card(pick.dataset["pick"] ?? "");
    if (!card) return;
    card.hidden = !card.hidden;
    if (!card.hidden) this.cards.append(card);
    this.showAll();
    this.store();
  }

  /** What is not on the list gets a card of its own; a name that is on it gets that card. */
  private addTyped(): void {
    const name = siteName(this.search.value);
    if (name === "") return;
    const known = this.picks.find((pick) => pick.textContent.trim().toLowerCase() === name.toLowerCase());
    const card = known === undefined ? this.addOther(name) : this.card(known.dataset["pick"] ?? "");
    if (card) card.hidden = false;
    this.search.value = "";
    this.showAll();
    this.store();
  }

  private addOther(name: string): HTMLElement | undefined {
    const id = `${OTHER}${name.toLowerCase()}`;
    const before = this.card(id);
    if (before) return before;
    const template = found(this.root, "other-site");
    const made =
      template instanceof HTMLTemplateElement ? template.content.querySelector<HTMLElement>("[data-site]") : null;
    if (!made) return undefined;
    const card = document.importNode(made, true);
    card.dataset["site"] = id;
    for (const part of card.querySelectorAll("[data-site-name]")) part.textContent = name;
    for (const box of card.querySelectorAll<HTMLElement>("[data-mark]"))
      box.dataset["mark"] = `${id}.${box.dataset["mark"] ?? ""}`;
    this.cards.append(card);
    showForPlace(card);
    return card;
  }

  private drop(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest("[data-drop]") : null;
    const card = button?.closest<HTMLElement>("[data-site]");
    if (!card) return;
    for (const box of card.querySelectorAll<HTMLInputElement>("[data-mark]")) box.checked = false;
    if (card.dataset["site"]?.startsWith(OTHER)) card.remove();
    else card.hidden = true;
    this.showAll();
    this.store();
    this.search.focus();
  }

  private shown(): readonly HTMLElement[] {
    return this.every().filter((card) => !card.hidden);
  }

  private showAll(): void {
    const count = this.shown().length;
    found(this.root, "sites-count").textContent = this.words.plural("sites.count", count);
    found(this.root, "sites-list").hidden = count === 0;
    this.showPicks();
    this.showNamed();
  }

  private showPicks(): void {
    const typed = this.search.value.trim().toLowerCase();
    this.picks.forEach((pick, place) => {
      const isOn = !(this.card(pick.dataset["pick"] ?? "")?.hidden ?? true);
      pick.setAttribute("aria-pressed", String(isOn));
      pick.parentElement?.toggleAttribute(
        "hidden",
        !isOn && (typed === "" ? place >= FIRST : !pick.textContent.toLowerCase().includes(typed)),
      );
    });
    found(this.root, "add-other").hidden = typed === "";
  }

  private showNamed(): void {
    if (!this.wasAsked) return;
    const all = saidOfAll(this.named);
    found(this.root, "named").textContent = this.words.t(all.key, all.values);
    for (const card of this.shown()) {
      const line = found(card, "here");
      const said = saidOfSite(card.dataset["site"] ?? "", this.named);
      line.textContent = this.words.t(said.key, said.values);
      line.classList.toggle("is-yes", said.isReached);
      line.hidden = false;
    }
  }

  /** Within a fold nobody is asked before it is opened. */
  private askWhenSeen(): void {
    const fold = this.root.closest("details");
    if (fold === null || fold.open) void this.ask();
    else fold.addEventListener("toggle", () => void this.ask(), { once: true });
  }

  private async ask(): Promise<void> {
    try {
      this.named = (await fetchNamedPartners()).partners;
    } catch {
      this.named = null;
    }
    this.wasAsked = true;
    this.showNamed();
  }

  private switchKeeping(): void {
    if (this.keep.checked) this.store();
    else this.say(keepSites(null));
  }

  /** What was kept before stays kept where this was not, and the switch says so. */
  private say(isKept: boolean): void {
    found(this.root, "sites-refused").hidden = isKept;
    if (!isKept) this.keep.checked = areSitesKept();
  }

  private store(): void {
    if (!this.keep.checked) return;
    const ids = this.shown().map((card) => card.dataset["site"] ?? "");
    const names = this.shown().filter((card) => card.dataset["site"]?.startsWith(OTHER));
    const isKept = keepSites({
      sites: ids.filter((id) => !id.startsWith(OTHER)),
      others: names.map((card) => found(card, "site-name").textContent),
      done: this.boxes().flatMap((box) => (box.checked ? [box.dataset["mark"] ?? ""] : [])),
    });
    this.say(isKept);
  }
}

for (const root of document.querySelectorAll<HTMLElement>("[data-sites]")) new SitesPage(root).begin();
