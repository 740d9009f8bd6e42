package account

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Object is one of S3, by its key, nil where there is none.
func (a *Account) Object(key string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	for path, object := range a.objects {
		if strings.HasSuffix(path, "/"+key) {
			return object
		}
	}
	return nil
}

// ForgetObjects empties the buckets.
func (a *Account) ForgetObjects() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.objects = map[string][]byte{}
}

// s3 keeps objects by their path, which has the bucket first. The CLI sends large ones
// in parts.
func (a *Account) s3(w http.ResponseWriter, r *http.Request, body []byte) {
	query := r.URL.Query()
	w.Header().Set("Content-Type", "application/xml")
	switch {
	case query.Has("location"):
		io.WriteString(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+a.Region+`</LocationConstraint>`)
	case query.Has("encryption"):
		io.WriteString(w, `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`)
	case query.Has("list-type"):
		bucket, prefix := strings.Trim(r.URL.Path, "/"), query.Get("prefix")
		var found string
		for path := range a.objects {
			if key, ok := strings.CutPrefix(path, "/"+bucket+"/"); ok && strings.HasPrefix(key, prefix) {
				found += "<Contents><Key>" + escape(key) + "</Key><Size>1</Size></Contents>"
			}
		}
		io.WriteString(w, "<ListBucketResult>"+found+"</ListBucketResult>")
	case query.Has("uploads"):
		io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
	case query.Has("partNumber"):
		number, _ := strconv.Atoi(query.Get("partNumber"))
		a.parts[fmt.Sprintf("%s %05d", r.URL.Path, number)] = unchunked(r, body)
		w.Header().Set("ETag", `"1"`)
	case query.Has("uploadId"):
		a.objects[r.URL.Path] = nil
		for _, part := range slices.Sorted(maps.Keys(a.parts)) {
			if strings.HasPrefix(part, r.URL.Path+" ") {
				a.objects[r.URL.Path] = append(a.objects[r.URL.Path], a.parts[part]...)
				delete(a.parts, part)
			}
		}
		io.WriteString(w, "<CompleteMultipartUploadResult><Key>"+escape(r.URL.Path)+"</Key></CompleteMultipartUploadResult>")
	case r.Method == http.MethodPut:
		a.objects[r.URL.Path] = unchunked(r, body)
	case a.objects[r.URL.Path] == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write(a.objects[r.URL.Path])
	}
}

// unchunked is the body without the frames of aws-chunked, which the SDK sends to
// add a checksum at the end.
func unchunked(r *http.Request, body []byte) []byte {
	if !strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") && !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return body
	}
	var out []byte
	for {
		line, rest, ok := strings.Cut(string(body), "\r\n")
		size, _, _ := strings.Cut(line, ";")
		var n int
		if _, err := fmt.Sscanf(size, "%x", &n); !ok || err != nil || n == 0 || len(rest) < n {
			return out
		}
		out = append(out, rest[:n]...)
		body = []byte(strings.TrimPrefix(rest[n:], "\r\n"))
	}
}
