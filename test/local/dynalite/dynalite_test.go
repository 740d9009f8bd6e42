package dynalite

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// A function that is killed ends in the middle of what it asks for, and the table
// is there for the others.
func TestARequestThatEndsInTheMiddleIsNotTheEnd(t *testing.T) {
	s, table := ForTest(t)
	for range 3 {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.Endpoint, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: table\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		// An answer to another shows that it has begun to read this.
		if _, err := s.Client().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table}); err != nil {
			t.Fatal(err)
		}
		c.Close()
		if _, err := s.Client().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table}); err != nil {
			t.Fatalf("the table after a request that was aborted: %v", err)
		}
	}
}
