package runtimeapi

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
)

const extensions = "/2020-01-01/extension/"

// enableSIGTERM calls the functions when the process gets SIGTERM, and makes
// Lambda send it.
//
// Lambda kills a function without a signal unless an extension is registered, and
// one of the function's own will do. It registers for no events, so that the
// request for the next event, by which it says that it is ready, is never
// answered.
func enableSIGTERM(address string, onSIGTERM []func()) {
	signaled := make(chan os.Signal, 1)
	signal.Notify(signaled, syscall.SIGTERM)
	go func() {
		<-signaled
		for _, f := range onSIGTERM {
			f()
		}
	}()
	if address == "" {
		log.Printf("WARNING! %s environment variable not found. Skipping attempt to register internal extension...", addressEnv)
		return
	}
	c := newConn(address)
	id, err := register(c)
	if err != nil {
		log.Printf("WARNING! Failed to register internal extension! SIGTERM events may not be enabled! err: %v", err)
		return
	}
	go func() {
		_, err := c.do(request{method: "GET", path: extensions + "event/next", extension: "Lambda-Extension-Identifier: " + id}, nil)
		log.Printf("WARNING! Reached expected unreachable code! Extension /next call expected to block forever! err: %v", err)
	}()
}

// register makes this process an extension and returns the extension's id.
func register(c *conn) (id string, err error) {
	r, err := c.do(request{
		method:    "POST",
		path:      extensions + "register",
		extension: "Lambda-Extension-Name: GoLangEnableSIGTERM",
		body:      []byte(`{"events":null}`),
	}, nil)
	if err != nil {
		return "", fmt.Errorf("failed to register extension: %w", err)
	}
	if r.status != 200 {
		return "", fmt.Errorf("failed to register extension, got response status: %d %s", r.status, r.reason)
	}
	return r.header[extensionID], nil
}
