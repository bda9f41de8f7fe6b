// SPDX-License-Identifier: Apache-2.0
/*
 * A look at a chosen file, only when the person asks for it, because someone may stand behind them. Nothing plays by
 * itself, and a video begins without its sound. The address lives in memory and ends with the look.
 */

import { useEffect, useState } from "preact/hooks";
import type { FileType } from "../fingerprint/made";
import { useWords } from "./words";

/** A file that this browser can't look into can't be shown either. */
export function canLook(file: Blob, type: FileType): boolean {
  return type !== "other" && file.size > 0;
}

interface Props {
  readonly file: Blob;
  readonly type: FileType;
  readonly label: string;
}

export function Look({ file, type, label }: Props) {
  const { t } = useWords();
  const [address, setAddress] = useState<string | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  if (address === null) return null;
  if (hasFailed) return <p role="status">{t("protect.files.not_shown")}</p>;
  const fail = (): void => setFailed(true);
  switch (type) {
    case "video":
      return (
        <video
          class="look"
          src={address}
          aria-label={label}
          controls
          muted
          preload="metadata"
          playsInline
          onError={fail}
        />
      );
    case "sound":
      // eslint-disable-next-line jsx-a11y-x/media-has-caption -- a person's own file, shown to that person: nobody wrote captions for it
      return <audio class="look" src={address} aria-label={label} controls preload="metadata" onError={fail} />;
    default:
      return <img class="look" src={address} alt={label} onError={fail} />;
  }
}
