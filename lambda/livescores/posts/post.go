package posts

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
)

// NewClient makes a client of the management API at endpoint.
func NewClient(cfg aws.Config, endpoint string) *apigatewaymanagementapi.Client {
	return apigatewaymanagementapi.NewFromConfig(cfg, func(o *apigatewaymanagementapi.Options) {
		o.BaseEndpoint = &endpoint
		// What failed has its turn again among all others, and why it failed is
		// to be told.
		o.Retryer = aws.NopRetryer{}
		o.HTTPClient = newHTTPClient()
	})
}

// newHTTPClient keeps a connection to API Gateway for each post that may be under
// way: with the two that are the default, most posts would make one of their own.
func newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 3 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        atOnce,
		MaxIdleConnsPerHost: atOnce,
		MaxConnsPerHost:     atOnce,
		IdleConnTimeout:     90 * time.Second,
	}}
}

// result is what became of an attempt to post.
type result int

const (
	hopeless  result = iota // another attempt would end alike
	sent                    // to API Gateway, which has it for the connection
	gone                    // the connection has ended
	forbidden               // and so will be all other posts
	throttled               // of the account's quota nothing is left
	failed                  // no answer, or one that may be another next time
)

// attempt posts once. The status decides and not the error's code, which is
// missing where the body of the answer is.
func (w *Worker) attempt(ctx context.Context, connection string, message []byte) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, w.times.attempt)
	defer cancel()
	_, err := w.client.PostToConnection(ctx, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &connection, Data: message})
	if err == nil {
		return sent, nil
	}
	status := 0
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	switch {
	case status == http.StatusGone:
		return gone, err
	case status == http.StatusForbidden:
		return forbidden, err
	case status == http.StatusTooManyRequests:
		return throttled, err
	case status == 0, status >= http.StatusInternalServerError:
		return failed, err
	}
	return hopeless, err
}
