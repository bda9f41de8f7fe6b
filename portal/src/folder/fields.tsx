// SPDX-License-Identifier: Apache-2.0
/* Fields of the folder's forms. Nothing that is typed or pasted is cut short: what is too long is said when it is kept. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export function Tick({
  label,
  checked,
  onChange,
  name,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly name?: string;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        data-field={name}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
  readonly note?: string;
  readonly name?: string;
}

export function Select({ label, value, options, onChange, note, name }: SelectProps) {
  const id = useId();
  return (
    <div class="field-row">
      <label class="field-label" for={id}>
        {label}
      </label>
      {note !== undefined && <p class="small soft">{note}</p>}
      <select
        class="select"
        id={id}
        autocomplete="off"
        data-field={name}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

/** One of a few, all of them to be seen. */
export function Options({ label, value, options, onChange, name }: SelectProps) {
  const id = useId();
  return (
    <fieldset class="options" data-field={name}>
      <legend class="field-label">{label}</legend>
      {options.map(([option, text]) => (
        <label class="check" key={option}>
          <input type="radio" name={id} checked={option === value} onChange={() => onChange(option)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Something to know before going on; read out at once. */
export function Slip({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="slip" role="alert">
      {children}
    </p>
  );
}
