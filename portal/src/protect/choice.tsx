// SPDX-License-Identifier: Apache-2.0
/* One question, a few large answers; pressing one goes on. */

import type { ComponentChildren } from "preact";
import { Heading } from "../island/parts";

export interface Answer {
  readonly label: string;
  readonly onChoose: () => void;
}

export function Choice(props: { readonly question: string; readonly note?: string; readonly answers: readonly Answer[]; readonly children?: ComponentChildren }) {
  return (
    <>
      <Heading>{props.question}</Heading>
      {props.note && <p>{props.note}</p>}
      <ul class="choices">
        {props.answers.map((answer) => (
          <li key={answer.label}>
            <button type="button" class="choice" onClick={answer.onChoose}>
              {answer.label}
            </button>
          </li>
        ))}
      </ul>
      {props.children}
    </>
  );
}
