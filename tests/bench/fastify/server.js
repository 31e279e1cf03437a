// What a user would otherwise write: the measured part of the API in fastify and pg. Used by the benchmark alone.
//
// It has the conveniences that anze has: verified tokens are remembered, statements are named and prepared once per
// connection, JSON passes through as PostgreSQL wrote it, and everything of one transaction is sent without waiting for
// the answers in between (pg's `pipeline`). Validation is fastify's, with the contract's own schemas.
//
// TWIN names a file of settings that tests/bench/bench.py writes.
import cluster from 'node:cluster'
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import Fastify from 'fastify'
import pg from 'pg'

const twin = JSON.parse(readFileSync(process.env.TWIN, 'utf8'))
const contract = JSON.parse(readFileSync(twin.contract, 'utf8'))

class Refusal extends Error {
  constructor (status, code) {
    super(code)
    this.status = status
  }
}

// ---- who calls ----

const key = createPublicKey(readFileSync(twin.key))
const verified = new Map()

function check (token) {
  const [head, body, signature] = token.split('.')
  const { alg, typ, kid } = JSON.parse(Buffer.from(head, 'base64url'))
  const claims = JSON.parse(Buffer.from(body, 'base64url'))
  const isSigned = alg === 'ES256' && typ === 'at+jwt' && kid === twin.kid &&
    verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'))
  if (!isSigned || claims.iss !== twin.issuer || claims.aud !== twin.audience) throw new Refusal(401, 'invalid-token')
  claims.scopes = new Set(claims.scope.split(' '))
  return claims
}

function principalOf (request, scope) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ')
  if (scheme !== 'Bearer' || !token) throw new Refusal(401, 'unauthenticated')
  let claims = verified.get(token)
  if (!claims) {
    claims = check(token)
    if (verified.size >= 4096) verified.clear()
    verified.set(token, claims)
  }
  if (claims.exp < Date.now() / 1000) throw new Refusal(401, 'invalid-token')
  if (!claims.scopes.has(scope)) throw new Refusal(403, 'forbidden')
  return claims
}

// ---- database ----

const pool = new pg.Pool({
  host: twin.socket,
  port: 5432,
  database: twin.database,
  user: twin.user,
  options: twin.session,
  max: twin.pool / twin.workers,
  pipeline: true
})

const contextStatement = 'select ' + twin.settings.map((name, i) => `set_config('${name}', $${i + 1}, true)`).join(', ')
const scopeSlots = { 2: 'scope_province', 4: 'scope_city', 6: 'scope_county' }

function context (claims, operation, writes, request) {
  const values = {
    'anze.actor': claims.sub,
    'anze.on_behalf_of': claims.anze_unit ?? '',
    'anze.client': claims.client_id,
    'anze.unit': claims.anze_unit ?? '',
    'anze.reach': claims.anze_region ? 'region' : 'unit',
    'anze.region': claims.anze_region ?? '',
    'anze.sectors': '',
    'anze.scopes': claims.scope,
    'anze.operation': operation,
    'anze.request': request.id,
    'anze.trace': '',
    transaction_read_only: writes ? 'off' : 'on'
  }
  return { name: 'context', text: contextStatement, values: twin.settings.map(name => values[name]) }
}

function callerSlots (claims) {
  return claims.anze_region
    ? { [scopeSlots[claims.anze_region.length] ?? 'scope_town']: claims.anze_region }
    : { scope_unit: claims.anze_unit }
}

// The variant of the statement that these values call for, as a named prepared statement.
function statement (operation, values) {
  const { conditions, variants } = twin.operations[operation]
  const bits = conditions.map(({ name, text }) => text === null ? name in values : String(values[name]) === text)
  const name = bits.map(Number).join('')
  const { sql, slots } = variants[name]
  return { name: operation + name, text: sql, values: slots.map(slot => values[slot] ?? null) }
}

async function inTransaction (queries) {
  const client = await pool.connect()
  const sent = ['begin', ...queries, 'commit'].map(query => client.query(query))
  try {
    const results = await Promise.all(sent)
    return results[results.length - 2].rows[0]
  } finally {
    await Promise.allSettled(sent)
    client.release()
  }
}

