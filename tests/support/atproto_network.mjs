// A Bluesky network on loopback: PLC directory, PDS and AppView of npm's @atproto/dev-env, with people and posts. It says where it is as one
// line of JSON, obeys lines of JSON on its standard input, and ends when that ends.
import net from 'node:net'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

// Its servers bind every interface; here they bind loopback alone.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...given) {
  if (given[0] === undefined || typeof given[0] === 'number' || /^\d+$/.test(given[0])) {
    const rest = given.slice(1).filter((one) => typeof one === 'function')
    return listen.call(this, { port: Number(given[0] ?? 0), host: '127.0.0.1' }, ...rest)
  }
  if (given[0] !== null && typeof given[0] === 'object' && 'port' in given[0]) given[0].host = '127.0.0.1'
  return listen.apply(this, given)
}
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
// What the servers log is no answer.
console.log = console.info = console.error

const home = pathToFileURL(`${process.env.ATPROTO_HOME}/node_modules/@atproto/dev-env/dist/index.js`)
const { TestNetwork } = await import(home.href)
const network = await TestNetwork.create({ dbPostgresSchema: 'crews' })
const people = network.getSeedClient()
const dids = {}

const orders = {
  async person({ name }) {
    await people.createAccount(name, { handle: `${name}.test`, email: `${name}@example.org`, password: `${name}-pass` })
    dids[name] = people.dids[name]
    return { did: dids[name] }
  },
  async post({ name, text, at }) {
    const agent = network.pds.getAgent()
    await agent.login({ identifier: `${name}.test`, password: `${name}-pass` })
    const record = { text, createdAt: at ?? new Date().toISOString(), langs: ['en'], facets: tags(text) }
    return await agent.post(record)
  },
  async remove({ name, uri }) {
    const agent = network.pds.getAgent()
    await agent.login({ identifier: `${name}.test`, password: `${name}-pass` })
    await agent.deletePost(uri)
    return {}
  },
  async settle() {
    await network.processAll()
    return {}
  },
}

// Hashtags with the bytes at which they stand.
function tags(text) {
  return [...text.matchAll(/#([\p{L}\p{N}_]+)/gu)].map((found) => {
    const start = Buffer.byteLength(text.slice(0, found.index))
    const features = [{ $type: 'app.bsky.richtext.facet#tag', tag: found[1] }]
    return { index: { byteStart: start, byteEnd: start + Buffer.byteLength(found[0]) }, features }
  })
}

say({ pds: `http://127.0.0.1:${network.pds.port}`, appView: `http://127.0.0.1:${network.bsky.port}` })
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { order, ...rest } = JSON.parse(line)
  try {
    say(await orders[order](rest))
  } catch (error) {
    say({ error: String(error) })
  }
}
process.exit(0)
