// SPDX-License-Identifier: Apache-2.0
/* The few parts that every step is made of. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ErrorCode } from "../wire/requests";
import { useWords } from "./words";

/** Whether something was shown before: the first heading of a page leaves the reader's place alone. */
let isFirstHeading = true;

/** A step's heading; a new step begins at its top, for eyes and for screen readers. */
export function Heading({ children }: { readonly children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (!isFirstHeading) {
      heading.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    isFirstHeading = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** The way back to the step before; nothing is lost by it. */
export function BackButton({ onBack }: { readonly onBack: () => void }) {
  const { t } = useWords();
  return (
    <button type="button" class="button plain back" onClick={onBack}>
      {t("protect.back")}
    </button>
  );
}

/** Something did not work: what, and what to do. Read out at once. */
export function Problem({ children }: { readonly children: ComponentChildren }) {
  const { t } = useWords();
  return (
    <div class="notice problem" role="alert">
      <h2>{t("error.title")}</h2>
      <p>{children}</p>
    </div>
  );
}

/** The words of an error that the exchange or the connection gave. */
export function ExchangeProblem({ code }: { readonly code: ErrorCode }) {
  const { t } = useWords();
  return (
    <div data-error={code}>
      <Problem>{t(`error.${code}`)}</Problem>
    </div>
  );
}

/** A button that can't be used yet says why when pressed, instead of being dead. */
export function ActionButton(props: {
  readonly label: string;
  readonly isBusy?: boolean;
  /** The first thing to do on a page, or one of several. */
  readonly kind?: "first" | "second";
  readonly onPress: () => void;
}) {
  return (
    <button
      type="button"
      class={props.kind === "second" ? "button second" : "button"}
      aria-disabled={props.isBusy ? "true" : undefined}
      onClick={() => !props.isBusy && props.onPress()}
    >
      {props.label}
    </button>
  );
}
