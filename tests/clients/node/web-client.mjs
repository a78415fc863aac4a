// ownCloud Web's own client library against a server: everything Web does with files
// and spaces. Usage: node web-client.mjs URL USER PASSWORD MEMBER_ID
// Prints one line for each step; leaves with 1 at the first that fails.

import assert from 'node:assert/strict'
import axios from 'axios'
import { graph, ocs, webdav } from '@ownclouders/web-client'
import { DavProperties } from '@ownclouders/web-client/webdav'

const [url, user, password, memberId] = process.argv.slice(2)
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const http = axios.create({ headers: { Authorization: authorization } })
const graphClient = graph(url, http)
const ocsClient = ocs(url, http)
const files = webdav(url, () => {}, () => ({ Authorization: authorization }))

let graphRoles = {}
let personal
let project

async function step(name, work) {
  try {
    await work()
    console.log(`ok ${name}`)
  } catch (error) {
    console.log(`not ok ${name}`)
    console.error(error.response?.data ?? error)
    process.exit(1)
  }
}

await step('capabilities', async () => {
  const { capabilities, version } = await ocsClient.getCapabilities()
  assert.deepEqual(capabilities.files.tus_support, {
    version: '1.0.0',
    resumable: '1.0.0',
    extension: 'creation,creation-with-upload',
    max_chunk_size: 10000000,
    http_method_override: ''
  })
  assert.ok(capabilities.spaces.enabled)
  assert.ok(version.productversion)
})

await step('me', async () => {
  const me = await graphClient.users.getMe()
  assert.equal(me.onPremisesSamAccountName, user)
  assert.deepEqual(me.memberOf, [])
})

await step('role definitions', async () => {
  const definitions = await graphClient.permissions.listRoleDefinitions()
  graphRoles = Object.fromEntries(definitions.map((each) => [each.id, each]))
  assert.equal(definitions.length, 3)
})

await step('drives by type', async () => {
  const filter = (type) => ({ orderBy: 'name asc', filter: `driveType eq '${type}'` })
  const own = await graphClient.drives.listMyDrives(graphRoles, filter('personal'))
  assert.equal(own.length, 1)
  personal = own[0]
  const mounts = await graphClient.drives.listMyDrives(graphRoles, filter('mountpoint'))
  assert.deepEqual(mounts, [])
})

await step('create a space', async () => {
  const name = `Orbit ${Date.now()}`
  project = await graphClient.drives.createDrive({ name, description: 'x' }, graphRoles)
  assert.equal(project.name, name)
  assert.equal(project.driveType, 'project')
  const me = await graphClient.users.getMe()
  assert.ok(project.canShare({ user: me }))
  assert.ok(project.canDisable({ user: me }))
})

await step('rename a space', async () => {
  const changed = await graphClient.drives.updateDrive(
    project.id, { name: `${project.name} 2`, description: 'y' }, graphRoles
  )
  assert.equal(changed.description, 'y')
  const again = await graphClient.drives.getDrive(project.id, graphRoles)
  assert.equal(again.name, `${project.name} 2`)
})

await step('find, add, change and remove a member', async () => {
  const found = await graphClient.users.listUsers({ search: 'member', orderBy: ['displayName'] })
  assert.ok(found.some(({ id }) => id === memberId))
  const [viewer, editor] = Object.keys(graphRoles)
  const added = await graphClient.permissions.createInvite(
    project.id, project.id,
    { recipients: [{ objectId: memberId, '@libre.graph.recipient.type': 'user' }], roles: [viewer] },
    graphRoles
  )
  assert.equal(added.sharedWith.id, memberId)
  const changed = await graphClient.permissions.updatePermission(
    project.id, project.id, added.id, { roles: [editor] }, graphRoles
  )
  assert.equal(changed.role.id, editor)
  const listed = await graphClient.permissions.listPermissions(project.id, project.id, graphRoles)
  assert.equal(listed.shares.length, 2)
  assert.equal(listed.allowedRoles.length, 3)
  await graphClient.permissions.deletePermission(project.id, project.id, added.id)
  const after = await graphClient.permissions.listPermissions(project.id, project.id, graphRoles)
  assert.equal(after.shares.length, 1)
})

await step('nothing is shared by itself', async () => {
  assert.deepEqual(await graphClient.driveItems.listSharedWithMe(), [])
  assert.deepEqual(await graphClient.driveItems.listSharedByMe(), [])
})

await step('write files and folders', async () => {
  await files.createFolder(personal, { path: '/from web' })
  const written = await files.putFileContents(personal, {
    path: '/from web/ä note.txt', content: 'first'
  })
  assert.equal(written.name, 'ä note.txt')
  await assert.rejects(
    files.putFileContents(personal, {
      path: '/from web/ä note.txt', content: 'x', overwrite: false
    }),
    (error) => error.statusCode === 412
  )
  await files.putFileContents(personal, {
    path: '/from web/ä note.txt', content: 'second', previousEntityTag: written.etag
  })
})

await step('list with the default properties', async () => {
  const { resource, children } = await files.listFiles(personal, { path: '/from web' })
  assert.ok(resource.isFolder)
  assert.deepEqual(children.map(({ name }) => name), ['ä note.txt'])
  assert.equal(children[0].spaceId, personal.id)
  assert.ok(children[0].canBeDeleted({ user: {}, ability: { can: () => true } }))
  assert.equal(Number(children[0].size), 6)
})

