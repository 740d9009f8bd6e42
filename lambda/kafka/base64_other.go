//go:build !amd64

package kafka

import "github.com/segmentio/asm/base64"

// decodeGroups decodes whole groups of four in place by vector code on arm64, and
// by encoding/base64 elsewhere. Where these skip line breaks or take padding, n is
// short.
//
// It is not the package of amd64, because that one's code for arm64 takes bytes
// from 0x80 on for an 'A'.
func decodeGroups(p []byte) (n int, ok bool) {
	n, err := base64.StdEncoding.Decode(p, p)
	return n, err == nil && n == len(p)/4*3
}

// vectorFrom is from what length on calling the vector code pays.
const vectorFrom = 48
