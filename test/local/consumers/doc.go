// Package consumers runs whole functions as they would be deployed, by their own binaries, over
// a broker, a poller and a Lambda Runtime API: what reads formats of registries,
// what charges orders once by keys, and what does so by marks of partitions. It
// has tests only.
package consumers
