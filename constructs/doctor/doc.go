// Package doctor says why an event source mapping of an MSK topic does not work: any
// of an account, whoever made it. [Facts] are what the account has, each known or
// not, and [Diagnose] walks them, hop by hop, with the model of networks that synth
// is tested with: package network/flow. It asks nobody and changes nothing; package
// account, below this one, reads the facts.
//
// A verdict holds for what is read. What is not known is never taken for right or
// for wrong: a network is walked twice, once with all that is not known open and once
// with it closed, and where the two disagree the hop is not known.
package doctor
