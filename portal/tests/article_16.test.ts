// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { translator } from "../src/messages/translator";
import { article16Notice, type Article16Notice } from "../src/notice/article_16";
import { readRegime } from "../src/notice/load";
import { EMPTY_FIELDS, newNotice, type Fields, type Notice } from "../src/notice/notice";
import { missing } from "../src/notice/validate";
import { filesUnder, readText, wordsOf } from "./files";

interface Vectors {
  readonly made: readonly {
    readonly what: string;
    readonly fields: Partial<Fields>;
    readonly notice: Article16Notice;
  }[];
}

const { made } = JSON.parse(readText("vectors/article_16_notice.json")) as Vectors;
const contact = (id: string) => ({ id, name: id, country: "fi", phones: ["0800 1"], url: null });
const regimes = filesUnder("content/regimes", [".yaml"]).map((path) => readRegime(readText(path), contact));
const dsa = regimes.find(({ data }) => data === "article_16") ?? expect.fail("no regime has notices as data");
const english = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
const notice = (fields: Partial<Fields>, country = ""): Notice => ({
  ...newNotice(dsa.id, "", "Example Forum", country),
  fields: { ...EMPTY_FIELDS, ...fields },
});

describe("a notice under article 16 as data", () => {
  test.each(made.map(({ what, ...one }) => [what, one] as const))("%s", (_, one) => {
    expect(missing(notice(one.fields).fields, dsa)).toEqual([]);
    expect(article16Notice(notice(one.fields), dsa, english)).toEqual(one.notice);
  });

  test("says what is true of it and what a law of the country says, as the text does", () => {
    const fields = { ...made[0]?.fields, is_fake: true, states_no_consent: true };
    const { reasons, circumstances } = article16Notice(notice(fields, "ie"), dsa, english);
    expect(circumstances).toEqual(["is_fake"]);
    for (const said of [english.t("notice.text.is_fake"), "In Ireland", english.t("notice.text.no_consent")])
      expect(reasons).toContain(said);
  });

  test("is not made of what nobody stated", () => {
    expect(() => article16Notice(notice({ ...made[0]?.fields, states_accurate: false }), dsa, english)).toThrow();
  });

  test("is for the Digital Services Act alone", () => {
    expect(regimes.filter(({ data }) => data !== null).map(({ id }) => id)).toEqual(["eu_dsa"]);
  });
});
