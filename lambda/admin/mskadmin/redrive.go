package main

import (
	"context"
	"flag"
)

func redriveBatches(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (bool, error) {
	return false, usage("later")
}
