// tus-js-client, with its options given as JSON.
//
//   node tus-upload.mjs '{"endpoint": URL, "headers": {…}, "file": PATH, …}'
//
// Options of tus-js-client are passed on. Our own are `stopAt`, after so many bytes the
// upload is broken off, `terminate`, which deletes it then, `stream`, which gives the
// file as a stream of unknown length, and `buffer`, which gives it as bytes. Prints one
// JSON line.

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import * as tus from 'tus-js-client'

const { file, stopAt, terminate, stream, buffer, ...options } = JSON.parse(process.argv[2])

function finish(upload, done, answers) {
  const last = answers.at(-1)?.[2]
  const header = (name) => last?.getHeader(name) ?? null
  console.log(
    JSON.stringify({
      url: upload.url,
      done,
      answers: answers.map(([method, status]) => [method, status]),
      offset: header('Upload-Offset'),
      etag: header('ETag'),
      fileId: header('OC-FileId'),
    }),
  )
  process.exit(0)
}

// tus-js-client cannot slice a file of no bytes, but a buffer of none: it asks the file
// for the bytes up to -1, before it sends anything.
function source() {
  if (stream) return createReadStream(file).pipe(new PassThrough())
  return buffer || statSync(file).size === 0 ? readFileSync(file) : createReadStream(file)
}

const answers = []
let stopping = false
const upload = new tus.Upload(source(), {
  retryDelays: Array(30).fill(100),
  ...options,
  onAfterResponse: (request, response) =>
    answers.push([request.getMethod(), response.getStatus(), response]),
  onChunkComplete: (size, accepted) => {
    if (stopAt === undefined || accepted < stopAt || stopping) return
    stopping = true
    upload.abort(terminate === true).then(() => finish(upload, false, answers))
  },
  onError: (error) => {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess: () => finish(upload, true, answers),
})
upload.start()
