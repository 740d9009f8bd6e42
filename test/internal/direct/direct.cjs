// Runs jsii's kernel on standard input and output, without the process that
// otherwise copies each request and each answer between those and descriptor 3.
const fs = require('fs');
const { readSync, writeSync } = fs;
const kernel = 3;

fs.readSync = (fd, ...rest) => readSync(fd === kernel ? 0 : fd, ...rest);
fs.writeSync = (fd, ...rest) => writeSync(fd === kernel ? 1 : fd, ...rest);
// What an app prints must not stand between the answers.
process.stdout.write = process.stderr.write.bind(process.stderr);

require(process.argv[2]);
