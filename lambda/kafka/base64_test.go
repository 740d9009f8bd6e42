package kafka

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// Every byte in every place, at lengths on both sides of each step of the vector
// code: whatever encoding/base64 does not take, decodeBase64 does not take
// either, nor line breaks, and what it takes it decodes the same.
func TestBase64IsEncodingBase64WithoutLineBreaks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for size := range 120 {
		value := make([]byte, size)
		for i := range value {
			value[i] = byte(rnd.Uint32())
		}
		text := []byte(base64.StdEncoding.EncodeToString(value))
		check(t, text)
		for i := range text {
			for c := range 256 {
				mutated := bytes.Clone(text)
				mutated[i] = byte(c)
				check(t, mutated)
			}
			check(t, text[:i])
			for _, more := range []string{"\n\n\n\n", "\r\n\r\n", "=", "==", "====", "AA==", "A"} {
				check(t, append(append(bytes.Clone(text[:i]), more...), text[i:]...))
			}
		}
	}
}

func FuzzBase64(f *testing.F) {
	for _, size := range []int{0, 1, 2, 3, 30, 60, 120, 500} {
		f.Add(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, size)), uint16(size), byte('-'))
	}
	f.Fuzz(func(t *testing.T, text string, at uint16, c byte) {
		check(t, []byte(text))
		// Nearly right, which bytes mutated at random seldom are.
		right := []byte(base64.StdEncoding.EncodeToString([]byte(text)))
		check(t, right)
		if len(right) > 0 {
			right[int(at)%len(right)] = c
			check(t, right)
		}
	})
}

func check(t *testing.T, text []byte) {
	t.Helper()
	want := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(want, text)
	wantOK := err == nil && !bytes.ContainsAny(text, "\r\n")
	p := append(bytes.Clone(text), "behind"...)
	got, ok := decodeBase64(p[:len(text):len(text)])
	if ok != wantOK {
		t.Fatalf("decodeBase64(%q) ok = %v, want %v", text, ok, wantOK)
	}
	if ok && !bytes.Equal(p[:got], want[:n]) {
		t.Fatalf("decodeBase64(%q) = %q, want %q", text, p[:got], want[:n])
	}
	if string(p[len(text):]) != "behind" {
		t.Fatalf("decodeBase64(%q) wrote behind it: %q", text, p[len(text):])
	}
	if !ok {
		if i := badBase64(p[:len(text)], got); i > len(text) {
			t.Fatalf("badBase64(%q) = %d, want %d at most", text, i, len(text))
		}
	}
}
