// SPDX-License-Identifier: Apache-2.0
// A middleware that asks the partner's service before an upload goes on: `app.post('/upload', screened({…}), handler)`.
//
// It takes what Express gives, and needs nothing but Node 18 or newer. Put it where the body is still a stream; afterwards
// `request.upload` is the body and `request.screened` what to do: 'publish', 'review' or 'hold'.

const LONGEST_MILLISECONDS = 133_000; // a video; a picture never takes more than 15 seconds

export function screened({ service, key, contentId, uploader = () => null, largestBytes = 64 * 1024 * 1024 }) {
  return async (request, response, next) => {
    try {
      request.upload = await bodyOf(request, largestBytes);
      if (request.upload === null) {
        response.statusCode = 413;
        response.end();
        return;
      }
      const answer = await ask(request);
      request.screened = answer.todo;
      request.screenAgainAfterSeconds = answer.afterSeconds;
      next();
    } catch (error) {
      next(error);
    }
  };

  async function ask(request) {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/octet-stream', 'Stillmine-Content-Id': contentId(request) };
    if (uploader(request) !== null) headers['Stillmine-Uploader'] = uploader(request);
    try {
      const signal = AbortSignal.timeout(LONGEST_MILLISECONDS);
      const response = await fetch(`${service}/screen`, { method: 'POST', headers, body: request.upload, signal });
      // 503 says when to come again; another 4xx is a fault of this program: look at its code.
      if (!response.ok) return { todo: 'hold', afterSeconds: Number(response.headers.get('retry-after')) || null };
      const result = await response.json();
      const todo = { no_match: 'publish', match: 'review' }[result.outcome] ?? 'hold';
      return { todo, afterSeconds: result.retry_after_seconds };
    } catch {
      return { todo: 'hold', afterSeconds: 60 }; // the service is away, or did not answer whole
    }
  }
}

async function bodyOf(request, largestBytes) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size <= largestBytes) parts.push(part);
  }
  return size <= largestBytes ? Buffer.concat(parts) : null;
}
