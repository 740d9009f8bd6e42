// Serves the APIs of SQS and S3 on a free port of loopback, and ends when its input
// does. Node before 22.5 has no node:sqlite, which fauxqs needs only to keep its state
// on disk: there a stub stands in its place.
import { builtinModules, register } from 'node:module'
if (!builtinModules.includes('sqlite') && !builtinModules.includes('node:sqlite')) {
  register('data:text/javascript,' + encodeURIComponent(`
    const stub = 'data:text/javascript,export class DatabaseSync {}'
    export const resolve = (name, context, next) => name === 'node:sqlite' ? { url: stub, shortCircuit: true } : next(name, context)`))
}
const { startFauxqs } = await import('fauxqs')
const server = await startFauxqs({ port: 0, logger: false })
console.log(server.port)
process.stdin.on('end', () => process.exit()).resume()
