package msklambda

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func number(n *int) *float64 {
	if n == nil {
		return nil
	}
	return jsii.Number(*n)
}

func seconds(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

func stringMap(m map[string]string) *map[string]*string {
	if m == nil {
		return nil
	}
	out := make(map[string]*string, len(m))
	for key, value := range m {
		out[key] = &value
	}
	return &out
}
