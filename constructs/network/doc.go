// Package network plans what the pollers of an MSK cluster need of its VPC, before
// anything is defined: which interface endpoints to define or to use, who may use
// them, and which rules to add to the cluster's security groups.
//
// What is wanted ([Choices], and the [Needs] of one consumer after another) and
// what is there ([Facts]) come in as plain data, and a [Step] for each consumer
// comes out. A plan only grows: what an earlier consumer was given is never taken
// back. The package imports neither CDK nor jsii, and asks nobody: what it would
// have to know, [Network.Asks] says.
//
// Package flow, below this one, walks a network as it is. It shares no code with
// this package, so that its tests can say whether a plan is right.
package network