await step('read a file', async () => {
  const { body } = await files.getFileContents(personal, { path: '/from web/ä note.txt' })
  assert.equal(body, 'second')
})

await step('list by id, and the path of an id', async () => {
  const folder = await files.getFileInfo(personal, { path: '/from web' })
  const { children } = await files.listFiles(personal, { fileId: folder.fileId })
  assert.equal(children.length, 1)
  assert.equal(await files.getPathForFileId(folder.fileId), '/from web')
})

await step('copy, move', async () => {
  await files.copyFiles(personal, { path: '/from web/ä note.txt' }, personal, {
    path: '/from web/copy.txt'
  })
  await files.moveFiles(personal, { path: '/from web/copy.txt' }, personal, {
    path: '/from web/moved.txt'
  })
  await files.copyFiles(personal, { path: '/from web/moved.txt' }, project, {
    path: '/over there.txt'
  })
  const { children } = await files.listFiles(project, { path: '/' })
  assert.deepEqual(children.map(({ name }) => name), ['over there.txt'])
})

await step('versions: list and restore', async () => {
  const file = await files.getFileInfo(personal, { path: '/from web/ä note.txt' })
  const versions = await files.listFileVersions(file.fileId)
  assert.equal(versions.length, 1)
  await files.restoreFileVersion(
    personal, { ...file, path: '/from web/ä note.txt' }, versions[0].name
  )
  const { body } = await files.getFileContents(personal, { path: '/from web/ä note.txt' })
  assert.equal(body, 'first')
})

await step('favourites', async () => {
  const file = await files.getFileInfo(personal, { path: '/from web/ä note.txt' })
  await files.setFavorite(personal, file, true)
  const again = await files.getFileInfo(personal, { path: '/from web/ä note.txt' })
  assert.equal(again.starred, true)
})

await step('search', async () => {
  const found = await files.search('name:"*moved*"', { searchLimit: 10 })
  assert.equal(found.totalResults, 1)
  assert.equal(found.resources[0].name, 'moved.txt')
})

await step('delete, list the trash, restore', async () => {
  await files.deleteFile(personal, { path: '/from web/moved.txt' })
  const { children } = await files.listFiles(personal, {}, {
    depth: 1, davProperties: DavProperties.Trashbin, isTrash: true
  })
  const item = children.find(({ name }) => name === 'moved.txt')
  assert.equal(item.path, '/from web/moved.txt')
  await files.restoreFile(personal, item, { path: '/from web/back again.txt' })
  const { children: back } = await files.listFiles(personal, { path: '/from web' })
  assert.ok(back.some(({ name }) => name === 'back again.txt'))
  await files.deleteFile(personal, { path: '/from web/back again.txt' })
  await files.clearTrashBin(personal)
  const emptied = await files.listFiles(personal, {}, {
    depth: 1, davProperties: DavProperties.Trashbin, isTrash: true
  })
  assert.deepEqual(emptied.children, [])
})

await step('lock state', async () => {
  const path = '/from web/ä note.txt'
  const free = await files.getFileInfo(personal, { path })
  assert.equal(free.locked, false)
  const target = `${url}/dav/spaces/${personal.id}${encodeURI(path)}`
  const answer = await http.request({
    url: target, method: 'LOCK', headers: { Timeout: 'Second-600' },
    data: '<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope>' +
      '<d:locktype><d:write/></d:locktype><d:owner>web</d:owner></d:lockinfo>'
  })
  const locked = await files.getFileInfo(personal, { path })
  assert.equal(locked.locked, true)
  await http.request({
    url: target, method: 'UNLOCK', headers: { 'Lock-Token': answer.headers['lock-token'] }
  })
})

await step('signed download URL', async () => {
  const path = '/from web/ä note.txt'
  const signed = await ocsClient.signUrl({
    url: `${url}/remote.php/dav/spaces/${personal.id}${encodeURI(path)}`, username: user
  })
  const { data } = await axios.get(signed)
  assert.equal(data, 'first')
  await assert.rejects(axios.get(`${signed}0`), (error) => error.response.status === 401)
  const file = await files.getFileInfo(personal, { path })
  const address = await files.getFileUrl(personal, file, {
    isUrlSigningEnabled: true, username: user
  })
  assert.ok(address)
})

await step('signed archive', async () => {
  const folder = await files.getFileInfo(personal, { path: '/from web' })
  const signed = await ocsClient.signUrl({
    url: `${url}/archiver?id=${folder.fileId}&output-format=zip`, username: user
  })
  const { data } = await axios.get(signed, { responseType: 'arraybuffer' })
  assert.equal(Buffer.from(data).subarray(0, 2).toString(), 'PK')
})

await step('disable, restore and delete a space', async () => {
  await graphClient.drives.disableDrive(project.id)
  const disabled = await graphClient.drives.getDrive(project.id, graphRoles)
  assert.equal(disabled.disabled, true)
  await graphClient.drives.updateDrive(project.id, {}, graphRoles, {
    headers: { Restore: 'true' }
  })
  const restored = await graphClient.drives.getDrive(project.id, graphRoles)
  assert.equal(restored.disabled, false)
  await graphClient.drives.disableDrive(project.id)
  await graphClient.drives.deleteDrive(project.id)
  await assert.rejects(
    graphClient.drives.getDrive(project.id, graphRoles),
    (error) => error.response.status === 404
  )
})
