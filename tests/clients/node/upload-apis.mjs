// The programs that other upload APIs document, with one URL changed.
//
//   node upload-apis.mjs omegastream URL FILE KEY VIDEO
//   node upload-apis.mjs picora URL FILE KEY STORE
//   node upload-apis.mjs pulse URL FILE TOKEN NAME
//
// The uploads are broken off in their middle and resumed. Prints JSON lines.

import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import * as tus from 'tus-js-client'

const [api, base, path, ...rest] = process.argv.slice(2)
const say = (fields) => console.log(JSON.stringify(fields))

// Connections that take so many bytes and no more, and say when that is reached.
function narrow(most, onReached) {
  const agent = new http.Agent()
  let left = most
  agent.createConnection = (options) => {
    const socket = net.connect(options)
    const write = socket.write.bind(socket)
    socket.write = (data, ...more) => {
      left -= data.length
      if (left > 0) return write(data, ...more)
      onReached()
      return false
    }
    return socket
  }
  return new tus.DefaultHttpStack({ agent })
}

// Runs an upload to its end, or until so many bytes are sent.
function run(file, options, breakOffAt = Infinity) {
  return new Promise((resolve, reject) => {
    const answers = []
    const breakOff = () =>
      upload.abort().then(() => resolve({ upload, answers, done: false }))
    const upload = new tus.Upload(file, {
      ...options,
      httpStack: narrow(breakOffAt, breakOff),
      onAfterResponse: (request, response) =>
        answers.push([request.getMethod(), response.getStatus(), response]),
      onError: reject,
      onSuccess: () => resolve({ upload, answers, done: true }),
    })
    upload.findPreviousUploads().then((previous) => {
      if (options.storeFingerprintForResuming && previous.length > 0) {
        upload.resumeFromPreviousUpload(previous[0])
      }
      upload.start()
    })
  })
}

async function omegastream(apiKey, videoId) {
  const signed = (seconds) => {
    const expiration = Math.floor(Date.now() / 1000) + seconds
    const value = apiKey + expiration + videoId
    const signature = createHash('sha256').update(value).digest('hex')
    return { signature, expiration, 'Video-Id': videoId }
  }
  const options = (headers) => ({
    endpoint: `${base}/tusupload`,
    retryDelays: [0, 3000, 5000, 10000, 20000, 60000, 60000],
    headers,
    metadata: { filename: 'video.mp4', filetype: 'video/mp4' },
  })
  const half = statSync(path).size / 2
  const first = await run(createReadStream(path), options(signed(3600)), half)
  say({ url: first.upload.url, done: first.done })
  const again = { ...options(signed(7200)), uploadUrl: first.upload.url }
  const second = await run(createReadStream(path), again)
  const methods = second.answers.map(([method]) => method)
  say({ url: second.upload.url, done: second.done, methods })
}

async function picora(apiKey, store) {
  const file = readFileSync(path)
  const options = {
    endpoint: `${base}/v1/uploads`,
    headers: { Authorization: `Bearer ${apiKey}`, 'X-Picora-Client': 'web-tus' },
    chunkSize: 5 * 1024 * 1024,
    storeFingerprintForResuming: true,
    urlStorage: new tus.FileUrlStorage(store),
    fingerprint: async () => `picora-photo.jpg-${file.length}-1`,
    metadata: {
      filename: 'photo.jpg',
      contentType: 'image/jpeg',
      resourceType: 'image',
    },
    retryDelays: [0, 1000, 3000, 5000, 10000],
  }
  const first = await run(file, options, 6 * 1024 * 1024)
  say({ url: first.upload.url, done: first.done })
  const second = await run(file, options)
  const [, status, last] = second.answers.at(-1)
  say({
    url: second.upload.url,
    done: second.done,
    methods: second.answers.map(([method]) => method),
    status,
    resource: last.getHeader('X-Picora-Resource-Id'),
  })
  const other = { ...options, fingerprint: async () => 'other' }
  const third = await run(file, other)
  const final = third.answers.at(-1)[2]
  say({
    resource: final.getHeader('X-Picora-Resource-Id'),
    duplicate: final.getHeader('X-Picora-Duplicate'),
  })
}

// As the app does it: pieces of 1 MiB, each tried four times, a second apart; the
// offset in the answer says where the next one begins.
async function pulse(token, filename) {
  const content = readFileSync(path)
  const created = await fetch(`${base}/uploads`, {
    method: 'POST',
    headers: { 'Upload-Length': `${content.length}`, 'Tus-Resumable': '1.0.0' },
  })
  const url = new URL(created.headers.get('Location'), base).toString()
  let offset = 0
  let pieces = 0
  while (offset < content.length) {
    offset = await piece(url, content, offset, pieces === 1)
    pieces += 1
  }
  const uploadId = url.split('/').at(-1)
  const body = { uploadId, filename, userId: 'anonymous', uploadToken: token }
  const finalized = await fetch(`${base}/uploads/finalize`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Upload-Token': token },
    body: JSON.stringify(body),
  })
  say({ created: created.status, pieces, status: finalized.status })
  say(await finalized.json())
}

async function piece(url, content, offset, isAnswerLost) {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const answer = await fetch(url, {
      method: 'PATCH',
      headers: {
        'Upload-Offset': `${offset}`,
        'Content-Type': 'application/offset+octet-stream',
        'Tus-Resumable': '1.0.0',
      },
      body: content.subarray(offset, offset + 1024 * 1024),
    })
    if (isAnswerLost) {
      isAnswerLost = false
      continue
    }
    const told = answer.headers.get('Upload-Offset')
    if (answer.ok || (answer.status === 409 && told)) return Number(told)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  throw new Error('a piece could not be sent')
}

await { omegastream, picora, pulse }[api](...rest)
