// SPDX-License-Identifier: Apache-2.0
/* The device's own way to choose files: gallery, camera, recorder, folders. Several at once. */

import { useWords } from "../island/words";

/** Some systems know no type for these, so they are named by their endings too. */
const ACCEPTED = [
  ...["image/*", "video/*", "audio/*"],
  ...[".heic", ".heif", ".avif", ".webp", ".jxl", ".tif", ".tiff"],
  ...[".mkv", ".webm", ".mov", ".m4v", ".3gp", ".avi"],
  ...[".amr", ".opus", ".oga", ".ogg", ".m4a", ".aac", ".flac", ".aif", ".aiff", ".caf"],
].join(",");

export function FileChooser({
  isMore,
  isSingle = false,
  onChoose,
}: {
  readonly isMore: boolean;
  readonly isSingle?: boolean;
  readonly onChoose: (files: readonly File[]) => void;
}) {
  const { t } = useWords();
  return (
    <div class="chooser">
      <input
        class="visually-hidden"
        id="chooser"
        type="file"
        accept={ACCEPTED}
        multiple={!isSingle}
        onChange={(event) => {
          onChoose([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <label class={isMore ? "button second" : "button"} for="chooser">
        {t(isSingle ? "case.which.choose" : isMore ? "protect.files.more" : "protect.files.choose")}
      </label>
    </div>
  );
}
