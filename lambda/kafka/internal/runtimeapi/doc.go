// Package runtimeapi is a client of the Lambda Runtime API: it asks for
// invocations, hands them to a handler and sends back what comes of them.
//
// It does what package lambda of aws-lambda-go v1.55.1 does with a handler of
// bytes, as far as a function, Lambda or a reader of logs can see: the tests run
// both over the same Runtime API and compare. What it does not have is what such
// a handler does not need: decoding and encoding of JSON, streamed responses, the
// RPC mode of the go1.x runtime.
//
// It is there because it is cheaper. It keeps one connection and one buffer for
// each invocation that can run at once, and speaks the little of HTTP/1.1 that
// the Runtime API takes, so that net/http is not in the bundle.
package runtimeapi
