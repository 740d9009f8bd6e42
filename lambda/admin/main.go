// Command admin is the admin function: it talks to the brokers of an MSK cluster from
// inside of its VPC, for the client msklambda/lambda/admin/mskadmin. See docs/admin.md.
package main

import "msklambda/lambda/admin/function"

func main() { function.Start() }
