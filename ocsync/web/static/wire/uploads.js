// tus as Infinite Scale speaks it: POST on the folder, then PATCH, HEAD and DELETE on a
// URL that carries its own permission, so that an upload goes on after a logout.

import { davPath } from "./files.js";
import { BASE, Refused, send } from "./server.js";

const VERSION = { "Tus-Resumable": "1.0.0" };

export class Uploads {
  constructor(server) {
    this.server = server;
    this.chunkSize = null;
  }

  /**
   * Begin an upload and return its token. The condition says what the file may replace:
   * `{"If-None-Match": "*"}` nothing, `{"If-Match": etag}` what has this ETag.
   */
  async create(spaceId, folder, name, file, condition) {
    const metadata = { filename: name, mtime: String(Math.floor(file.lastModified / 1000)) };
    const pairs = Object.entries(metadata).map(([key, text]) => `${key} ${base64(text)}`);
    const answer = await this.server.ask("POST", davPath(spaceId, folder), {
      headers: {
        ...VERSION,
        ...condition,
        "Upload-Length": String(file.size),
        "Upload-Metadata": pairs.join(","),
      },
    });
    return new URL(answer.headers.get("Location")).pathname.split("/").pop();
  }

  /** How many bytes the server has; null if it knows the upload no more. */
  async offset(token) {
    const answer = await send("HEAD", dataUrl(token), { headers: VERSION });
    if ([403, 404, 410].includes(answer.status)) return null;
    if (!answer.ok) throw new Refused(answer.status, "");
    return Number(answer.headers.get("Upload-Offset"));
  }

  /** Send one part with its checksum; the offset after it. */
  async append(token, file, offset, { onProgress, signal }) {
    const part = file.slice(offset, offset + (await this.partSize()));
    const bytes = await part.arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return patch(dataUrl(token), bytes, {
      headers: {
        ...VERSION,
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": String(offset),
        "Upload-Checksum": `sha256 ${btoa(String.fromCharCode(...digest))}`,
      },
      onProgress,
      signal,
    });
  }

  /** Give up an upload; the server drops what it has of it. */
  async remove(token) {
    await send("DELETE", dataUrl(token), { headers: VERSION });
  }

  async partSize() {
    if (this.chunkSize === null) {
      const path = "ocs/v1.php/cloud/capabilities?format=json";
      const { capabilities } = (await this.server.document(path)).ocs.data;
      this.chunkSize = capabilities.files.tus_support?.max_chunk_size || 10_000_000;
    }
    return this.chunkSize;
  }
}

/** PATCH by XMLHttpRequest: fetch does not tell how much has been sent. */
function patch(url, bytes, { headers, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    request.open("PATCH", url);
    for (const [name, value] of Object.entries(headers)) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () =>
      request.status === 204 || request.status === 200
        ? resolve(Number(request.getResponseHeader("Upload-Offset")))
        : reject(new Refused(request.status, ""));
    request.onerror = () => reject(new Refused(0, ""));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(bytes);
  });
}

function dataUrl(token) {
  return new URL(`data/${token}`, BASE).href;
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
