package kafka

import "github.com/emmansun/base64"

// decodeGroups decodes whole groups of four in place by vector code. Where that
// skips line breaks or takes padding, as encoding/base64 does, n is short.
func decodeGroups(p []byte) (n int, ok bool) {
	n, err := base64.StdEncoding.Decode(p, p)
	return n, err == nil && n == len(p)/4*3
}

// vectorFrom is from what length on calling the vector code pays.
const vectorFrom = 32
