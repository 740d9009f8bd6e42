package gate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const dateForm = "20060102T150405Z"

// check checks what a client signed: that AWS' signer, with the secret key, signs the
// same in the same way.
func (g *Gate) check(text []byte) error {
	var said map[string]string
	if err := json.Unmarshal(text, &said); err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	scope := strings.Split(said["x-amz-credential"], "/")
	at, err := time.Parse(dateForm, said["x-amz-date"])
	switch {
	case len(scope) != 5 || err != nil:
		return errors.New("a credential or date that is none")
	case said["action"] != "kafka-cluster:Connect" || said["host"] != "127.0.0.1":
		return fmt.Errorf("action %q on host %q", said["action"], said["host"])
	case scope[2] != g.Region || scope[3] != "kafka-cluster":
		return fmt.Errorf("a signature for %s in %s", scope[3], scope[2])
	case time.Since(at).Abs() > 15*time.Minute:
		return fmt.Errorf("a signature of %s", at)
	}
	g.mu.Lock()
	keys := g.keys
	g.mu.Unlock()
	for _, key := range keys {
		if key.ID != scope[0] {
			continue
		}
		if said["x-amz-security-token"] != key.Token {
			return errors.New("another session token")
		}
		want, err := sign(key, g.Region, said["host"], said["x-amz-expires"], at)
		if err != nil {
			return err
		}
		if want != said["x-amz-signature"] {
			return errors.New("a bad signature")
		}
		return nil
	}
	return fmt.Errorf("the unknown key %s", scope[0])
}

func sign(key Key, region, host, expires string, at time.Time) (string, error) {
	query := url.Values{"Action": {"kafka-cluster:Connect"}, "X-Amz-Expires": {expires}}
	req, err := http.NewRequest(http.MethodGet, "https://"+host+"/?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	empty := sha256.Sum256(nil)
	signed, _, err := v4.NewSigner().PresignHTTP(context.Background(),
		aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Token},
		req, hex.EncodeToString(empty[:]), "kafka-cluster", region, at)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(signed)
	if err != nil {
		return "", err
	}
	return u.Query().Get("X-Amz-Signature"), nil
}
