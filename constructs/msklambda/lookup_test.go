package msklambda

import (
	"reflect"
	"strings"
	"testing"
)

// None of these tests starts Node.

func TestLookupPropsHaveEveryAttributeOfACluster(t *testing.T) {
	given := &LookupProps{}
	v := reflect.ValueOf(given).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x" + v.Type().Field(i).Name)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			if f.Type().Elem().Kind() != reflect.String {
				f.Set(reflect.MakeSlice(f.Type(), 1, 1))
				continue
			}
			f.Set(reflect.ValueOf([]string{v.Type().Field(i).Name}))
		case reflect.Struct:
			f.Set(reflect.ValueOf(Endpoint{ID: v.Type().Field(i).Name}))
		}
	}
	attributes := reflect.ValueOf(given.attributes())
	for i := range attributes.NumField() {
		name := attributes.Type().Field(i).Name
		if name == "VPCConnectionARN" {
			continue // is for a cluster that cannot be looked up from here
		}
		if f := v.FieldByName(name); !f.IsValid() || !reflect.DeepEqual(f.Interface(), attributes.Field(i).Interface()) {
			t.Errorf("%s = %v, want what LookupProps has", name, attributes.Field(i))
		}
	}
}

func TestLookupPropsAreRefusedByFieldName(t *testing.T) {
	good := goodCluster().ClusterARN
	tests := map[string]struct {
		props *LookupProps
		want  []string
	}{
		"ARN alone":      {&LookupProps{ClusterARN: good}, nil},
		"nil":            {nil, []string{"ClusterARN is required: the ARN of the MSK cluster"}},
		"token ARN":      {&LookupProps{ClusterARN: token}, []string{"ClusterARN must be known at synth to be looked up: a token is for ImportCluster"}},
		"token ids":      {&LookupProps{ClusterARN: good, VPCID: token, SubnetIDs: []string{token}, SecurityGroupIDs: []string{token}}, []string{"VPCID must be known", "SubnetIDs must be known", "SecurityGroupIDs must be known"}},
		"several":        {&LookupProps{ClusterARN: "arn", VPCID: "vpc-1", EndpointAccess: "all"}, []string{"ClusterARN must be", "VPCID must be an id", "EndpointAccess must be"}},
		"VPC connection": {&LookupProps{ClusterARN: strings.Replace(good, ":cluster/", ":vpc-connection/", 1)}, []string{"ClusterARN must be the ARN of an MSK cluster"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.props.Validate()
			if err == nil {
				if tt.want != nil {
					t.Errorf("Validate = nil, want %q", tt.want)
				}
				return
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Errorf("Validate = %q, want %q", lines, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Validate = %v, want %q in it", err, want)
				}
			}
		})
	}
}
