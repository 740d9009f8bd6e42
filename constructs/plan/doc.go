// Package plan says in words what a stack of this library does, and what a deploy
// would do to one that is there: which consumers read what as which group, whose
// endpoints come and go and who loses them, which rules and rights are added, what
// it costs, and what CloudFormation or Lambda would refuse half-way.
//
// It reads synthesized templates as they are, and asks nobody: [Load] takes an
// assembly (a cdk.out), [Describe] says what it is, and [Compare] what becomes of
// an earlier one. The package imports neither CDK nor jsii. Command mskplan, below
// this one, is the same for a shell.
package plan
