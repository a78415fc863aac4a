// Hashes one file on a thread of its own, piece by piece, and answers once.

import { Sha1 } from "./sha1.js";

const PIECE = 4 * 1024 * 1024;

onmessage = async ({ data: file }) => {
  try {
    const hash = new Sha1();
    for (let at = 0; at < file.size; at += PIECE) {
      hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    }
    postMessage({ sha1: hash.hex() });
  } catch (error) {
    postMessage({ failure: error.name });
  }
};
