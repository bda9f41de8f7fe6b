// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the portal's own files for when there is no connection; registered only where the person switched that on.
 *
 * VERSION, FILES and LANGUAGES are put in front of this text by the build (offline/integration.mjs). Only those files are ever kept and
 * answered from here: nothing of /api/, nothing of the person, nothing of anyone else. All languages are kept, because every page links to
 * itself in the others. Pages are asked for from the network first, so that nobody reads an old phone number while there is a connection;
 * parts, which carry a hash of their bytes in their names, come from here first. Without a connection an address that is not among the files
 * is answered with the page for what is not there. A new version is taken whole, beside the old one, and replaces it when no page of the old
 * one is open.
 */

/* global VERSION, FILES, LANGUAGES */
const NAME = `stillmine-pages-${VERSION}`;
const files = Object.entries(FILES);
const known = new Set(files.map(([file]) => file));

/** The browser refuses a file that is not the one of this version, as while a new version is being put on the server. */
const requestOf = ([file, integrity]) => new Request(file, { cache: "no-cache", credentials: "omit", integrity });

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(files.map(requestOf))));
});

self.addEventListener("activate", (event) => {
  const isOld = (name) => name.startsWith("stillmine-pages-") && name !== NAME;
  const tidy = caches.keys().then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))));
  event.waitUntil(tidy.then(() => self.clients.claim()));
});

/** How long a page is waited for from a network that is there but does not answer. */
const PATIENCE_MILLISECONDS = 4_000;

const kept = (pathname) => caches.match(pathname, { cacheName: NAME });

/** The network's answer; what is kept where that fails, answers 5xx or says nothing; where neither is there, what the network does. */
async function page(request, pathname) {
  const silence = new Promise((_, failed) => setTimeout(failed, PATIENCE_MILLISECONDS));
  const answer = await Promise.race([fetch(request), silence]).catch(() => null);
  return answer !== null && answer.status < 500 ? answer : ((await kept(pathname)) ?? fetch(request));
}

/** Where nobody answers, what a server would say: the address with its last stroke, or the page for what is not there. */
async function elsewhere(request, pathname) {
  try {
    return await fetch(request);
  } catch (error) {
    if (known.has(`${pathname}/`)) return Response.redirect(`${pathname}/`);
    const language = LANGUAGES.find((one) => pathname.startsWith(`/${one}/`));
    const missing = await kept(language ? `/${language}/404.html` : "/404.html");
    if (!missing) throw error;
    return new Response(missing.body, { status: 404, headers: missing.headers });
  }
}

const isOfPrograms = (pathname) => ["/api/", "/stopncii/", "/console"].some((start) => pathname.startsWith(start));

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname.endsWith("/") && known.has(pathname)) event.respondWith(page(event.request, pathname));
  else if (known.has(pathname)) event.respondWith(kept(pathname).then((part) => part ?? fetch(event.request)));
  else if (event.request.mode === "navigate" && !isOfPrograms(pathname))
    event.respondWith(elsewhere(event.request, pathname));
});
