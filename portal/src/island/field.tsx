// SPDX-License-Identifier: Apache-2.0
/* A field to type in, with its label. Nothing that is typed or pasted is cut short: what is too long is said when it is kept. */

import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: "text" | "email" | "tel" | "password" | "datetime-local" | "date";
  readonly note?: string;
  readonly isLong?: boolean;
  readonly name?: string;
}

/** One line, or several with `isLong`. Browsers are asked not to remember what is typed. */
export function Field({ label, value, onChange, type = "text", note, isLong = false, name }: FieldProps) {
  const id = useId();
  const oneType = type as "text"; // the library types each kind of input apart; all of ours take and give a text
  const described = note === undefined ? {} : { "aria-describedby": `${id}-note` };
  return (
    <div class="field-row">
      <label class="field-label" for={id}>
        {label}
      </label>
      {note !== undefined && (
        <p class="small soft" id={`${id}-note`}>
          {note}
        </p>
      )}
      {isLong ? (
        <textarea
          class="field text-field"
          id={id}
          rows={4}
          dir="auto"
          autocomplete="off"
          spellcheck={false}
          data-field={name}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
          {...described}
        />
      ) : (
        <input
          class="field text-field"
          id={id}
          type={oneType}
          dir={type === "text" ? "auto" : undefined}
          autocomplete="off"
          spellcheck={false}
          data-field={name}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
          {...described}
        />
      )}
    </div>
  );
}
