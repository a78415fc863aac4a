// Hashes of files. What is in memory is hashed by the browser itself. A whole file is
// hashed by a worker while it is being sent: hashing it first, so that the server could
// be told the hash when the upload begins, would read it twice before the first byte goes.

/** The SHA-1 of a whole file in hexadecimal digits. */
export function hashFile(file, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(new URL("./hash_worker.js", import.meta.url), { type: "module" });
    const end = (settle, value) => {
      worker.terminate();
      signal.removeEventListener("abort", stop);
      settle(value);
    };
    const stop = () => end(reject, signal.reason);
    signal.addEventListener("abort", stop);
    worker.onmessage = ({ data }) =>
      data.sha1 ? end(resolve, data.sha1) : end(reject, new Error(data.failure));
    worker.onerror = () => end(reject, new Error("worker"));
    worker.postMessage(file);
  });
}

/** The digest of bytes: `algorithm` as `crypto.subtle` calls it. */
export async function digest(algorithm, bytes) {
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
