// SPDX-License-Identifier: Apache-2.0
/* For whom a step of a plan is: what was answered decides, and what was not answered leaves nothing out. */

/** Return whether a step with the condition `who:known,unsure paid:has` is shown after these answers, by question. */
export function isShown(condition: string, answers: ReadonlyMap<string, string>): boolean {
  return condition
    .split(" ")
    .filter((part) => part !== "")
    .every((part) => {
      const [ask = "", wanted = ""] = part.split(":");
      const answer = answers.get(ask);
      return answer === undefined || wanted.split(",").includes(answer);
    });
}
