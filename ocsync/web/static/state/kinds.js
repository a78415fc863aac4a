// How a file can be shown, by the ending of its name; the content is never asked.

const ENDINGS = {
  image: "apng avif bmp gif ico jpeg jpg png svg webp",
  audio: "aac flac m4a mp3 oga opus wav",
  video: "m4v mov mp4 ogv webm",
  pdf: "pdf",
  markdown: "markdown md",
  text:
    "bat c cfg conf cpp cs css csv diff env go h hpp htm html ics ini java js json jsx kt" +
    " lock log lua mjs patch php pl properties ps1 py rb rs rst sh sql srt swift tex toml" +
    " ts tsx txt vcf vtt xhtml xml yaml yml",
};
const NAMES = "copying dockerfile gitignore license makefile readme";

const KINDS = new Map(
  Object.entries(ENDINGS).flatMap(([kind, endings]) =>
    endings.split(" ").map((ending) => [ending, kind])),
);
const PLAIN = new Set(NAMES.split(" "));

/** "image", "audio", "video", "pdf", "markdown" or "text"; null if it is just a file. */
export function kindOf(name) {
  const dot = name.lastIndexOf(".");
  const ending = name.slice(dot + 1).toLowerCase();
  if (dot <= 0) return PLAIN.has(ending) ? "text" : null;
  return KINDS.get(ending) ?? null;
}
