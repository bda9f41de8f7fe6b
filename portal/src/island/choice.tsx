// SPDX-License-Identifier: Apache-2.0
/* One question, a few large answers; pressing one goes on. */

import type { ComponentChildren } from "preact";
import { Heading } from "./parts";

export interface Answer {
  readonly label: string;
  readonly onChoose: () => void;
}

interface Props {
  readonly question: string;
  readonly note?: string;
  readonly answers: readonly Answer[];
  readonly children?: ComponentChildren;
  /** The page has its own first heading; the question is a part of it. */
  readonly isPart?: boolean;
}

export function Choice(props: Props) {
  return (
    <>
      {props.isPart ? <h2>{props.question}</h2> : <Heading>{props.question}</Heading>}
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
