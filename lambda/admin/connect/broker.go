package connect

import (
	"fmt"
	"net"
	"strings"
)

// CheckBroker refuses what is no broker of MSK in a region: who signs for a host that
// somebody names gives that host what it could get in with.
func CheckBroker(address, region string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return fmt.Errorf("a broker must be host:port, got %q", address)
	}
	for _, service := range []string{"kafka", "kafka-serverless"} {
		for _, domain := range []string{"amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"} {
			if strings.HasSuffix(host, "."+service+"."+region+"."+domain) {
				return nil
			}
		}
	}
	return fmt.Errorf("a broker must be of MSK in %s, as *.kafka.%s.amazonaws.com:9098 is, got %q", region, region, address)
}
