// Serves DynamoDB's API on a free port of loopback, and ends when its input does.
const { createRequire } = require('module')
const dynalite = createRequire(process.argv[2] + '/')('dynalite')
const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
// Whoever asks may be killed in the middle of it, on which dynalite throws: that is no
// reason to end.
server.on('request', (request) => request.removeAllListeners('error').on('error', () => {}))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit()).resume()
