// SPDX-License-Identifier: Apache-2.0
// Runs in a page (covered.py) and returns which words are cut or run out of the window.
() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  for (const one of document.body.querySelectorAll('*')) {
    if (one.closest('.visually-hidden, .skip, svg, .bytes, select') || !one.checkVisibility({ visibilityProperty: true })) continue;
    const said = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
    if (!said) continue;
    const box = one.getBoundingClientRect();
    const what = `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`;
    // An inline element has no width of its own to overflow: its boxes are looked at instead.
    const isInline = getComputedStyle(one).display === 'inline';
    if (!isInline && one.scrollWidth > one.clientWidth + 1) found.push(`${what}: ${one.scrollWidth} in ${one.clientWidth}`);
    if (!isInline && getComputedStyle(one).overflowY !== 'visible' && one.scrollHeight > one.clientHeight + 1) found.push(`${what}: ${one.scrollHeight} high in ${one.clientHeight}`);
    if (box.width > 2 && (box.left < -1 || box.right > root.clientWidth + 1)) found.push(`${what}: from ${box.left} to ${box.right}`);
  }
  return found;
}
