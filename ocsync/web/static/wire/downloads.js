// Downloads by URLs that are signed here, so that the browser itself fetches the file,
// however large. The server's `signed_urls` says what is signed.

import { BASE } from "./server.js";

const ITERATIONS = 10_000;
const SECONDS = 3600;

/** So many things can be named in one signed URL. */
export const MOST_IN_ARCHIVE = 60;

/** The path of a zip of several files and folders, by their ids. */
export function archivePath(ids) {
  const query = new URLSearchParams(ids.map((id) => ["id", id]));
  query.append("output-format", "zip");
  return `archiver?${query}`;
}

export class Downloads {
  constructor(server) {
    this.server = server;
    this.key = null;
  }

  /** A URL below the base that fetches the file for so long without a login. */
  async url(path, seconds = SECONDS) {
    this.key ??= await this.fetchKey();
    const url = new URL(path, BASE);
    const signed = {
      "OC-Credential": this.key.user,
      "OC-Date": new Date().toISOString(),
      "OC-Expires": String(seconds),
      "OC-Verb": "GET",
    };
    for (const [name, value] of Object.entries(signed)) url.searchParams.append(name, value);
    const signature = await sign(url.href, this.key["signing-key"]);
    url.searchParams.append("OC-Algo", `PBKDF2/${ITERATIONS}-SHA512`);
    url.searchParams.append("OC-Signature", signature);
    return url.href;
  }

  async fetchKey() {
    const path = "ocs/v2.php/cloud/user/signing-key?format=json";
    return (await this.server.document(path)).ocs.data;
  }
}

async function sign(text, secret) {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw", encoder.encode(text), "PBKDF2", false, ["deriveBits"],
  );
  const salt = encoder.encode(secret);
  const algorithm = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ITERATIONS };
  const bits = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
  return Array.from(bits, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
