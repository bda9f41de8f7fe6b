// SPDX-License-Identifier: Apache-2.0
// Runs in a page (covered.py) and returns which controls are covered, beside the window, or too small in the bar.
() => {
  const controls = 'a[href], button, input, select, textarea, summary, label:has(input), [tabindex="0"]';
  const name = (control) => `${control.tagName} ${(control.textContent || control.getAttribute('aria-label') || control.id).trim().slice(0, 40)}`;
  const shown = (control) => control.checkVisibility({ visibilityProperty: true }) && control.closest('.visually-hidden, .skip') === null
    && control.getBoundingClientRect().width > 2;
  const own = (control, hit) => hit !== null && (control.contains(hit) || hit.contains(control) && hit.matches(controls)
    || hit.closest('label')?.control === control || (control.labels ? [...control.labels].some((label) => label.contains(hit)) : false));
  const bar = document.querySelector('.bar')?.getBoundingClientRect();
  const isBand = bar && bar.left <= 0 && bar.right >= document.documentElement.clientWidth && (bar.top <= 0 || bar.bottom >= innerHeight);
  // Nearly the corners: the very ones of a rounded box belong to nobody.
  const points = (box) => {
    const [x, y] = [Math.min(7, box.width / 3), Math.min(7, box.height / 3)];
    return [[box.left + box.width / 2, box.top + box.height / 2], [box.left + x, box.top + y], [box.right - x, box.top + y],
      [box.left + x, box.bottom - y], [box.right - x, box.bottom - y]];
  };
  const found = new Set();
  const look = (control, mayBeUnderTheBar) => {
    const inBar = control.closest('.bar') !== null;
    for (const box of control.getClientRects()) for (const [x, y] of points(box)) {
      if (x < 0 || x >= innerWidth) { found.add(`${name(control)} is beside the window`); continue; }
      if (y < 1 || y >= innerHeight - 1) { if (!mayBeUnderTheBar && box.height < innerHeight / 2) found.add(`${name(control)} can't be brought into view`); continue; }
      if (mayBeUnderTheBar && !inBar && isBand && y >= bar.top && y < bar.bottom) continue;
      const hit = document.elementFromPoint(x, y);
      if (!own(control, hit)) found.add(`${name(control)} is under ${hit ? name(hit) : 'nothing'}`);
    }
  };
  const all = [...document.querySelectorAll(controls)].filter(shown);
  // As a person scrolls: a screen at a time, where the bar is the edge of the window and nothing else may lie on a control.
  for (let top = 0; ; top += innerHeight / 2) {
    scrollTo({ top, behavior: 'instant' });
    for (const control of all) {
      const box = control.getBoundingClientRect();
      if (box.bottom > 0 && box.top < innerHeight) look(control, true);
    }
    if (top >= document.documentElement.scrollHeight - innerHeight) break;
  }
  // As the keyboard and a link to a place bring a control into view: the whole of it, from below and from above.
  for (const control of all) for (const block of ['nearest', 'start']) {
    control.scrollIntoView({ block, behavior: 'instant' });
    if (control.getBoundingClientRect().height < innerHeight / 2) look(control, false);
  }
  for (const control of document.querySelectorAll('.bar a')) {
    const { width, height } = control.getBoundingClientRect();
    if (width < 48 || height < 48) found.add(`${name(control)} is ${width} x ${height} px small`);
  }
  // A tick is touched by its label; where something is from stands in small print.
  for (const control of all) {
    if (control.matches('input[type=checkbox], input[type=radio], [tabindex="0"], .small a:not(.in-text)')) continue;
    const { width, height } = control.getBoundingClientRect();
    if (width < 47 || height < 47) found.add(`${name(control)} is ${width} x ${height} px small`);
  }
  scrollTo({ top: 0, behavior: 'instant' });
  return [...found];
}
