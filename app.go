// The app deploys one consumer, configured by CDK context. See README.md.
package main

import (
	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
)

func main() { msklambda.Main(nil, mskapp.Define) }
