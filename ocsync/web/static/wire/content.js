// The content of files, as far as the page itself looks at it.

export class Content {
  constructor(server) {
    this.server = server;
  }

  /** The beginning of a file as text (UTF-8), and whether that is all; null if binary. */
  async text({ path, size }, limit) {
    if (size === 0) return { text: "", isWhole: true };
    const headers = { Range: `bytes=0-${limit - 1}` };
    const answer = await this.server.ask("GET", path, { headers });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.includes(0)) return null;
    const isWhole = size <= bytes.length;
    const text = new TextDecoder().decode(bytes, { stream: !isWhole });
    return { text, isWhole };
  }

  /** The whole of a file as a blob of this type, whatever the server calls it. */
  async blob({ path }, type) {
    const answer = await this.server.ask("GET", path);
    return new Blob([await answer.arrayBuffer()], { type });
  }
}