async function run (request, claims, operation, given, writes = false) {
  const values = { ...callerSlots(claims), ...given, actor: claims.sub, language: 'zh' }
  const main = statement(operation, values)
  const row = twin.context
    ? await inTransaction([
      context(claims, operation, writes, request),
      ...(writes ? [{ name: 'claim', text: twin.claim, values: [values.idempotency_key, values.request_hash] }] : []),
      main])
    : (await pool.query(main)).rows[0]
  if (!row) throw new Refusal(404, 'not-found')
  return row
}

// ---- API ----

const app = Fastify({ logger: false })
const ajv = addFormats(new Ajv({ strict: false, coerceTypes: 'array', useDefaults: true, allErrors: false }))
ajv.addFormat('credit-code', /^[0-9A-HJ-NP-RTUWXY]{18}$/).addFormat('plain-text', true)
ajv.addSchema(contract, 'contract')
app.setValidatorCompiler(({ schema }) => ajv.compile(schema))

app.setErrorHandler((error, request, reply) => {
  const status = error.status ?? (error.validation ? 422 : error.code?.startsWith('AZ') ? 409 : 500)
  if (status === 500) console.error(error)
  const code = status === 500 ? 'internal' : error.message
  reply.code(status).type('application/problem+json').send({ status, code })
})

const inContract = schema => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"contract#/'))
const parametersIn = (path, method, place) => {
  const parameters = (contract.paths[path][method].parameters ?? [])
    .map(p => p.$ref ? contract.components.parameters[p.$ref.split('/').pop()] : p)
    .filter(p => p.in === place)
  return inContract({
    type: 'object',
    additionalProperties: place === 'header',
    required: parameters.filter(p => p.required).map(p => place === 'header' ? p.name.toLowerCase() : p.name),
    properties: Object.fromEntries(parameters.map(p => [place === 'header' ? p.name.toLowerCase() : p.name, p.schema]))
  })
}
const json = 'application/json; charset=utf-8'
const signature = text => createHmac('sha256', twin.cursorKey).update(text).digest('base64url')

app.get('/readyz', async () => {
  await pool.query('select 1')
  return { status: 'pass' }
})

app.get('/v1/accidents/:accident_id', {
  schema: { params: parametersIn('/v1/accidents/{accident_id}', 'get', 'path') }
}, async (request, reply) => {
  const claims = principalOf(request, 'accidents:read')
  const row = await run(request, claims, 'getAccident', request.params)
  reply.header('etag', `"${row.etag}"`).header('cache-control', 'private, no-cache').type(json)
  return row.body
})

app.get('/v1/accidents', {
  schema: { querystring: parametersIn('/v1/accidents', 'get', 'query') }
}, async (request, reply) => {
  const claims = principalOf(request, 'accidents:read')
  const row = await run(request, claims, 'listAccidents', request.query)
  const next = row.next === null
    ? 'null'
    : `"${Buffer.from(row.next).toString('base64url')}.${signature(row.next)}"`
  reply.header('cache-control', 'private, no-cache').type(json)
  return `{"items":${row.items},"page":{"limit":${request.query.limit},"next":${next}}}`
})

app.post('/v1/accidents', {
  schema: {
    body: inContract(contract.paths['/v1/accidents'].post.requestBody.content['application/json'].schema),
    headers: parametersIn('/v1/accidents', 'post', 'header')
  }
}, async (request, reply) => {
  const claims = principalOf(request, 'accidents:report')
  const body = JSON.stringify(request.body)
  const row = await run(request, claims, 'fileAccident', {
    body,
    idempotency_key: request.headers['idempotency-key'],
    request_hash: createHash('sha256').update(request.url).update(body).digest('hex')
  }, true)
  reply.code(Number(row.status)).header('etag', `"${row.etag}"`).header('location', row.location).type(json)
  return row.body
})

if (cluster.isPrimary && twin.workers > 1) {
  for (let i = 0; i < twin.workers; i++) cluster.fork()
  process.on('SIGTERM', () => cluster.disconnect(() => process.exit(0)))
} else {
  await app.listen({ host: '127.0.0.1', port: twin.port })
  process.on('SIGTERM', () => process.exit(0))
}
