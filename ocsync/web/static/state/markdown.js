// Markdown as a tree of [tag, children] and texts: what stands in READMEs, not all of
// CommonMark. HTML in it is text. Links are ["a", children, href] and only lead to the
// web or to an address for mail; every other address is text.

const DEEPEST = 8;
const SAFE = new Set(["http:", "https:", "mailto:"]);

/** The blocks of a text. */
export function parseMarkdown(text) {
  return blocks(text.replace(/\r\n?/g, "\n").replaceAll("\t", "    ").split("\n"), 0);
}

/** The address if it may be followed, else null. */
export function safeHref(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && SAFE.has(url.protocol) ? url.href : null;
}

function blocks(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const [block, next] = first(lines, at, depth);
    found.push(block);
    at = next;
  }
  return found;
}

/** The block that begins with a line, and the line after it. */
function first(lines, at, depth) {
  const read = [fence, heading, rule, ...(depth < DEEPEST ? [quote, list] : []), table];
  for (const each of read) {
    const block = each(lines, at, depth);
    if (block) return block;
  }
  return paragraph(lines, at, depth);
}

function fence(lines, at) {
  const mark = lines[at].match(/^ {0,3}(`{3,}|~{3,})/)?.[1];
  if (!mark) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trimStart().startsWith(mark)) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  return [["pre", [["code", [code]]]], end + 1];
}

function heading(lines, at) {
  const [, marks, text] = lines[at].match(/^ {0,3}(#{1,6}) +(.*)$/) ?? [];
  return marks ? [[`h${marks.length}`, inline(text.replace(/ #+ *$/, ""))], at + 1] : null;
}

function rule(lines, at) {
  return /^ {0,3}([-*_])( *\1){2,} *$/.test(lines[at]) ? [["hr", []], at + 1] : null;
}

function quote(lines, at, depth) {
  const inner = [];
  while (at < lines.length && /^ {0,3}>/.test(lines[at])) {
    inner.push(lines[at].replace(/^ {0,3}> ?/, ""));
    at += 1;
  }
  return inner.length ? [["blockquote", blocks(inner, depth + 1)], at] : null;
}

const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)]) +(.*)$/;

function list(lines, at, depth) {
  const begin = lines[at].match(ITEM);
  if (!begin) return null;
  const isOrdered = /\d/.test(begin[2]);
  const items = [];
  while (at < lines.length) {
    const found = lines[at].match(ITEM);
    if (!found || /\d/.test(found[2]) !== isOrdered) break;
    const inner = [found[3]];
    const indent = found[1].length + 2;
    at += 1;
    while (at < lines.length && belongs(lines, at, indent)) {
      inner.push(lines[at].replace(new RegExp(`^ {0,${found[0].length - found[3].length}}`), ""));
      at += 1;
    }
    const content = blocks(inner, depth + 1);
    items.push(["li", content.length === 1 && content[0][0] === "p" ? content[0][1] : content]);
  }
  return [[isOrdered ? "ol" : "ul", items], at];
}

/** Whether a line goes on with an item: it is indented, or the text runs on. */
function belongs(lines, at, indent) {
  if (!lines[at].trim()) return (lines[at + 1] ?? "").search(/\S/) >= indent;
  return lines[at].search(/\S/) >= indent || (lines[at - 1].trim() !== "" && !isStart(lines[at]));
}

function table(lines, at) {
  const isRuled = /^ *\|?( *:?-+:? *\|)+ *(:?-+:? *)?$/.test(lines[at + 1] ?? "");
  if (!lines[at].includes("|") || !isRuled) return null;
  const row = (line, tag) =>
    ["tr", cells(line).map((text) => [tag, inline(text)])];
  const head = row(lines[at], "th");
  const body = [];
  for (at += 2; at < lines.length && lines[at].includes("|"); at += 1) {
    body.push(row(lines[at], "td"));
  }
  return [["table", [["thead", [head]], ["tbody", body]]], at];
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function paragraph(lines, at) {
  const begin = at;
  at += 1;
  while (at < lines.length && lines[at].trim() && !isStart(lines[at])) at += 1;
  return [["p", inline(lines.slice(begin, at).join("\n"))], at];
}

/** Whether a line begins something else than text. */
function isStart(line) {
  return /^ {0,3}(`{3}|~{3}|#{1,6} |>|[-*+] +\S|\d{1,9}[.)] +\S)/.test(line);
}

// No alternative can run past its own next mark, so the time grows with the length only.
const INLINE = new RegExp(
  [
    /\\([!-/:-@[-`{-~])/, // 1: escaped
    /`([^`]+)`/, // 2: code
    /!?\[([^[\]]*)\]\(<?([^\s()<>]*)>?(?: +"[^"]*")?\)/, // 3, 4: link, or an image as one
    /<(\w+:[^\s<>]+)>/, // 5: address
    /(https?:\/\/[^\s<>()[\]*`]+[^\s<>()[\]*`.,:;!?'"])/, // 6: bare address
    /\*\*(?=\S)([^*]+)\*\*/, // 7: strong
    /\*(?=\S)([^*]+)\*/, // 8: emphasis
    /(?<!\w)_(?=\S)([^_]+)_(?!\w)/, // 9: emphasis
    /~~([^~]+)~~/, // 10: struck out
    /( {2,}|\\)\n/, // 11: line break
  ].map((each) => each.source).join("|"),
  "g",
);

function inline(text) {
  const found = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) found.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    found.push(node(match));
  }
  if (at < text.length) found.push(text.slice(at));
  return found;
}

function node([whole, escaped, code, label, target, address, bare, ...rest]) {
  const [strong, emphasis, other, struck, isBreak] = rest;
  if (escaped !== undefined) return escaped;
  if (code !== undefined) return ["code", [code]];
  if (label !== undefined) return link(target, label, inline(label || target));
  if (address !== undefined) return link(address, whole, [address]);
  if (bare !== undefined) return link(bare, whole, [bare]);
  if (strong !== undefined) return ["strong", inline(strong)];
  if (emphasis ?? other) return ["em", inline(emphasis ?? other)];
  if (struck !== undefined) return ["del", inline(struck)];
  return isBreak === undefined ? whole : ["br", []];
}

function link(target, text, children) {
  const href = safeHref(target);
  return href === null ? text : ["a", children, href];
}
