// Evaluates IAM requests for test/iam_test.go: one JSON object on each line of
// standard input, {policies, cases}, is answered by one array of results. The
// evaluator is loaded from the directory given, where npm installed it.
'use strict'

const { createRequire } = require('node:module')
const { createInterface } = require('node:readline')
const path = require('node:path')

const load = createRequire(path.join(process.argv[2], 'x'))
const { runSimulation, isWildcardOnlyAction } = load('@cloud-copilot/iam-simulate')
const { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy } = load('@cloud-copilot/iam-policy')

// Which types of resource an ARN can be takes most of an evaluation, and is asked
// for the same ARN by request after request: it is remembered.
const types = load(path.join(path.dirname(load.resolve('@cloud-copilot/iam-utils')), 'resourceTypes.js'))
const { mostSpecificMatchingResourceTypePatterns } = types
const known = new Map()
types.mostSpecificMatchingResourceTypePatterns = (resource, patterns) => {
  const key = JSON.stringify([resource, patterns])
  if (!known.has(key)) known.set(key, mostSpecificMatchingResourceTypePatterns(resource, patterns))
  return known.get(key)
}

// AWS's own default for a key: it leaves the decision to the policies of the
// account. Without a key policy nobody may use a key, whatever the role says.
const keyPolicy = (account) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
})

async function evaluate(policies, c) {
  const [service, action] = c.action.split(':')
  const resourcePolicy = c.resourcePolicy ? policies.resource[c.resourcePolicy] : service === 'kms' ? keyPolicy(c.account) : undefined
  const run = await runSimulation({
    request: {
      principal: c.principal,
      action: c.action,
      resource: { resource: c.resource, accountId: c.account },
      contextVariables: c.context ?? {},
    },
    identityPolicies: c.policy ? [{ name: c.policy, policy: policies.identity[c.policy] }] : [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy,
  }, {})
  if (run.resultType === 'error') return { error: JSON.stringify(run.errors) }
  const ignored = run.result?.ignoredContextKeys ?? []
  if (ignored.length > 0) return { error: `context keys that ${c.action} does not know: ${ignored}` }
  return { result: run.overallResult, wildcardOnly: await isWildcardOnlyAction(service, action) }
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { policies, cases } = JSON.parse(line)
    // Once for each policy and not for each request. What is wrong with one is
    // still the result of every request that it is used for.
    const use = (name) => new Set(cases.map((c) => c[name]).filter(Boolean))
    const validate = (name, fn) => Object.fromEntries([...use(name)].map((p) => [p, createValidatedPolicy(policies[p], fn)]))
    const validated = { identity: validate('policy', validateIdentityPolicy), resource: validate('resourcePolicy', validateResourcePolicy) }
    const out = []
    for (const c of cases) out.push(await evaluate(validated, c))
    process.stdout.write(JSON.stringify(out) + '\n')
  }
}

main()
