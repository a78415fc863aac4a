// tus as Infinite Scale speaks it: POST on the folder, then PATCH, HEAD and DELETE on a
// URL that carries its own permission, so that an upload goes on after a logout.
//
// Every part goes with its SHA-256. A file of one part also goes with its SHA-1, which
// the server checks before the file is seen by anybody.

import { davPath } from "./files.js";
import { digest, hex } from "./hashes.js";
import { BASE, Refused, refusal, retryMs, send } from "./server.js";

const VERSION = { "Tus-Resumable": "1.0.0" };
const CONTENT = "application/offset+octet-stream";
/** Files up to this size go with the request that begins their upload. */
const AT_ONCE = 1_000_000;
/** The browser could not read the file: it is gone, or has changed. */
const UNREADABLE = "unreadable";
/** The file has other bytes than it had before. */
const DIFFERENT = "different";
/** So much of its beginning and its end is compared. */
const END = 65_536;
/** Sending nothing, or waiting for the answer, for so long is a broken connection. */
const SILENCE_MS = 60_000;

export class Uploads {
  constructor(server) {
    this.server = server;
    this.chunkSize = null;
  }

  /**
   * Begin an upload: its token, and the offset it has by then. The condition says what
   * the file may replace: `{"If-None-Match": "*"}` nothing, `{"If-Match": etag}` what
   * has this ETag.
   */
  async create(spaceId, folder, name, file, { condition, signal }) {
    const metadata = { filename: name, mtime: String(Math.floor(file.lastModified / 1000)) };
    const headers = { ...VERSION, ...condition, "Upload-Length": String(file.size) };
    let body;
    if (file.size <= (await this.partSize())) {
      const bytes = await read(file, 0, file.size);
      metadata.checksum = `sha1 ${hex(await digest("SHA-1", bytes))}`;
      if (file.size && file.size <= AT_ONCE) {
        body = bytes;
        headers["Content-Type"] = CONTENT;
        headers["Upload-Checksum"] = await checksum(bytes);
      }
    }
    const pairs = Object.entries(metadata).map(([key, text]) => `${key} ${base64(text)}`);
    headers["Upload-Metadata"] = pairs.join(",");
    const options = { headers, body, signal };
    const answer = await this.server.ask("POST", davPath(spaceId, folder), options);
    const token = new URL(answer.headers.get("Location")).pathname.split("/").pop();
    return { token, offset: Number(answer.headers.get("Upload-Offset") ?? 0) };
  }

  /** How many bytes the server has; null if it knows the upload no more. */
  async offset(token, signal) {
    const answer = await send("HEAD", dataUrl(token), { headers: VERSION, signal });
    if ([403, 404, 410].includes(answer.status)) return null;
    if (!answer.ok) throw await refusal(answer);
    return Number(answer.headers.get("Upload-Offset"));
  }

  /** Send one part; the offset after it. */
  async append(token, file, offset, { onProgress, signal }) {
    const bytes = await read(file, offset, offset + (await this.partSize()));
    return patch(dataUrl(token), bytes, {
      headers: {
        ...VERSION,
        "Content-Type": CONTENT,
        "Upload-Offset": String(offset),
        "Upload-Checksum": await checksum(bytes),
      },
      onProgress,
      signal,
    });
  }

  /**
   * What tells at little cost that a file changes while it is sent: the hash of its
   * ends. Chromium refuses to read a file that has changed; Firefox reads what is there.
   */
  async ends(file) {
    const ends = [
      await read(file, 0, END), await read(file, Math.max(0, file.size - END), file.size),
    ];
    return checksum(await new Blob(ends).arrayBuffer());
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

/**
 * PATCH by XMLHttpRequest: fetch does not tell how much has been sent. One that falls
 * silent is given up, as if the connection had ended: browsers would wait for hours.
 */
function patch(url, bytes, { headers, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    request.open("PATCH", url);
    for (const [name, value] of Object.entries(headers)) {
      request.setRequestHeader(name, value);
    }
    const abort = () => request.abort();
    let silence = setTimeout(abort, SILENCE_MS);
    const wait = () => retryMs(request.getResponseHeader("Retry-After"));
    request.upload.onprogress = (event) => {
      clearTimeout(silence);
      silence = setTimeout(abort, SILENCE_MS);
      onProgress(event.loaded);
    };
    request.onload = () =>
      request.status === 204 || request.status === 200
        ? resolve(Number(request.getResponseHeader("Upload-Offset")))
        : reject(new Refused(request.status, "", wait()));
    request.onerror = () => reject(new Refused(0, ""));
    request.onabort = () => reject(signal.aborted ? signal.reason : new Refused(0, ""));
    signal.addEventListener("abort", abort, { once: true });
    request.onloadend = () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", abort);
    };
    request.send(bytes);
  });
}

async function read(file, from, to) {
  const part = file.slice(from, to);
  const bytes = await part.arrayBuffer().catch(() => {
    throw new Refused(UNREADABLE, "");
  });
  if (bytes.byteLength !== part.size) throw new Refused(DIFFERENT, "");
  return bytes;
}

async function checksum(bytes) {
  return `sha256 ${btoa(String.fromCharCode(...(await digest("SHA-256", bytes))))}`;
}

function dataUrl(token) {
  return new URL(`data/${token}`, BASE).href;
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
