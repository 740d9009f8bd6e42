// Package examples is four consumers as one would write them, each a program with
// its tests: upserts into PostgreSQL, values in Avro and Protobuf, payments that are
// made once, and records that are enriched and produced to another topic in order.
package examples
