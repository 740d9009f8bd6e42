package kafka

import "github.com/segmentio/asm/base64"

// decodeBase64 decodes p in place, padded standard base64, and returns how many
// bytes it wrote; ok is false when p is malformed, and then its content is
// undefined from the start.
//
// As encoding/base64 it lets the unused bits of the last character be
// anything: the key in the AWS documentation's sample event has such bits.
// Unlike encoding/base64, which the vector code leaves the end to, it takes no
// line breaks: with some of them skipped n is short by three for each four.
func decodeBase64(p []byte) (n int, ok bool) {
	if len(p)%4 != 0 {
		return 0, false
	}
	size := len(p) / 4 * 3
	if len(p) > 0 && p[len(p)-1] == '=' {
		size--
		if p[len(p)-2] == '=' {
			size--
		}
	}
	n, err := base64.StdEncoding.Decode(p, p)
	return n, err == nil && n == size
}

// badBase64 returns where p, of which decodeBase64 has decoded n bytes, is
// malformed: the first byte that does not belong, or the end. What has been
// overwritten lies before the group of four that it starts from.
func badBase64(p []byte, n int) int {
	i := min(n/3*4, len(p))
	for i < len(p) && isBase64(p[i]) {
		i++
	}
	return i
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}
